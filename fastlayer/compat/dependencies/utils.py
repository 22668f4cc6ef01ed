"""`fastapi.dependencies.utils`: analysis and solving under the names third parties call."""

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ... import params
from ...body_models import is_group
from ...dependencies.analysis import add_field, path_names, should_embed
from ...dependencies.analysis import get_body_field as _body_field
from ...dependencies.analysis import get_dependant as get_dependant
from ...dependencies.analysis import get_parameterless_sub_dependant as get_parameterless_sub_dependant
from ...dependencies.models import Dependant as Dependant
from ...dependencies.models import flat_body_params, walk
from ...dependencies.parameters import add_special, make_field, read_declaration
from ...dependencies.signatures import get_typed_return_annotation as get_typed_return_annotation
from ...dependencies.signatures import get_typed_signature as get_typed_signature
from ...execution.extraction import request_body_to_args as request_body_to_args
from ...execution.extraction import request_params_to_args as request_params_to_args
from ...execution.forms import BODY, select
from ...execution.forms import read_rest as _read_file_bytes
from ...execution.groups import Group
from ...execution.received import NOTHING, received_from, wants_all, wire_names
from ...fields import ModelField, models_in
from ...operation import stream_item_type
from ..pydantic2.shared import lenient_issubclass as lenient_issubclass
from ..pydantic2.v2 import create_body_model as create_body_model
from ..pydantic2.v2 import evaluate_forwardref, get_cached_model_fields
from ..solving import SolvedDependency as SolvedDependency
from ..solving import solve_dependencies as solve_dependencies

__all__ = ["_read_file_bytes", "get_cached_model_fields"]


# --- the graph, flat ------------------------------------------------------------------------------------------


def get_flat_params(dependant: Dependant) -> list[ModelField]:
    """The path, query, header and cookie parameters of the whole graph; of a model, its fields."""
    found: list[ModelField] = []
    for place in ("path", "query", "header", "cookie"):
        fields = [field for node in walk(dependant) for field in getattr(node, f"{place}_params")]
        found += _get_flat_fields_from_params(fields)
    return found


def get_flat_dependant(
    dependant: Dependant, *, skip_repeats: bool = False, visited: list[Any] | None = None
) -> Dependant:
    """One node with the parameters of the whole graph."""
    flat = Dependant(call=dependant.call, name=dependant.name, path=dependant.path, use_cache=dependant.use_cache)
    for node in walk(dependant):
        flat.path_params += node.path_params
        flat.query_params += node.query_params
        flat.header_params += node.header_params
        flat.cookie_params += node.cookie_params
        flat.body_params += node.body_params
    return flat


def _get_flat_fields_from_params(fields: Sequence[ModelField]) -> list[ModelField]:
    models = models_in(fields[0].field_info.annotation) if len(fields) == 1 and is_group(fields[0]) else ()
    if len(models) == 1:
        return get_cached_model_fields(models[0])
    return list(fields)


def body_params_of(dependant: Dependant) -> list[ModelField]:
    """The body parameters of the whole graph, each once."""
    return flat_body_params(dependant)


def embeds(fields: Sequence[ModelField]) -> bool:
    """Whether the body is an object with one key per parameter."""
    return should_embed(fields)


def get_body_field(*, flat_dependant: Dependant, name: str, embed_body_fields: bool) -> ModelField | None:
    """One field that describes the whole body; None where no parameter reads it."""
    return _body_field(flat_dependant, name=name, embed=embed_body_fields)


def body_field_of(*, body_params: Sequence[ModelField], name: str, embed_body_fields: bool) -> ModelField | None:
    """One field that describes a body of these parameters."""
    return _body_field(Dependant(body_params=list(body_params)), name=name, embed=embed_body_fields)


_get_flat_body_params = body_params_of
_should_embed_body_fields = embeds
_get_body_field = body_field_of


# --- one parameter --------------------------------------------------------------------------------------------


@dataclass
class ParamDetails:
    """What one parameter of a signature is: a dependency, a field, or one of the request's own objects."""

    type_annotation: Any
    depends: params.Depends | None
    field: ModelField | None


def analyze_param(*, param_name: str, annotation: Any, value: Any, path_param_names: set[str]) -> ParamDetails:
    """What the parameter is, read from its annotation and default value."""

    def function() -> None:
        """Stands for the one the parameter belongs to, in messages."""

    declared = read_declaration(function, param_name, annotation, value)
    if declared.depends is not None:
        return ParamDetails(declared.annotation, declared.depends, None)
    if add_special(Dependant(), declared):
        return ParamDetails(declared.annotation, None, None)
    return ParamDetails(declared.annotation, None, make_field(declared, path_param_names))


def add_param_to_fields(*, field: ModelField, dependant: Dependant) -> None:
    """File the field under its place."""
    add_field(dependant, field)


def add_non_field_param_to_dependency(*, param_name: str, type_annotation: Any, dependant: Dependant) -> bool | None:
    """Note a parameter that is one of the request's own objects; None where it is not."""

    def function() -> None:
        """Stands for the one the parameter belongs to, in messages."""

    declared = read_declaration(function, param_name, type_annotation, inspect.Parameter.empty)
    return True if add_special(dependant, declared) else None


def get_path_param_names(path: str) -> set[str]:
    """The names of the parameters in a path template."""
    return path_names(path)


def get_typed_annotation(annotation: Any, globalns: Mapping[str, Any]) -> Any:
    """The annotation with its strings evaluated; `"None"` is `type(None)`."""
    found = evaluate_forwardref(annotation, globalns)
    return type(None) if found is None and isinstance(annotation, str) else found


def get_stream_item_type(annotation: Any) -> Any:
    """T of AsyncIterable[T] and its like; None if it is not said."""
    return stream_item_type(annotation)


def get_validation_alias(field: ModelField) -> str:
    """The name on the wire that is tried first."""
    return wire_names(field)[0]


def _get_param_aliases(field: ModelField, *, convert_underscores: bool = False) -> list[tuple[str, str]]:
    names = wire_names(field)
    convert = convert_underscores and names == (field.name,)
    return [(name.replace("_", "-") if convert else name, name) for name in names]


# --- values ---------------------------------------------------------------------------------------------------


def _get_multidict_value(field: ModelField, values: Any, alias: str | None = None) -> Any:
    received = received_from(values.multi_items())
    for name in (alias,) if alias is not None else wire_names(field):
        found = received.get(name)
        if found is not None and (value := select(found, wants_all(field, BODY))) is not NOTHING:
            return value
    return field.get_default()


def _get_form_models(field: ModelField) -> list[Any]:
    return list(models_in(field.field_info.annotation))


def _get_form_model(field: ModelField) -> Any:
    models = _get_form_models(field)
    return models[0] if models else None


def _is_form_model_supplied(model: Any, received_body: Any) -> bool:
    return Group(model, BODY).concerns(received_from(received_body.multi_items()))


def _normalize_form_model(value: Any, *, model: Any) -> Any:
    return Group(model, BODY).data(received_from(value.multi_items())) if hasattr(value, "multi_items") else value


def ensure_multipart_is_installed() -> None:
    """Do nothing where forms can be read.

    Raises:
        RuntimeError: python-multipart is missing.
    """
    try:
        __import__("python_multipart")
    except ImportError as exc:
        raise RuntimeError('Form data requires "python-multipart": pip install python-multipart') from exc
