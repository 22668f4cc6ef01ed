"""The shape of a body that several parameters share: groups, JSON parts, and one model that describes them all."""

from collections.abc import Sequence
from email.message import Message
from typing import Any

from pydantic import BaseModel, create_model

from . import params
from .fields import (
    ModelField,
    holds_files,
    is_complex,
    is_scalar_sequence,
    models_in,
    not_none,
    reads_json,
    without_names,
)


def is_group(field: ModelField) -> bool:
    """Whether every member of the annotation but None is a model (JSON text that holds one is not)."""
    marker = field.field_info
    members = not_none(marker.annotation)
    return bool(members) and len(models_in(marker.annotation)) == len(members) and not reads_json(marker)


def body_keys(fields: Sequence[ModelField]) -> list[str]:
    """A key for each field of a body: its name, and one of its own for another group of a form with the same name.

    In JSON, parameters of one name read the same key.
    """
    keys: list[str] = []
    for number, field in enumerate(fields):
        before = sum(other.name == field.name for other in fields[:number])
        # A plain field keeps its name, wherever it stands.
        others = before + any(other.name == field.name and not _is_form_group(other) for other in fields[number + 1 :])
        keys.append(f"{field.name}__{others + 1}" if others and _is_form_group(field) else field.name)
    return keys


def _is_form_group(field: ModelField) -> bool:
    return isinstance(field.field_info, params.Form) and is_group(field)


def body_model(name: str, fields: Sequence[ModelField]) -> type[BaseModel]:
    """A model with one attribute for each field: the shape of a body that embeds several parameters."""
    definitions: dict[str, Any] = {}
    keeps_first = any(_is_form_group(field) for field in fields)  # as FastAPI describes forms; else it keeps the last
    for key, field in zip(body_keys(fields), fields, strict=True):
        if keeps_first and key in definitions:
            continue
        marker = field.field_info if key == field.name else without_names(field.field_info)
        definitions[key] = (marker.annotation, marker)
    return create_model(name, **definitions)


def is_json_type(content_type: str) -> bool:
    """Whether a media type is JSON or `+json` (RFC 8259; RFC 6839, 3.1)."""
    message = Message()
    message["content-type"] = content_type
    subtype = message.get_content_subtype()
    return message.get_content_maintype() == "application" and (subtype == "json" or subtype.endswith("+json"))


def may_be_json(field: ModelField) -> bool:
    """Whether a part may hold the value as JSON: it is no text, no file and no list of those."""
    marker = field.field_info
    return (
        not isinstance(marker, params.File)
        and not reads_json(marker)
        and is_complex(marker.annotation)
        and not is_scalar_sequence(marker.annotation)
        and not holds_files(marker.annotation)
    )


def declares_json(field: ModelField) -> bool:
    """Whether the parameter is a part of a form that holds JSON, rather than fields or groups of fields."""
    marker = field.field_info
    return isinstance(marker, params.Form) and may_be_json(field) and is_json_type(marker.media_type)
