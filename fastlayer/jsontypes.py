"""What each Python type means in JSON: the table of encoders, and `lower`, which takes a value one step closer.

Knows values only: neither how a whole structure is walked nor what a caller wishes to leave out.
"""

import dataclasses
import datetime
import sys
from collections import deque
from collections.abc import Callable
from decimal import Decimal
from enum import Enum
from ipaddress import IPv4Address, IPv4Interface, IPv4Network, IPv6Address, IPv6Interface, IPv6Network
from pathlib import Path, PurePath
from re import Pattern
from types import GeneratorType
from typing import Any
from uuid import UUID

from pydantic import BaseModel
from pydantic.networks import AnyUrl, NameEmail
from pydantic.types import SecretBytes, SecretStr
from pydantic_core import PydanticUndefinedType, Url

from fastlayer.exceptions import PydanticV1NotSupportedError

Encoder = Callable[[Any], Any]


def isoformat(o: datetime.date | datetime.time) -> str:
    """Return `o` in ISO 8601."""
    return o.isoformat()


def decimal_encoder(dec_value: Decimal) -> int | float:
    """Return an int where `dec_value` was written as one ("1", not "1.0"), else a float."""
    exponent = dec_value.as_tuple().exponent
    return int(dec_value) if isinstance(exponent, int) and exponent >= 0 else float(dec_value)


class EncoderTable(dict[type[Any], Encoder]):
    """How a type is written; programs may change it, as they may change FastAPI's.

    `native` tells whether the types orjson writes without asking still mean what orjson writes.
    """

    def __init__(self, encoders: dict[type[Any], Encoder]) -> None:
        super().__init__(encoders)
        self.native = True
        self._asked_nobody = {kind: encoders[kind] for kind in (datetime.date, datetime.datetime, datetime.time, UUID)}

    def _check(self) -> None:
        self.native = all(self.get(kind) is encoder for kind, encoder in self._asked_nobody.items())

    def __setitem__(self, kind: type[Any], encoder: Encoder) -> None:
        super().__setitem__(kind, encoder)
        self._check()

    def __delitem__(self, kind: type[Any]) -> None:
        super().__delitem__(kind)
        self._check()

    def update(self, *others: Any, **named: Any) -> None:
        super().update(*others, **named)
        self._check()

    def pop(self, *args: Any) -> Any:
        encoder = super().pop(*args)
        self._check()
        return encoder


ENCODERS_BY_TYPE = EncoderTable(
    {
        bytes: bytes.decode,
        datetime.date: isoformat,
        datetime.datetime: isoformat,
        datetime.time: isoformat,
        datetime.timedelta: datetime.timedelta.total_seconds,
        Decimal: decimal_encoder,
        Enum: lambda member: member.value,
        frozenset: list,
        deque: list,
        GeneratorType: list,
        set: list,
        IPv4Address: str,
        IPv4Interface: str,
        IPv4Network: str,
        IPv6Address: str,
        IPv6Interface: str,
        IPv6Network: str,
        NameEmail: str,
        Path: str,
        Pattern: lambda pattern: pattern.pattern,
        SecretBytes: str,
        SecretStr: str,
        UUID: str,
        Url: str,
        AnyUrl: str,
    }
)

LISTS = (list, set, frozenset, GeneratorType, tuple, deque)


def _late_encoder(obj: Any) -> Encoder | None:
    """Return the encoder of a type whose module is costly to import, and already is if there is such a value."""
    for name in ("pydantic.color", "pydantic_extra_types.color"):
        module = sys.modules.get(name)
        if module is not None and isinstance(obj, module.Color):
            return str
    v1 = sys.modules.get("pydantic.v1.main")
    if v1 is not None and isinstance(obj, v1.BaseModel):
        raise PydanticV1NotSupportedError(
            f"pydantic.v1 models cannot be encoded. Make {type(obj).__qualname__} a Pydantic 2 model: got {obj!r}."
        )
    return None


def _attributes(obj: Any) -> dict[Any, Any]:
    """Return what `dict(obj)` or else `vars(obj)` gives. Raises: ValueError when neither does."""
    try:
        return dict(obj)
    except Exception as no_dict:
        try:
            return dict(vars(obj))
        except TypeError as no_vars:
            raise ValueError([no_dict, no_vars]) from no_vars


def encoder_for(obj: Any) -> Encoder | None:
    """Return the table's encoder for the type of `obj`, or for the first type listed that it is an instance of."""
    encoder = ENCODERS_BY_TYPE.get(type(obj))
    if encoder is not None:
        return encoder
    for kind, encoder in ENCODERS_BY_TYPE.items():
        if isinstance(obj, kind):
            return encoder
    return _late_encoder(obj)


def lower(obj: Any) -> Any:
    """Return `obj`, which JSON does not know, one step closer to JSON: its parts may need another step.

    Raises: ValueError when nothing says how; whatever an encoder raises.
    """
    if isinstance(obj, BaseModel):
        return obj.model_dump(mode="json", by_alias=True)
    if dataclasses.is_dataclass(obj) and not isinstance(obj, type):
        return {field.name: getattr(obj, field.name) for field in dataclasses.fields(obj)}
    if isinstance(obj, Enum):
        return obj.value
    if isinstance(obj, PurePath):
        return str(obj)
    if isinstance(obj, float):
        return float(obj)
    if isinstance(obj, PydanticUndefinedType):
        return None
    if isinstance(obj, LISTS):
        return list(obj)
    encoder = encoder_for(obj)
    return _attributes(obj) if encoder is None else encoder(obj)
