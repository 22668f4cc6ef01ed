"""One operation: its metadata, parameters, request body, responses, callbacks. Knows routes by their attributes."""

import http
import inspect
import warnings
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from pydantic_core import PydanticUndefined
from starlette.responses import JSONResponse

from ..dependencies.models import flat_body_params
from ..types import OpenAPICorrection
from .constants import METHODS_WITH_BODY
from .corrections import security_requirements, with_files_as_multipart
from .dependencies import FlatDependencies, Parameter, flatten
from .errors import DescribedErrors, described_errors
from .forms import described_body, form_groups
from .plain import plain
from .schemas import DescribedField, FieldSchemas, JsonSchema, field_schema

_RANGES = {
    "1XX": "Information",
    "2XX": "Success",
    "3XX": "Redirection",
    "4XX": "Client Error",
    "5XX": "Server Error",
    "DEFAULT": "Default Response",
}


def api_routes(routes: Iterable[Any]) -> Iterator[Any]:
    """The routes that a document describes: those with a dependency tree and HTTP methods (no mounts, no sockets)."""
    for route in routes:
        if getattr(route, "dependant", None) is not None and getattr(route, "methods", None):
            yield route


def body_of(route: Any) -> DescribedField | None:
    """The field that describes a route's body."""
    body: DescribedField | None = described_body(route.body_field, flat_body_params(route.dependant), route.unique_id)
    return body


class Inputs:
    """What the routes of one document take from requests, found once for each of them."""

    def __init__(self) -> None:
        self._flat: dict[int, FlatDependencies] = {}
        self._bodies: dict[int, DescribedField | None] = {}

    def flat(self, route: Any) -> FlatDependencies:
        """Its parameters and security schemes."""
        found = self._flat.get(id(route))
        if found is None:
            found = self._flat[id(route)] = flatten(route.dependant)
        return found

    def body(self, route: Any) -> DescribedField | None:
        """The field that describes its body."""
        if id(route) not in self._bodies:
            self._bodies[id(route)] = body_of(route)
        return self._bodies[id(route)]


