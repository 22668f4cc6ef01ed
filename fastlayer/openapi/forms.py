"""Bodies of forms that models read. On the wire their fields stand side by side with the other fields of the form.

So in the document a form is an object that has its plain fields as properties, and is at the same time (`allOf`) each
of its models; a model that may be left out is told by none of its fields being there. Knows fields and finished
definitions, not routes.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import AliasChoices, BaseModel, TypeAdapter

from .. import params
from ..body_models import body_keys, body_model, declares_json
from ..fields import ModelField
from .constants import REF_PREFIX
from .dependencies import has_path
from .schemas import FieldSchemas, JsonSchema, SchemaMode, title_of

_NULL = {"type": "null"}


@dataclass(frozen=True)
class FormGroup:
    """A parameter that is read from several fields: its models (one, or a choice), and whether None will do."""

    field: ModelField
    models: tuple[type[BaseModel], ...]
    is_nullable: bool


@dataclass(frozen=True)
class LoneForm:
    """A body that consists of one nullable group: described as a form, since an object alone cannot be left out.

    Equal to every other one of that parameter.
    """

    model_name: str
    field: ModelField
    name: str = "body"
    alias: str = "body"
    mode: SchemaMode = "validation"

    @cached_property
    def field_info(self) -> Any:
        info: Any = self.field.field_info
        return params.Form(
            annotation=body_model(self.model_name, [self.field]),
            default=... if info.is_required() else None,
            media_type=info.media_type,
            openapi_examples=info.openapi_examples,
        )

    @property
    def adapter(self) -> TypeAdapter[Any]:
        annotation: Any = self.field_info.annotation
        return TypeAdapter(annotation)


def form_groups(fields: Sequence[ModelField]) -> list[FormGroup]:
    """The groups among the parameters of a body."""
    found = []
    for field in fields:
        members = list(_members(field.field_info.annotation))
        models = tuple(member for member in members if isinstance(member, type) and issubclass(member, BaseModel))
        others = {member for member in members if member not in models}
        is_form = isinstance(field.field_info, params.Form) and not declares_json(field)
        if is_form and models and others <= {NoneType, None}:
            found.append(FormGroup(field, models, bool(others)))
    return found


def described_body(body_field: Any, fields: Sequence[ModelField], unique_id: str) -> Any:
    """What a document describes as the body: the body field, or a form around it where that is a nullable group."""
    if body_field in fields and any(group.is_nullable for group in form_groups([body_field])):
        return LoneForm(f"Body_{unique_id}", body_field)
    return body_field


def _members(annotation: Any) -> Iterator[Any]:
    """What a type is a choice of, whatever is written around it; itself if it is none."""
    origin = get_origin(annotation)
    if origin is Annotated:
        yield from _members(get_args(annotation)[0])
    elif origin in (Union, UnionType):
        for member in get_args(annotation):
            yield from _members(member)
    else:
        yield annotation


def write_form(
    body: Any, fields: Sequence[ModelField], schemas: FieldSchemas, definitions: dict[str, JsonSchema]
) -> None:
    """Rewrites the definition of a body (as `described_body` answers it) where it is a form with groups."""
    name = str(schemas[body].get("$ref")).removeprefix(REF_PREFIX)
    groups = form_groups(fields)
    if groups and body not in fields and "allOf" not in definitions.get(name, {"allOf": ()}):
        _write_form(name, groups, dict(zip(fields, body_keys(fields), strict=True)), definitions)
        plain_fields = [field for field in fields if field not in {group.field for group in groups}]
        _title_by_name(plain_fields, definitions[name].get("properties", {}))


def _title_by_name(fields: Sequence[ModelField], properties: dict[str, JsonSchema]) -> None:
    """Plain fields beside groups are titled after the parameter, not after its alias, as FastAPI's are."""
    for field in fields:
        key = field.validation_alias or field.alias
        described = properties.get(key, {})
        if "title" in described and not field.field_info.title:
            properties[key] = {**described, "title": title_of(field, name=field.name)}


