"""`fastapi.openapi.utils`: the document, and the parts of making it that third parties use."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ...dependencies.models import Dependant, walk
from ...fields import ModelField
from ...openapi import utils as core
from ...openapi.dependencies import flatten
from ...openapi.operations import OperationWriter
from ...openapi.plain import plain
from ...openapi.utils import generate_operation_id as generate_operation_id
from ...openapi.utils import generate_operation_summary as generate_operation_summary
from ...openapi.utils import get_fields_from_routes as get_fields_from_routes
from ...openapi.utils import get_openapi as get_openapi
from ...openapi.utils import get_openapi_operation_metadata as get_openapi_operation_metadata
from ..pydantic2.v2 import FieldMapping, by_field


@dataclass
class _OpenAPIDependencyData:
    """What a dependency graph takes from requests."""

    path_params: list[ModelField] = field(default_factory=list)
    query_params: list[ModelField] = field(default_factory=list)
    header_params: list[ModelField] = field(default_factory=list)
    cookie_params: list[ModelField] = field(default_factory=list)
    security_dependencies: list[tuple[Dependant, list[str]]] = field(default_factory=list)


def _get_openapi_dependency_data(dependant: Dependant) -> _OpenAPIDependencyData:
    """What the whole graph takes from requests, each part once."""
    data = _OpenAPIDependencyData()
    for node in walk(dependant):
        for place in ("path", "query", "header", "cookie"):
            getattr(data, f"{place}_params").extend(getattr(node, f"{place}_params"))
        if node.is_security_scheme:
            data.security_dependencies.append((node, node.oauth_scopes))
    return data


def _as_dependant(data: _OpenAPIDependencyData) -> Dependant:
    return Dependant(
        path_params=data.path_params,
        query_params=data.query_params,
        header_params=data.header_params,
        cookie_params=data.cookie_params,
    )


def _get_openapi_operation_parameters(
    *,
    dependency_data: _OpenAPIDependencyData,
    model_name_map: Mapping[Any, str],
    field_mapping: FieldMapping,
    separate_input_output_schemas: bool = True,
) -> list[dict[str, Any]]:
    """The parameter objects of an operation."""
    parameters = OperationWriter(by_field(field_mapping)).parameters(flatten(_as_dependant(dependency_data)))
    written: list[dict[str, Any]] = plain(parameters)
    return written


def _get_openapi_security_definitions(
    security_dependencies: Sequence[tuple[Dependant, list[str]]],
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The security schemes by name, and an operation's requirements."""
    writer = OperationWriter({})
    flat = flatten(Dependant(dependencies=[node for node, _ in security_dependencies]))
    requirements = writer.security(flat)
    return plain(writer.schemes), requirements


def get_openapi_operation_request_body(
    *,
    body_field: ModelField | None,
    model_name_map: Mapping[Any, str],
    field_mapping: FieldMapping,
    separate_input_output_schemas: bool = True,
) -> dict[str, Any] | None:
    """The request body object of a body field, or None without one."""
    return core.get_openapi_operation_request_body(body_field=body_field, field_mapping=by_field(field_mapping))


def get_openapi_path(
    *,
    route: Any,
    operation_ids: set[str],
    model_name_map: Mapping[Any, str],
    field_mapping: FieldMapping,
    separate_input_output_schemas: bool = True,
) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """The path item of a route, the security schemes it names, and the schemas it needs besides the fields' own."""
    return core.get_openapi_path(route=route, operation_ids=operation_ids, field_mapping=by_field(field_mapping))
