"""`get_openapi`: a whole OpenAPI document as plain dicts; and the helpers it is made of, by their public names."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from pydantic import AnyUrl, ValidationError

from ..dependencies.models import flat_body_params
from ..error_policy import ErrorPolicy
from ..types import OpenAPICorrection
from .corrections import convertors, told_apart
from .errors import described_errors
from .forms import write_form
from .operations import (
    Inputs,
    OperationWriter,
    api_routes,
    operation_metadata,
    operation_summary,
    request_body,
)
from .plain import plain
from .schemas import DescribedField, FieldSchemas, JsonSchema, schema_definitions
from .versions import document_for_version


def get_openapi(
    *,
    title: str,
    version: str,
    openapi_version: str = "3.1.0",
    summary: str | None = None,
    description: str | None = None,
    routes: Sequence[Any],
    webhooks: Sequence[Any] | None = None,
    tags: Sequence[Mapping[str, Any]] | None = None,
    servers: Sequence[Mapping[str, Any]] | None = None,
    terms_of_service: str | None = None,
    contact: Mapping[str, Any] | None = None,
    license_info: Mapping[str, Any] | None = None,
    separate_input_output_schemas: bool = True,
    external_docs: Mapping[str, Any] | None = None,
    corrections: Collection[OpenAPICorrection] = (),
    validation_errors: ErrorPolicy | None = None,
    problem_details: bool = False,
) -> dict[str, Any]:
    """The OpenAPI document of the routes, ready for JSON, valid in `openapi_version` (3.0.x, 3.1.x or 3.2.x).

    `routes` may hold anything; only API routes are described. Nothing given is changed. 3.1.0 keeps what is only
    valid in 3.2 (`itemSchema`, the `query` method); the other versions leave out or rewrite what they do not know.
    """
    described = [*routes, *(webhooks or ())]
    inputs = Inputs()
    fields = get_fields_from_routes(described, inputs)
    schemas, definitions = schema_definitions(fields, separate_input_output_schemas=separate_input_output_schemas)
    _write_forms(described, inputs, schemas, definitions)
    errors = described_errors(validation_errors, problems=problem_details, taken=definitions)
    writer = OperationWriter(schemas, corrections=corrections, inputs=inputs, errors=errors)
    info = {
        "title": title,
        "summary": summary,
        "description": description,
        "termsOfService": terms_of_service,
        "contact": _with_url(contact),
        "license": _with_url(license_info),
        "version": version,
    }
    document = {"openapi": openapi_version, "info": _present(info), **_present({"servers": plain(list(servers or ()))})}
    document["paths"] = _paths(routes, writer)
    document |= _present({"webhooks": _paths(webhooks or (), writer)})
    document |= _present({"components": _components(definitions, writer)})
    document |= _present({"tags": [plain(_with_docs(tag)) for tag in tags or ()]})
    document |= _present({"externalDocs": _with_url(external_docs)})
    return document_for_version(document, openapi_version)


def get_fields_from_routes(routes: Iterable[Any], inputs: Inputs | None = None) -> list[DescribedField]:
    """All fields whose schemas the routes need, each once: bodies, responses, stream items, parameters, callbacks."""
    fields: dict[DescribedField, None] = {}
    inputs = inputs or Inputs()
    for route in api_routes(routes):
        if not route.include_in_schema:
            continue
        fields.update(dict.fromkeys(get_fields_from_routes(route.callbacks or (), inputs)))
        own = (inputs.body(route), route.response_field, *route.response_fields.values(), route.stream_item_field)
        fields.update(dict.fromkeys(field for field in own if field))
        fields.update(dict.fromkeys(one.field for one in inputs.flat(route).parameters))
    return list(fields)


def get_openapi_path(
    *, route: Any, operation_ids: set[str], field_mapping: FieldSchemas, **unused: Any
) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """The path item of a route, the security schemes it names, and the schemas it needs besides the fields' own.

    `field_mapping` is what `schema_definitions` answers. `unused` takes arguments that older callers still give.
    """
    writer = OperationWriter(field_mapping, operation_ids)
    item = writer.path_item(route)
    return item, plain(writer.schemes), plain(writer.error_schemas)


def get_openapi_operation_metadata(*, route: Any, method: str, operation_ids: set[str]) -> dict[str, Any]:
    """Tags, summary, description, operation id and deprecation of one method of a route."""
    return operation_metadata(route, method, operation_ids)


def get_openapi_operation_request_body(
    *, body_field: DescribedField | None, field_mapping: FieldSchemas, **unused: Any
) -> dict[str, Any] | None:
    """The request body object of a body field, or None without one."""
    return request_body(body_field, field_mapping)


def generate_operation_summary(*, route: Any, method: str) -> str:
    """The route's summary, or its name in words."""
    return operation_summary(route)


def generate_operation_id(*, route: Any, method: str) -> str:
    """The route's operation id, or one made of its name, path and the method."""
    if route.operation_id:
        return str(route.operation_id)
    return re.sub(r"\W", "_", f"{route.name}{route.path_format}") + f"_{method.lower()}"


def _write_forms(
    routes: Iterable[Any], inputs: Inputs, schemas: FieldSchemas, definitions: dict[str, JsonSchema]
) -> None:
    """Rewrites the definitions of bodies that are forms with models, those of callbacks too."""
    for route in api_routes(routes):
        _write_forms(route.callbacks or (), inputs, schemas, definitions)
        body = inputs.body(route)
        if body is not None and body in schemas:
            write_form(body, flat_body_params(route.dependant), schemas, definitions)


def _paths(routes: Iterable[Any], writer: OperationWriter) -> dict[str, Any]:
    """The path items in order of registration; routes on one path share an item, the later one wins a method."""
    paths: dict[str, Any] = {}
    first: dict[str, dict[str, str]] = {}
    for route in api_routes(routes):
        item = writer.path_item(route)
        if not item:
            continue
        path, kinds = route.path_format, convertors(route.path)
        taken = paths.get(path, {}).keys() & item.keys()
        if taken and "path_convertors" in writer.corrections and first[path] != kinds:
            path, item = told_apart(route.path, item, first[path])
        first.setdefault(path, kinds)
        paths.setdefault(path, {}).update(item)
    return paths


def _components(definitions: Mapping[str, Any], writer: OperationWriter) -> dict[str, Any]:
    """Schemas and security schemes; our error models take precedence."""
    schemas = dict(sorted({**definitions, **plain(writer.error_schemas)}.items()))
    return _present({"schemas": schemas, "securitySchemes": plain(writer.schemes)})


def _present(items: dict[str, Any]) -> dict[str, Any]:
    """The entries that say something."""
    return {key: value for key, value in items.items() if value}


def _with_url(item: Mapping[str, Any] | None) -> dict[str, Any]:
    """The object as JSON with its `url` in normal form (`https://a.example` has the path `/`)."""
    written: dict[str, Any] = plain(dict(item or ()))
    try:
        return {**written, "url": str(AnyUrl(written["url"]))} if "url" in written else written
    except ValidationError:
        return written  # a relative reference, which OpenAPI allows


def _with_docs(tag: Mapping[str, Any]) -> dict[str, Any]:
    return {**tag, "externalDocs": _with_url(tag["externalDocs"])} if tag.get("externalDocs") else dict(tag)
