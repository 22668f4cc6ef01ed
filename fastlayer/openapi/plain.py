"""Plain JSON values without nulls, from anything a user may have written into a document. Knows only values."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from ..encoders import jsonable_encoder

_SCALARS = frozenset({int, float, bool, type(None)})
_NOTHING: Mapping[str, str] = MappingProxyType({})


def plain(value: Any, renames: Mapping[str, str] = _NOTHING) -> Any:
    """The value as JSON: dicts lose their None entries, strings found in `renames` are replaced, the rest is encoded.

    A document says that something is absent by leaving it out, so `default: null` and the like never appear.
    """
    kind = type(value)
    if kind is str:
        return renames.get(value, value)
    if kind is dict:
        return {  # most of a document are strings in dicts: one call less for each
            key: renames.get(item, item) if type(item) is str else plain(item, renames)
            for key, item in value.items()
            if item is not None
        }
    if kind is list:
        return [plain(item, renames) for item in value]
    if kind in _SCALARS:
        return value
    return plain(jsonable_encoder(value, by_alias=True, exclude_none=True), renames)
