"""What must not be repeated to anyone: the values of secret fields, wherever they stand in an input that is echoed."""

from collections.abc import Iterable, Iterator
from dataclasses import is_dataclass
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from pydantic import AliasChoices, AliasPath, BaseModel, Secret, SecretBytes, SecretStr
from pydantic.fields import FieldInfo
from typing_extensions import is_typeddict

from .error_lists import Errors
from .fields import ModelField, is_class, unwrapped

MASK = "**********"

_SECRETS = (SecretStr, SecretBytes, Secret)


def secret_names(fields: Iterable[ModelField]) -> frozenset[str]:
    """The names, on the wire and in Python, of all secret fields that these fields contain, at any depth."""
    found: set[str] = set()
    seen: set[Any] = set()
    for field in fields:
        if _is_secret(field.field_info.annotation):
            found |= {field.name, *_wire_names(field.field_info)}
        _collect(field.field_info.annotation, found, seen)
    return frozenset(found)


def _is_secret(annotation: Any) -> bool:
    return any(
        is_class(member, _SECRETS) or any(_is_secret(arg) for arg in get_args(member))
        for member in _alternatives(annotation)
    )


def _alternatives(annotation: Any) -> Iterator[Any]:
    """The members of a union, or the annotation alone; of JSON text, what the text holds."""
    annotation = unwrapped(annotation)
    if get_origin(annotation) in (Union, UnionType):
        for member in get_args(annotation):
            yield from _alternatives(member)
    else:
        yield annotation


def _wire_names(info: FieldInfo) -> set[str]:
    alias = info.validation_alias
    names = {info.alias} if info.alias else set()
    if isinstance(alias, str):
        names.add(alias)
    elif isinstance(alias, AliasChoices):
        names |= {str(choice.path[0]) if isinstance(choice, AliasPath) else choice for choice in alias.choices}
    elif isinstance(alias, AliasPath):
        names.add(str(alias.path[0]))
    return names


def _collect(annotation: Any, found: set[str], seen: set[Any]) -> None:
    for member in _alternatives(annotation):
        for arg in get_args(member):
            _collect(arg, found, seen)
        if not isinstance(member, type) or member in seen:
            continue
        seen.add(member)
        for name, inner, names in _members(member):
            if _is_secret(inner):
                found |= {name, *names}
            _collect(inner, found, seen)


def _members(cls: type[Any]) -> list[tuple[str, Any, set[str]]]:
    """The attributes of a structured type: name, annotation, names on the wire."""
    if issubclass(cls, BaseModel):
        return [(name, info.annotation, _wire_names(info)) for name, info in cls.model_fields.items()]
    described: dict[str, FieldInfo] | None = getattr(cls, "__pydantic_fields__", None)
    if described is not None:  # a Pydantic dataclass
        return [(name, info.annotation, _wire_names(info)) for name, info in described.items()]
    if is_dataclass(cls) or is_typeddict(cls):
        infos = {name: FieldInfo.from_annotation(hint) for name, hint in _hints(cls).items()}
        return [(name, info.annotation, _wire_names(info)) for name, info in infos.items()]
    return []


def _hints(cls: type[Any]) -> dict[str, Any]:
    try:
        return get_type_hints(cls, include_extras=True)
    except NameError:  # a type that is only known to type checkers holds nothing Pydantic could read
        return {}


def redacted(errors: Errors, names: frozenset[str]) -> Errors:
    """The errors with every value masked that stands under one of these names."""
    if not names:
        return errors
    copies: Copies = {}
    return [_redacted_error(error, names, copies) for error in errors]


Copies = dict[int, tuple[Any, Any]]
"""What was copied, with its copy, by identity: errors of one body repeat the same objects."""


def _redacted_error(error: dict[str, Any], names: frozenset[str], copies: Copies) -> dict[str, Any]:
    if "input" not in error:
        return error
    # A body that was not taken apart, being no JSON, may hold a secret in any encoding.
    is_raw_body = tuple(error["loc"]) == ("body",) and isinstance(error["input"], (str, bytes))
    # What an absent field stands for is the object around it.
    places = error["loc"][:-1] if error["type"] == "missing" else error["loc"]
    if is_raw_body or any(part in names for part in places):
        kept = {key: value for key, value in error.items() if key != "ctx"}
        return {**kept, "input": MASK}
    return {**error, "input": mask(error["input"], names, copies)}


def mask(value: Any, names: frozenset[str], copies: Copies | None = None) -> Any:
    """A copy of the value with everything masked that stands under one of these names, at any depth.

    Text that contains a name is masked as a whole: it may be JSON that was not, or could not be, read. What `copies`
    knows already is not copied again.
    """
    known: Copies = {} if copies is None else copies
    pending: list[tuple[Any, Any]] = []

    def copy_of(original: Any) -> Any:
        if isinstance(original, (str, bytes)):
            text = original if isinstance(original, str) else original.decode("latin-1")
            return MASK if any(name in text for name in names) else original
        if not isinstance(original, (BaseModel, dict, list, tuple)):
            return original
        if id(original) not in known:
            copy: Any = [] if isinstance(original, (list, tuple)) else {}
            known[id(original)] = original, copy
            pending.append((original, copy))
        return known[id(original)][1]

    result = copy_of(value)
    while pending:  # and no recursion: bodies may be deep
        original, copy = pending.pop()
        if isinstance(copy, list):
            copy.extend(map(copy_of, original))
        else:
            copy.update((key, MASK if key in names else copy_of(inner)) for key, inner in dict(original).items())
    return result