def _write_form(
    name: str, groups: Sequence[FormGroup], keys: Mapping[ModelField, str], definitions: dict[str, JsonSchema]
) -> None:
    """Rewrites the definition `name` of a body, which has the groups as properties, to that of a form."""
    form = dict(definitions[name])
    properties = dict(form.pop("properties", {}))
    required = list(dict.fromkeys(form.pop("required", ())))  # parameters may share a name in the form
    parts: list[JsonSchema] = []
    for group in groups:
        key = keys[group.field]
        alias = group.field.alias if key == group.field.name else key
        if alias in properties:
            parts += _parts(group, properties.pop(alias), definitions)
            required = [one for one in required if one != alias]
    definitions[name] = {
        "allOf": parts,
        **({"properties": properties} if properties else {}),
        **form,
        **({"required": required} if required else {}),
    }


def _parts(group: FormGroup, described: JsonSchema, definitions: Mapping[str, JsonSchema]) -> list[JsonSchema]:
    """What a form is because of the group, given how the group is described as a property."""
    present = {key: value for key, value in described.items() if key != "default"}
    if "anyOf" in present:
        present["anyOf"] = [member for member in present["anyOf"] if member != _NULL]
    if "$ref" not in present:
        present.setdefault("title", title_of(group.field))
    if len(group.models) == 1:
        present = _with_all_names(present, group.models[0], definitions)
    if not group.is_nullable:
        return [present]
    if group.field.field_info.is_required():
        return [{"not": _absent(group)}, present]
    return [{"anyOf": [_absent(group), present]}]


def _absent(group: FormGroup) -> JsonSchema:
    """A form without any field of the group. A model that cares for unknown fields is there if any field is."""
    if any(model.model_config.get("extra") in ("allow", "forbid") for model in group.models):
        return {"maxProperties": 0}
    names = {name for model in group.models for names in accepted_names(model).values() for name in names}
    return {"not": {"anyOf": [{"required": [name]} for name in sorted(names)]}} if names else {}


def accepted_names(model: type[BaseModel]) -> dict[str, list[str]]:
    """For each field of a model the names it is validated by, the preferred one first.

    A field with a path among its choices of aliases goes by its own name, as in FastAPI's documents: no path is a name.
    """
    config = model.model_config
    by_alias = config.get("validate_by_alias") is not False
    by_name = bool(config.get("validate_by_name") or config.get("populate_by_name"))
    found = {}
    for name, info in model.model_fields.items():
        alias = info.validation_alias
        choices = alias.choices if isinstance(alias, AliasChoices) else [alias]
        names = [choice for choice in choices if isinstance(choice, str)] if by_alias and not has_path(alias) else []
        found[name] = list(dict.fromkeys([*names, name] if by_name or not names else names))
    return found


def _with_all_names(present: JsonSchema, model: type[BaseModel], definitions: Mapping[str, JsonSchema]) -> JsonSchema:
    """The group with its model's schema in place of the reference, if that tells not all names of a required field."""
    if "anyOf" in present:
        inner = [_with_all_names(member, model, definitions) for member in present["anyOf"]]
        return {**present, "anyOf": inner}
    definition = definitions.get(str(present.get("$ref")).removeprefix(REF_PREFIX))
    if definition is None:
        return present
    written = _named(definition, accepted_names(model))
    return present if written == definition else {**written, **{k: v for k, v in present.items() if k != "$ref"}}


def _named(definition: JsonSchema, names: Mapping[str, Sequence[str]]) -> JsonSchema:
    """A model's schema that allows each of the names (one list for each property, in order) of its required fields."""
    definition = _by_name(definition, names)
    properties = dict(zip(definition.get("properties", {}), names.values(), strict=False))
    required = definition.get("required", ())
    choices = [properties[key] for key in required if len(properties.get(key, ())) > 1]
    if not choices:
        return definition
    return {
        **definition,
        "required": [key for key in required if properties.get(key) not in choices],
        "allOf": [{"anyOf": [{"required": [name]} for name in accepted]} for accepted in choices],
    }


def _by_name(definition: JsonSchema, names: Mapping[str, Sequence[str]]) -> JsonSchema:
    """A model's schema in which no required field goes by a name that is not among its own."""
    properties = definition.get("properties", {})
    required = definition.get("required", ())
    own = zip(properties, names.values(), strict=False)
    renamed = {key: known[0] for key, known in own if key in required and key not in known}
    if not renamed:
        return definition
    return {
        **definition,
        "properties": {renamed.get(key, key): described for key, described in properties.items()},
        "required": [renamed.get(key, key) for key in required],
    }
