"""Python values as JSON: `jsonable_encoder`, into plain values, and `dump_json`, straight to bytes.

Owns how a structure is walked; what a type means is `jsontypes`'s. Knows no request, no response, no route.

Both share one definition, `lower`: a value JSON does not know, one step closer to JSON. `jsonable_encoder` repeats it
until plain values are left; `dump_json` hands it to orjson, and to `_write`, the exact way for what orjson does not
write as `json.dumps(jsonable_encoder(value))` would.
"""

import dataclasses
import math
import re
from collections.abc import Callable, Iterator, Mapping
from enum import Enum
from json.encoder import encode_basestring
from pathlib import PurePath
from typing import Any

import orjson
from pydantic import BaseModel
from pydantic_core import PydanticUndefinedType

from fastlayer.deep_values import to_plain
from fastlayer.jsontypes import ENCODERS_BY_TYPE as ENCODERS_BY_TYPE
from fastlayer.jsontypes import LISTS, Encoder, encoder_for, lower
from fastlayer.jsontypes import decimal_encoder as decimal_encoder
from fastlayer.jsontypes import isoformat as isoformat
from fastlayer.types import IncEx

# What orjson (3.13.0) makes of a datetime.time with 10,000 to 99,999 microseconds: it drops the leading zero, which
# makes another time. Five digits at the end of a string are nothing else's mark; where they are text it costs time.
_short_fraction = re.compile(rb'\.[0-9]{5}"').search
# Keys orjson writes otherwise than `json.dumps`: NaN and Infinity (it makes them "null"), and 1e-07 ("1e-7").
_odd_number_key = re.compile(rb'(?:"null|e-[0-9])":').search


@dataclasses.dataclass(slots=True, frozen=True)
class _Wish:
    """What the caller of `jsonable_encoder` asked for, the same at every level."""

    by_alias: bool
    exclude_unset: bool
    exclude_defaults: bool
    exclude_none: bool
    sqlalchemy_safe: bool
    custom: Mapping[Any, Encoder] | None

    def custom_for(self, obj: Any) -> Encoder | None:
        custom = self.custom or {}
        if type(obj) in custom:
            return custom[type(obj)]
        return next((encoder for kind, encoder in custom.items() if isinstance(obj, kind)), None)


def jsonable_encoder(
    obj: Any,
    include: IncEx | None = None,
    exclude: IncEx | None = None,
    by_alias: bool = True,
    exclude_unset: bool = False,
    exclude_defaults: bool = False,
    exclude_none: bool = False,
    custom_encoder: dict[Any, Callable[[Any], Any]] | None = None,
    sqlalchemy_safe: bool = True,
) -> Any:
    """Return `obj` made of what `json.dumps` takes: dicts, lists, strings, numbers, bools and None.

    `include`, `exclude`: fields, as for Pydantic's `model_dump`; on a dict its keys, on a list the fields of each item.
    `exclude_none` also drops None from dicts. `custom_encoder`: functions by type, asked first, whose results are
    taken as they are; the inside of a Pydantic model is Pydantic's. `sqlalchemy_safe` drops keys starting with "_sa".

    Raises: ValueError for a value nothing says how to encode; PydanticV1NotSupportedError for a `pydantic.v1` model.
    """
    wish = _Wish(by_alias, exclude_unset, exclude_defaults, exclude_none, sqlalchemy_safe, custom_encoder)
    return _encode(obj, include, exclude, wish)


