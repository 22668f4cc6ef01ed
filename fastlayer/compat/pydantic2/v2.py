"""`fastapi._compat.v2`: fields, the models in them, and their JSON schemas."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields as dataclass_fields
from dataclasses import is_dataclass
from enum import Enum
from typing import Any, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from ...body_models import body_model
from ...dependencies.signatures import Unresolved, resolve
from ...error_lists import missing
from ...fields import ModelField as ModelField
from ...fields import Undefined as Undefined
from ...fields import merged_marker, union_members, unwrapped
from ...openapi.schemas import JsonSchema, SchemaMode, field_schema, schema_definitions
from ...openapi.schemas import SchemaGenerator as GenerateJsonSchema
from ...params import Body
from .shared import field_annotation_is_scalar, lenient_issubclass, sequence_annotation_to_type

__all__ = ["GenerateJsonSchema"]

RequiredParam = Undefined

Model = type[BaseModel] | type[Enum]
FieldMapping = Mapping[tuple[ModelField, SchemaMode], JsonSchema]


# --- models -------------------------------------------------------------------------------------------------


def get_flat_models_from_fields(fields: Sequence[ModelField], known_models: set[Any]) -> set[Any]:
    """The known models, with the models and enums of these fields, and those inside, added."""
    for field in fields:
        known_models |= get_flat_models_from_field(field, known_models)
    return known_models


def get_flat_models_from_field(field: ModelField, known_models: set[Any]) -> set[Any]:
    return get_flat_models_from_annotation(field.field_info.annotation, known_models)


def get_flat_models_from_model(model: type[BaseModel], known_models: set[Any] | None = None) -> set[Any]:
    return get_flat_models_from_annotation(model, set() if known_models is None else known_models)


def get_flat_models_from_annotation(annotation: Any, known_models: set[Any]) -> set[Any]:
    plain = unwrapped(annotation)
    if plain in known_models:
        return known_models
    parts: Iterable[Any] = get_args(plain)
    if lenient_issubclass(plain, Enum):
        known_models.add(plain)
    elif lenient_issubclass(plain, BaseModel):
        known_models.add(plain)
        parts = (info.annotation for info in plain.model_fields.values())
    elif lenient_issubclass(plain, object) and is_dataclass(plain):
        known_models.add(plain)
        parts = (one.type for one in dataclass_fields(plain))
    for part in parts:
        get_flat_models_from_annotation(part, known_models)
    return known_models


def normalize_name(name: str) -> str:
    """The name in the characters a component name may have (OpenAPI 3.1, 4.8.7)."""
    return re.sub(r"[^a-zA-Z0-9.\-_]", "_", name)


def get_model_name_map(unique_models: set[Any]) -> dict[Any, str]:
    """A name for each model: its own, or with its module where several have the same."""
    by_name: dict[str, list[Any]] = {}
    for model in unique_models:
        by_name.setdefault(normalize_name(model.__name__), []).append(model)
    names: dict[Any, str] = {}
    for name, models in by_name.items():
        for model in models:
            full = f"{model.__module__}__{model.__qualname__}".replace(".", "__")
            names[model] = name if len(models) == 1 else normalize_name(full)
    return names


def get_model_fields(model: type[BaseModel]) -> list[ModelField]:
    """A field for each field of the model."""
    config = model.model_config
    return [ModelField(field_info=info, name=name, config=config) for name, info in model.model_fields.items()]


def get_cached_model_fields(model: type[BaseModel]) -> list[ModelField]:
    return get_model_fields(model)


# --- schemas ------------------------------------------------------------------------------------------------


def get_definitions(
    *, fields: Sequence[ModelField], model_name_map: Mapping[Any, str], separate_input_output_schemas: bool = True
) -> tuple[dict[tuple[ModelField, SchemaMode], JsonSchema], dict[str, JsonSchema]]:
    """The schema of each field in its mode, and the definitions they refer to by name."""
    schemas, definitions = schema_definitions(fields, separate_input_output_schemas=separate_input_output_schemas)
    return {(field, field.mode): schemas[field] for field in fields}, definitions


def by_field(field_mapping: FieldMapping) -> dict[Any, JsonSchema]:
    """The schemas as the core keeps them: a field has one mode."""
    return {field: schema for (field, _), schema in field_mapping.items()}


def get_schema_from_model_field(
    *,
    field: ModelField,
    model_name_map: Mapping[Any, str],
    field_mapping: FieldMapping,
    separate_input_output_schemas: bool = True,
    field_alias: str | None = None,
) -> JsonSchema:
    """The schema of the field, titled after its alias."""
    return field_schema(field, by_field(field_mapping), name=field_alias)


# --- fields -------------------------------------------------------------------------------------------------


def is_scalar_field(field: ModelField) -> bool:
    """Whether the field is read from one string, and not from a body."""
    return field_annotation_is_scalar(field.field_info.annotation) and not isinstance(field.field_info, Body)


def serialize_sequence_value(*, field: ModelField, value: Any) -> Any:
    """The values as the kind of sequence the field is declared as."""
    for member in union_members(field.field_info.annotation):
        make: Any = sequence_annotation_to_type.get(get_origin(member) or member)
        if make is not None:
            return make(value)
    return value


def get_missing_field_error(loc: tuple[int | str, ...]) -> dict[str, Any]:
    """The error for a value that is required and absent."""
    return missing(loc)


def create_body_model(*, fields: Sequence[ModelField], model_name: str, config: Any = None) -> type[BaseModel]:
    """A model with one attribute for each field."""
    return body_model(model_name, fields)


def copy_field_info(*, field_info: FieldInfo, annotation: Any) -> FieldInfo:
    """A copy that stands on another annotation."""
    return merged_marker(field_info, annotation)


def asdict(field_info: FieldInfo) -> dict[str, Any]:
    """The parts a field can be made of again."""
    return {
        "annotation": field_info.annotation,
        "metadata": field_info.metadata,
        "attributes": {name: getattr(field_info, name, None) for name in FieldInfo.__slots__ if name[0] != "_"},
    }


def evaluate_forwardref(value: Any, globalns: Any = None, localns: Any = None) -> Any:
    """The annotation with its strings evaluated; itself where a name is missing."""
    found = resolve(value, {**(globalns or {}), **(localns or {})})
    return value if isinstance(found, Unresolved) else found