class OperationWriter:
    """Writes the path items of one document: `path_item(route)` for each route.

    `schemes` and `error_schemas` tell afterwards which components the operations refer to; `operation_ids` are those
    already taken.
    """

    def __init__(
        self,
        schemas: FieldSchemas,
        operation_ids: set[str] | None = None,
        *,
        corrections: Collection[OpenAPICorrection] = (),
        inputs: Inputs | None = None,
        errors: DescribedErrors | None = None,
    ) -> None:
        self.schemas = schemas
        self.inputs = inputs or Inputs()
        self.errors = errors or described_errors()
        self.corrections = corrections
        self.operation_ids: set[str] = set() if operation_ids is None else operation_ids
        self.schemes: dict[str, Any] = {}
        self.error_schemas: dict[str, JsonSchema] = {}
        self._statuses: dict[Any, str] = {}

    def path_item(self, route: Any) -> dict[str, Any]:
        """The operations of a route by method (lower case); empty if it is not to be listed."""
        if not route.include_in_schema:
            return {}
        flat = self.inputs.flat(route)
        implied = {"HEAD"} if getattr(route, "is_head_implied", False) else set()
        return {method.lower(): self.operation(route, method, flat) for method in sorted(route.methods - implied)}

    def operation(self, route: Any, method: str, flat: FlatDependencies) -> dict[str, Any]:
        """The operation of one method of a route."""
        operation = operation_metadata(route, method, self.operation_ids)
        parameters = self.parameters(flat)
        if parameters:
            operation["parameters"] = parameters
        body = request_body(self.inputs.body(route), self.schemas) if method in METHODS_WITH_BODY else None
        if body and "multipart_models" in self.corrections:
            body = with_files_as_multipart(body, form_groups(flat_body_params(route.dependant)))
        if body:
            operation["requestBody"] = body
        if route.callbacks:
            operation["callbacks"] = {
                callback.name: {callback.path: self.path_item(callback)} for callback in api_routes(route.callbacks)
            }
        responses = operation["responses"] = self.responses(route)
        may_be_invalid = bool(flat.parameters or route.body_field)
        self.error_schemas |= self.errors.describe(responses, may_be_invalid=may_be_invalid)
        if security := self.security(flat):
            operation["security"] = security
        written: dict[str, Any] = plain(operation)
        if route.openapi_extra:
            merge(written, plain(route.openapi_extra))
        return written

    def parameters(self, flat: FlatDependencies) -> list[dict[str, Any]]:
        """The parameters, each place and name once: the last required one wins, else the last one."""
        found: dict[tuple[str, str], dict[str, Any]] = {}
        required: dict[tuple[str, str], dict[str, Any]] = {}
        for one in flat.parameters:
            if not one.listed:
                continue
            described = parameter(one, self.schemas)
            found[one.place, one.name] = described
            if one.required:
                required[one.place, one.name] = described
        return list((found | required).values())

    def security(self, flat: FlatDependencies) -> list[dict[str, list[str]]]:
        """One requirement per scheme, with all scopes asked of it; notes the schemes for the components."""
        self.schemes.update((scheme.scheme_name, scheme.model) for scheme, _ in flat.security)
        if "required_security" in self.corrections:
            return security_requirements(flat.security)
        requirements: dict[str, dict[str, None]] = {}
        for scheme, scopes in flat.security:
            requirements.setdefault(scheme.scheme_name, {}).update(dict.fromkeys(scopes))
        return [{name: list(scopes)} for name, scopes in requirements.items()]

    def responses(self, route: Any) -> dict[str, Any]:
        """The route's main response and the additional ones, by status code, range or `default`."""
        response_class = getattr(route.response_class, "value", route.response_class)
        status = self._status(route, response_class)
        responses: dict[str, Any] = {status: {"description": route.response_description}}
        if content := main_content(route, status, response_class, self.schemas):
            responses[status]["content"] = content
        media_type = getattr(response_class, "media_type", None) or "application/json"
        for code, additional in route.responses.items():
            self._add_response(route, responses, code, additional, media_type)
        return responses

    def _status(self, route: Any, response_class: Any) -> str:
        """The status code of the main response: the route's, or what its response class answers by itself."""
        if route.status_code is not None:
            return str(int(route.status_code))
        if response_class not in self._statuses:
            self._statuses[response_class] = own_status(response_class)
        return self._statuses[response_class]

    def _add_response(
        self, route: Any, responses: dict[str, Any], code: int | str, additional: Mapping[str, Any], media_type: str
    ) -> None:
        key = str(code).upper()
        key = "default" if key == "DEFAULT" else key
        response = responses[key] = plain(responses.get(key, {}))  # a copy: fields that are alike share their schemas
        merge(response, plain({name: value for name, value in additional.items() if name != "model"}))
        if field := route.response_fields.get(code):
            content = response.setdefault("content", {}).setdefault(media_type, {})
            merge(content.setdefault("schema", {}), field_schema(field, self.schemas))
        if not additional.get("description"):
            response["description"] = response.get("description") or status_text(key) or "Additional Response"


def operation_metadata(route: Any, method: str, operation_ids: set[str]) -> dict[str, Any]:
    """Tags, summary, description, operation id and deprecation of one operation; warns when the id is taken."""
    metadata: dict[str, Any] = {"tags": route.tags} if route.tags else {}
    metadata["summary"] = operation_summary(route)
    if route.description:
        metadata["description"] = route.description.split("\f")[0]
    operation_id = route.operation_id or route.unique_id
    if operation_id in operation_ids:
        warnings.warn(
            f"Duplicate Operation ID {operation_id}: {_place(route)} uses it for {method} {route.path_format}, but "
            "another operation has it already. Give one of them an `operation_id` of its own.",
            stacklevel=2,
        )
    operation_ids.add(operation_id)
    metadata["operationId"] = operation_id
    if route.deprecated:
        metadata["deprecated"] = True
    return metadata


def operation_summary(route: Any) -> str:
    """The route's summary, or its name in words."""
    return str(route.summary or route.name.replace("_", " ").title())


