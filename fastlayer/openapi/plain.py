"""Plain JSON values without nulls, from anything a user may have written into a document. Knows only values."""

from collections.abc import Mapping
from typing import Any

from ..encoders import jsonable_encoder

_SCALARS = frozenset({int, float, bool, type(None)})


def plain(value: Any, renames: Mapping[str, str] | None = None) -> Any:
    """The value as JSON: dicts lose their None entries, strings found in `renames` are replaced, the rest is encoded.

    A document says that something is absent by leaving it out, so `default: null` and the like never appear.
    """
    kind = type(value)
    if kind is str:
        return renames.get(value, value) if renames else value
    if kind is dict:
        return {key: plain(item, renames) for key, item in value.items() if item is not None}
    if kind is list:
        return [plain(item, renames) for item in value]
    if kind in _SCALARS:
        return value
    return plain(jsonable_encoder(value, by_alias=True, exclude_none=True), renames)