def _encode(obj: Any, include: Any, exclude: Any, wish: _Wish) -> Any:
    if wish.custom:
        custom = wish.custom_for(obj)
        if custom is not None:
            return custom(obj)
    if isinstance(obj, BaseModel):
        return _encode_model(obj, include, exclude, wish)
    if isinstance(obj, Enum):
        return obj.value
    if obj is None or isinstance(obj, (str, int, float)):
        return obj
    if isinstance(obj, dict):
        return _encode_dict(obj, include, exclude, wish)
    if isinstance(obj, LISTS):
        return [_encode(item, include, exclude, wish) for item in obj]
    if not (dataclasses.is_dataclass(obj) or isinstance(obj, (PurePath, PydanticUndefinedType))):
        encoder = encoder_for(obj)
        # A table entry is final; attributes are encoded in turn.
        if encoder is not None:
            return encoder(obj)
    lowered = lower(obj)
    return _encode(lowered, include, exclude, wish) if isinstance(lowered, dict) else lowered


def _encode_model(obj: BaseModel, include: Any, exclude: Any, wish: _Wish) -> Any:
    dumped: Any = obj.model_dump(
        mode="json",
        include=include,
        exclude=exclude,
        by_alias=wish.by_alias,
        exclude_unset=wish.exclude_unset,
        exclude_none=wish.exclude_none,
        exclude_defaults=wish.exclude_defaults,
    )
    return _encode(dumped, None, None, dataclasses.replace(wish, custom=None))


def _encode_dict(obj: dict[Any, Any], include: Any, exclude: Any, wish: _Wish) -> dict[Any, Any]:
    keys = set(obj)
    if include is not None:
        keys &= set(include)
    if exclude is not None:
        keys -= set(exclude)
    return {
        _encode(key, None, None, wish): _encode(value, None, None, wish)
        for key, value in obj.items()
        if not (wish.sqlalchemy_safe and isinstance(key, str) and key.startswith("_sa"))
        and (value is not None or not wish.exclude_none)
        and key in keys
    }


def dump_json(value: Any) -> bytes:
    """Return `value` as UTF-8 JSON: what `jsonable_encoder` makes of it, about fifty times faster.

    Where that way fails although there is an answer, this one gives it: NaN and Infinity are null (as Pydantic writes
    them), a lone surrogate is escaped, an Enum member may hold any encodable value, nesting has no limit, and bytes
    that are no UTF-8 have backslashes. A UTC offset is written in whole minutes (RFC 3339, 5.6).

    Raises: what `jsonable_encoder` raises; TypeError for a key that cannot be one; ValueError for a circle.
    """
    if ENCODERS_BY_TYPE.native:
        try:
            body = _write_fast(value)
        except TypeError:
            # Integers beyond 64 bits, 254 levels, times with a zone, lone surrogates, generators, rare kinds of keys,
            # and real mistakes, which the exact way reports as they are.
            return _write(value)
        # Keys starting with "_sa" are SQLAlchemy's and stay at home; as a value the text costs only time. One byte is
        # found at 30 times the speed of four, quotes being everywhere: 60 of 260 us for 100 KB without underscores.
        if not (b"_" in body and b'"_sa' in body) and not (b"." in body and _short_fraction(body)):
            return body
    return _write(value)


def _write_fast(value: Any) -> bytes:
    try:
        return orjson.dumps(value, _lower_for_orjson, orjson.OPT_PASSTHROUGH_DATACLASS)
    except TypeError as error:
        if "key must be str" not in str(error):
            raise
    # Not the first choice: with this option every key costs more.
    body = orjson.dumps(value, _lower_for_orjson, orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_NON_STR_KEYS)
    if _odd_number_key(body):
        raise TypeError("has keys that only Python writes as Python does")
    return body


def _lower_for_orjson(obj: Any) -> Any:
    kind = type(obj)
    encoder = ENCODERS_BY_TYPE.get(kind)
    # Nothing may be used up here: if orjson gives up later, `_write` starts again with the same value.
    if hasattr(kind, "__next__"):
        raise TypeError("can be read only once")
    if encoder is not None:
        return encoder(obj)
    # isinstance() on a Pydantic class runs Python code: 0.4 us a value. A `model_dump` of the user's must be called.
    if BaseModel in kind.__mro__ and kind.model_dump is BaseModel.model_dump:
        return orjson.Fragment(obj.__pydantic_serializer__.to_json(obj, by_alias=True))
    return lower(obj)


