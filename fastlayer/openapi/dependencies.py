"""The parameters and security schemes of a whole dependency tree, flat. Knows dependants, not schemas."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import AliasChoices, AliasPath, BaseModel, TypeAdapter
from pydantic.fields import FieldInfo

from ..dependencies.callables import identity
from ..dependencies.models import Dependant
from ..fields import is_nullable, reads_json
from ..security.base import SecurityBase
from .schemas import DescribedField, SchemaMode

Place = Literal["path", "query", "header", "cookie"]
PLACES: tuple[Place, ...] = ("path", "query", "header", "cookie")


@dataclass(frozen=True)
class ModelParameter:
    """One field of a model that stands for several parameters; equal to every other one of that field."""

    model: type[BaseModel]
    name: str
    mode: SchemaMode = "validation"

    @property
    def field_info(self) -> FieldInfo:
        return self.model.model_fields[self.name]

    @property
    def alias(self) -> str:
        return self.name if self.is_read_by_name else self.field_info.alias or self.name

    @property
    def is_read_by_name(self) -> bool:
        """Whether the model does not read aliases."""
        return self.model.model_config.get("validate_by_alias") is False

    @property
    def adapter(self) -> TypeAdapter[Any]:
        annotation: Any = self.field_info.annotation
        return TypeAdapter(annotation)


@dataclass(frozen=True, slots=True)
class Parameter:
    """A value taken from `place`: under `alias` (`name` in the document), required or not, listed or not."""

    place: Place
    name: str
    alias: str
    field: DescribedField
    required: bool
    listed: bool


@dataclass(slots=True)
class FlatDependencies:
    """What a dependency tree takes from requests: parameters (by place) and security schemes with their scopes."""

    parameters: list[Parameter] = field(default_factory=list)
    security: list[tuple[SecurityBase, list[str]]] = field(default_factory=list)


def flatten(dependant: Dependant) -> FlatDependencies:
    """All parameters and schemes of the tree, a node before its dependencies, each dependency once."""
    nodes = list(_nodes(dependant, set()))
    flat = FlatDependencies()
    for place in PLACES:
        for node in nodes:
            for one in getattr(node, f"{place}_params"):
                flat.parameters.extend(_expand(place, one))
    flat.security = [(node.security_scheme, node.oauth_scopes) for node in nodes if node.security_scheme]
    return flat


def _nodes(dependant: Dependant, seen: set[Any]) -> Iterator[Dependant]:
    """The nodes depth-first; a callable asked for again with the same scopes and scope adds nothing (diamonds)."""
    yield dependant
    for child in dependant.dependencies:
        scope = None if child.scope == "request" and child.is_generator else child.scope  # the default, said
        scopes = sorted(child.oauth_scopes)
        key = (identity(child.call), scope, *(scopes if scopes and child.uses_scopes else ()))
        if key not in seen:
            seen.add(key)
            yield from _nodes(child, seen)


def _expand(place: Place, one: Any) -> Sequence[Parameter]:
    """The parameter, or those of its model's fields; where the whole model may be left out, so may each of them."""
    info = one.field_info
    dashes = place == "header" and getattr(info, "convert_underscores", True)
    model = None if reads_json(info) else _model_in(info.annotation)
    listed = getattr(info, "include_in_schema", True)
    if model is None:  # a path has all its parameters, whatever the function's defaults (OpenAPI 3.1, 4.8.12)
        return [_parameter(place, one, dashes, required=place == "path" or info.is_required(), listed=listed)]
    optional = not info.is_required() and is_nullable(info.annotation)
    parts = (ModelParameter(model, name) for name in model.model_fields)
    return [
        _parameter(place, part, dashes, required=part.field_info.is_required() and not optional, listed=listed)
        for part in parts
    ]


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """The model of `Model` or `Model | None`, else None."""
    members = [member for member in get_args(annotation) if member is not NoneType]
    if get_origin(annotation) in (Union, UnionType) and len(members) == 1:
        annotation = members[0]
    return annotation if isinstance(annotation, type) and issubclass(annotation, BaseModel) else None


def _parameter(place: Place, one: DescribedField, dashes: bool, *, required: bool, listed: bool) -> Parameter:
    by_name = isinstance(one, ModelParameter) and one.is_read_by_name
    alias = (None if by_name else _first_alias(one.field_info.validation_alias, place)) or one.alias
    name = alias.replace("_", "-") if dashes and alias == one.name else alias
    return Parameter(place, name, alias, one, required, listed)


def _first_alias(alias: str | AliasPath | AliasChoices | None, place: Place) -> str | None:
    """The name that a client would use first; none where there is a path among the choices, as in FastAPI.

    The path of a route has no choices.
    """
    if has_path(alias) or (place == "path" and isinstance(alias, AliasChoices)):
        return None
    first = alias.choices[0] if isinstance(alias, AliasChoices) else alias
    return first if isinstance(first, str) else None


def has_path(alias: str | AliasPath | AliasChoices | None) -> bool:
    """Whether one of the aliases leads into a structure, which no parameter and no field of a form has."""
    choices = alias.choices if isinstance(alias, AliasChoices) else [alias]
    return any(isinstance(choice, AliasPath) for choice in choices)