def _place(route: Any) -> str:
    endpoint = getattr(route, "endpoint", None)
    code = getattr(inspect.unwrap(endpoint), "__code__", None) if endpoint else None
    return f"{route.name} ({code.co_filename}:{code.co_firstlineno})" if code else str(route.name)


def parameter(one: Parameter, schemas: FieldSchemas) -> dict[str, Any]:
    """One parameter object."""
    info: Any = one.field.field_info
    described: dict[str, Any] = {
        "name": one.name,
        "in": one.place,
        "required": one.required,
        "schema": field_schema(one.field, schemas, name=one.alias),
    }
    if info.description:
        described["description"] = info.description
    add_examples(described, info)
    if getattr(info, "deprecated", None):
        described["deprecated"] = True
    return described


def add_examples(described: dict[str, Any], info: Any) -> None:
    """Puts the named examples, or else the single old one, beside a schema."""
    example = getattr(info, "example", None)
    if examples := getattr(info, "openapi_examples", None):
        described["examples"] = examples
    elif example is not None and example is not PydanticUndefined:
        described["example"] = example


def request_body(body_field: Any, schemas: FieldSchemas) -> dict[str, Any] | None:
    """The request body object of a body field, or None without one."""
    if not body_field:
        return None
    info = body_field.field_info
    read_as = info.validation_alias
    name = read_as if isinstance(read_as, str) and read_as else None
    content: dict[str, Any] = {"schema": field_schema(body_field, schemas, name=name)}
    add_examples(content, info)
    body: dict[str, Any] = {"required": True} if info.is_required() else {}
    body["content"] = {getattr(info, "media_type", "application/json"): content}
    return body


def own_status(response_class: Any) -> str:
    """The status code that a response class answers by itself."""
    parameters = inspect.signature(response_class.__init__).parameters
    default = getattr(parameters.get("status_code"), "default", None)
    return str(default) if isinstance(default, int) else "200"


def body_allowed(status: str) -> bool:
    """Whether a response with this status (or `4XX`, `default`) may have a body (RFC 9110, 15)."""
    return not status.isdecimal() or (int(status) >= 200 and status not in {"204", "205", "304"})


def main_content(route: Any, status: str, response_class: Any, schemas: FieldSchemas) -> dict[str, Any] | None:
    """The content of the main response by media type, or None if it has none (or none that is known)."""
    if not body_allowed(status):
        return None
    if route.is_sse_stream:
        return {"text/event-stream": {"itemSchema": event_schema(route.stream_item_field, schemas)}}
    if route.is_json_stream:
        item = route.stream_item_field
        return {"application/jsonl": {"itemSchema": field_schema(item, schemas) if item else {}}}
    media_type = response_class.media_type
    if not media_type:
        return None
    schema: JsonSchema = {"type": "string"}
    if issubclass(response_class, JSONResponse):
        schema = field_schema(route.response_field, schemas) if route.response_field else {}
    return {media_type: {"schema": schema}}


def event_schema(item: DescribedField | None, schemas: FieldSchemas) -> JsonSchema:
    """One server-sent event, its data the JSON of `item`, or any text."""
    data: JsonSchema = {"type": "string"}
    if item:
        data |= {"contentMediaType": "application/json", "contentSchema": field_schema(item, schemas)}
    properties = {"data": data, "event": {"type": "string"}, "id": {"type": "string"}}
    event = {"type": "object", "properties": properties | {"retry": {"type": "integer", "minimum": 0}}}
    return event | {"required": ["data"]} if item else event


def status_text(key: str) -> str | None:
    """The usual words for a status code, a range (`4XX`) or `default`; None if there are none."""
    if text := _RANGES.get(key.upper()):
        return text
    try:
        return http.HTTPStatus(int(key)).phrase
    except ValueError:
        return None


def merge(target: dict[str, Any], extra: Mapping[str, Any]) -> None:
    """Merges `extra` into `target`: dicts by key, lists one after the other, anything else replaces."""
    for key, value in extra.items():
        present = target.get(key)
        if isinstance(present, dict) and isinstance(value, Mapping):
            merge(present, value)
        elif isinstance(present, list) and isinstance(value, list):
            target[key] = [*present, *value]
        else:
            target[key] = value
