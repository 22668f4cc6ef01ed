"""The shape of a body that several parameters share: which are groups, and one model that describes them all."""

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, create_model

from .fields import ModelField, models_in, not_none, reads_json, without_names


def is_group(field: ModelField) -> bool:
    """Whether every member of the annotation but None is a model (JSON text that holds one is not)."""
    marker = field.field_info
    members = not_none(marker.annotation)
    return bool(members) and len(models_in(marker.annotation)) == len(members) and not reads_json(marker)


def body_keys(fields: Sequence[ModelField]) -> list[str]:
    """A key for each field of a body: its name, and one of its own for another group of the same name."""
    keys: list[str] = []
    for field in fields:
        others = keys.count(field.name)
        keys.append(f"{field.name}__{others + 1}" if others and is_group(field) else field.name)
    return keys


def body_model(name: str, fields: Sequence[ModelField]) -> type[BaseModel]:
    """A model with one attribute for each field: the shape of a body that embeds several parameters."""
    definitions: dict[str, Any] = {}
    for key, field in zip(body_keys(fields), fields, strict=True):
        marker = field.field_info if key == field.name else without_names(field.field_info)
        definitions[key] = (marker.annotation, marker)
    return create_model(name, **definitions)