def _write(value: Any) -> bytes:
    """Return what `dump_json` promises, for any value; with a stack of its own, because data may be deep."""
    parts: list[str] = []
    rows: list[Iterator[tuple[str, Any]]] = [iter([("", value)])]
    # Of each open container, innermost last: what closes it, and which object it is.
    ends: list[tuple[str, int]] = [("", 0)]
    open_ids: set[int] = set()
    while rows:
        for before, item in rows[-1]:
            parts.append(before)
            plain = _plain(item)
            if isinstance(plain, str):
                parts.append(plain)
                continue
            if id(item) in open_ids:
                raise ValueError(f"Circular reference detected: a {type(item).__qualname__} contains itself")
            open_ids.add(id(item))
            brackets = "{}" if isinstance(plain, dict) else "[]"
            parts.append(brackets[0])
            rows.append(_members(plain) if isinstance(plain, dict) else _items(plain))
            ends.append((brackets[1], id(item)))
            break
        else:
            rows.pop()
            end, which = ends.pop()
            parts.append(end)
            open_ids.discard(which)
    # A lone surrogate has no UTF-8; Python's replacement happens to be JSON's escape.
    return "".join(parts).encode("utf-8", "backslashreplace")


def _plain(value: Any) -> str | list[Any] | tuple[Any, ...] | dict[Any, Any]:
    """Return the JSON text of a scalar, or the list, tuple or dict that `value` is in JSON."""
    # Bounded, because an encoder of the program's may return what it was given.
    for _ in range(100):
        text = _scalar(value)
        if text is not None:
            return text
        if isinstance(value, (list, tuple, dict)):
            return value
        value = _closer(value)
    raise ValueError(f"An encoder for {type(value).__qualname__} does not lead to JSON")


def _closer(value: Any) -> Any:
    """Return what `lower` does, or the answer where it has none but there is one."""
    try:
        return lower(value)
    except UnicodeDecodeError:
        if not isinstance(value, bytes):
            raise
        return value.decode(errors="backslashreplace")
    except ValueError:
        if not isinstance(value, BaseModel) or type(value).model_dump is not BaseModel.model_dump:
            raise
        return to_plain(value.__pydantic_serializer__.to_python, value, by_alias=True)


def _scalar(value: Any) -> str | None:
    """Return JSON text, or None when `value` is no scalar."""
    if type(value) is str:
        return encode_basestring(value)
    if isinstance(value, (Enum, dict, list)):
        return None
    if isinstance(value, str):
        return encode_basestring(value)
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return int.__repr__(value)
    if isinstance(value, float):
        return float.__repr__(value) if math.isfinite(value) else "null"
    return None


def _items(values: list[Any] | tuple[Any, ...]) -> Iterator[tuple[str, Any]]:
    before = ""
    for value in values:
        yield before, value
        before = ","


def _members(members: dict[Any, Any]) -> Iterator[tuple[str, Any]]:
    # Keys that become equal when encoded are one member: the first one's place, the last one's value.
    plain = {_key(key): value for key, value in members.items() if not (isinstance(key, str) and key.startswith("_sa"))}
    before = ""
    for key, value in plain.items():
        yield f"{before}{encode_basestring(key if isinstance(key, str) else _key_text(key))}:", value
        before = ","


def _key(key: Any) -> Any:
    while isinstance(key, Enum) or not isinstance(key, (str, int, float, type(None))):
        if isinstance(key, (tuple, list, dict)):
            raise TypeError(f"keys must be str, int, float, bool or None, not {type(key).__qualname__}")
        key = _closer(key)
    return key


def _key_text(key: float | None) -> str:
    if isinstance(key, float) and not math.isfinite(key):
        return "NaN" if math.isnan(key) else "Infinity" if key > 0 else "-Infinity"
    return _scalar(key) or ""
