"""Values that Pydantic's serializer gives up on although they have JSON: data nested too deep, text that is no UTF-8.

Pydantic stops at 255 levels. Here the parts that no model describes are taken out, the rest goes through Pydantic as
ever, and the parts are put back; so are keys with lone surrogates. Knows values and one serializer; not what is done
with the result.
"""

import dataclasses
import re
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple
from uuid import uuid4

from pydantic import BaseModel

# How many levels of plain data stay where they are below a model. Whether a type describes them cannot be seen in the
# value; if one does, Pydantic refuses the gap and the next number is tried. The smallest leaves the most
# room for models inside models, which count too.
_LEVELS_KEPT = (64, 16, 250, 400)
_surrogate = re.compile(r"[\ud800-\udfff]").search
_SCALARS = frozenset({str, int, float, bool, type(None)})


def to_plain(to_python: Callable[..., Any], value: Any, **options: Any) -> Any:
    """Return what the serializer's `to_python` makes of the value in JSON mode, however deep the value is.

    Bytes that are no UTF-8 become text with backslashes (`\\xff`), in models that write bytes as text.

    Raises: ValueError, as the serializer does, where neither is the reason.
    """
    failure: ValueError | None = None
    for levels in _LEVELS_KEPT:
        cut = _Cut(levels)
        try:
            return cut.filled(to_python(cut.shallow(value), mode="json", fallback=cut.mark_of, **options))
        except ValueError as exc:
            failure = exc
        if not cut.parts:
            break
    raise failure or ValueError("cannot be serialized")


class _Gap:
    """Stands where a part was taken out. Of no type that Pydantic knows."""

    def __init__(self, mark: str) -> None:
        self.mark = mark


class _Place(NamedTuple):
    """A value in its container, and how many levels of plain data are above it."""

    container: Any
    key: Any
    level: int
    bytes_are_text: bool


class _Cut:
    """One value without the parts that stand `levels` deep in plain data."""

    def __init__(self, levels: int) -> None:
        self.levels = levels
        self.parts: dict[str, Any] = {}
        self._prefix = uuid4().hex  # no client can guess it, so no text of a client's is taken for a gap
        self._work: list[_Place] = []
        self._copies: dict[int, Any] = {}  # by identity of the original, so that a circle ends

    def shallow(self, value: Any) -> Any:
        """A copy with gaps, as far as anything is in containers this walks through."""
        holder = [value]
        self._work = [_Place(holder, 0, 0, bytes_are_text=True)]
        tuples: list[tuple[_Place, list[Any]]] = []
        while self._work:
            place = self._work.pop()
            item = place.container[place.key]
            if type(item) is tuple:
                tuples.append((place, members := list(item)))
                self._later(members, range(len(members)), place.level + 1, place.bytes_are_text)
            else:
                place.container[place.key] = self._without_parts(item, place)
        for place, members in reversed(tuples):  # the innermost were found last
            place.container[place.key] = tuple(members)
        return holder[0]

    def _later(self, container: Any, keys: Iterable[Any], level: int, bytes_are_text: bool) -> None:
        self._work += [_Place(container, key, level, bytes_are_text) for key in keys]

    def _without_parts(self, item: Any, place: _Place) -> Any:
        kind = type(item)
        if kind in _SCALARS:
            return item
        if kind is bytes:
            return item.decode(errors="backslashreplace").encode() if place.bytes_are_text else item
        if id(item) in self._copies:
            return self._copies[id(item)]
        if kind in (dict, list):
            if place.level >= self.levels and _is_plain(item):
                return _Gap(self._mark(item))
            made = self._renamed(item) if kind is dict else item.copy()
            self._later(made, list(made) if kind is dict else range(len(made)), place.level + 1, place.bytes_are_text)
        elif isinstance(item, BaseModel):
            made = BaseModel.__copy__(item)
            bytes_are_text = made.model_config.get("ser_json_bytes", "utf8") == "utf8"
            for fields in (made.__dict__, made.__pydantic_extra__ or {}):
                self._later(fields, list(fields), 0, bytes_are_text)
        elif dataclasses.is_dataclass(item) and hasattr(item, "__dict__"):
            made = object.__new__(kind)
            made.__dict__.update(item.__dict__)
            self._later(made.__dict__, list(made.__dict__), 0, bytes_are_text=True)
        else:
            return item
        self._copies[id(item)] = made
        return made

    def _renamed(self, members: dict[Any, Any]) -> dict[Any, Any]:
        return {self._mark(key) if type(key) is str and _surrogate(key) else key: item for key, item in members.items()}

    def _mark(self, part: Any) -> str:
        mark = f"{self._prefix}{len(self.parts)}"
        self.parts[mark] = part
        return mark

    def mark_of(self, value: Any) -> str:
        """What Pydantic writes in the place of a value it does not know.

        Raises: ValueError for any but a gap.
        """
        if isinstance(value, _Gap):
            return value.mark
        raise ValueError(f"Unable to serialize unknown type: {type(value).__qualname__}")

    def filled(self, plain: Any) -> Any:
        """The plain value with the parts where the gaps were."""
        if not self.parts:
            return plain
        holder = [plain]
        work: list[Any] = [holder]
        while work:
            container = work.pop()
            if type(container) is dict:
                members = {self.parts.get(key, key): item for key, item in container.items()}
                container.clear()
                container.update(members)
            for key, item in enumerate(container) if type(container) is list else list(container.items()):
                if type(item) is str:
                    container[key] = self.parts.get(item, item)
                elif type(item) in (dict, list):
                    work.append(item)
        return holder[0]


def _is_plain(value: Any) -> bool:
    """Whether there is nothing in it but what JSON has."""
    seen: set[int] = set()
    work = [value]
    while work:
        item = work.pop()
        kind = type(item)
        if kind in (dict, list):
            if id(item) in seen:
                continue
            seen.add(id(item))
            if kind is dict and not all(type(key) is str for key in item):
                return False
            work.extend(item.values() if kind is dict else item)
        elif kind not in _SCALARS:
            return False
    return True
