"""What arrived at one place of a request, by name, and the value of one parameter in it.

Knows names and shapes; nothing of scopes, requests and forms.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple
from urllib.parse import unquote_plus

from pydantic import AliasChoices, AliasPath
from pydantic.fields import FieldInfo

from ..error_lists import Errors, Loc, missing
from ..fields import ModelField, is_sequence, reads_json

Received = Mapping[str, list[Any]]
"""Every name with its values, in order."""

Load = Callable[[Any], Any]
"""An uploaded file -> its bytes; anything else as it is."""


class Nothing:
    """Stands for a value that did not arrive."""

    def __repr__(self) -> str:
        return "NOTHING"


NOTHING: Any = Nothing()


class Place(NamedTuple):
    """How names and values are read at one place."""

    name: str
    select: Callable[[list[Any], bool], Any]  # the values of a name, whether all are wanted -> value or NOTHING
    lower: bool = False  # names are compared in lower case
    lists: bool = True  # a name may stand several times


def received_from(pairs: Iterable[tuple[str, Any]]) -> dict[str, list[Any]]:
    """The pairs by name."""
    grouped: dict[str, list[Any]] = {}
    for name, value in pairs:
        values = grouped.get(name)
        if values is None:
            grouped[name] = [value]
        else:
            values.append(value)
    return grouped


def decoded_pairs(text: str) -> list[tuple[str, str]]:
    """The names and values of an urlencoded text in order, blank values kept; what is no UTF-8 becomes U+FFFD."""
    split = [part.partition("=") for part in text.split("&") if part]
    if "%" in text or "+" in text:
        return [(unquote_plus(name), unquote_plus(value)) for name, _, value in split]
    return [(name, value) for name, _, value in split]


def unchanged(value: Any) -> Any:
    """The value itself."""
    return value


def one_or_all(values: list[Any]) -> Any:
    """The only value, or the list of them."""
    return values[0] if len(values) == 1 else values


def aliases_of(info: FieldInfo) -> tuple[str, ...]:
    """The plain names among the aliases a value is read by. Paths are left to Pydantic, which sees what arrived."""
    alias = info.validation_alias
    if isinstance(alias, AliasChoices):
        return tuple(choice for choice in alias.choices if isinstance(choice, str))
    if isinstance(alias, AliasPath):
        return ()
    name = alias or info.alias
    return (name,) if name else ()


def wire_names(field: ModelField) -> tuple[str, ...]:
    """The names a parameter may have on the wire, in the order they are tried. Paths are for fields of models."""
    alias = field.field_info.validation_alias
    names = aliases_of(field.field_info)
    if isinstance(alias, AliasChoices) and len(names) == len(alias.choices):
        return names
    return (field.validation_alias or field.alias,)


def has_plain_names(field: ModelField) -> bool:
    """Whether no alias of the parameter is a path into a value."""
    alias = field.field_info.validation_alias
    choices = alias.choices if isinstance(alias, AliasChoices) else [alias]
    return not any(isinstance(choice, AliasPath) for choice in choices)


def default_of(field: ModelField, loc: Loc) -> tuple[Any, Errors]:
    """The value of a parameter that did not arrive: its default, or an error."""
    if field.field_info.is_required():
        return None, [missing(loc)]
    value = field.get_default()
    return field.validate(value, loc=loc) if field.field_info.validate_default else (value, [])


def wants_all(field: ModelField, place: Place) -> bool:
    """Whether a parameter takes all values of its name."""
    return place.lists and is_sequence(field.field_info.annotation) and not reads_json(field.field_info)
