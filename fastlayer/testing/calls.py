"""An endpoint and its arguments -> the request that gives it them; the answer -> what the endpoint returned."""

import difflib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from pydantic import TypeAdapter

from .. import params
from ..dependencies.callables import name_of, place_of
from ..dependencies.models import Dependant, walk
from ..exceptions import FastLayerError
from ..fields import ModelField, models_in


class CallError(FastLayerError, TypeError):
    """An endpoint was called with arguments that no request can carry to it."""


class CallFailed(AssertionError):
    """The answer is not a success; `response` is that answer."""

    def __init__(self, response: Any) -> None:
        self.response = response
        request = response.request
        super().__init__(f"{request.method} {request.url} answered {response.status_code}: {response.text}")


@dataclass
class Call:
    """A request for one route, as an HTTP client takes it."""

    route: Any
    method: str
    url: str
    query: list[tuple[str, str]] = field(default_factory=list)
    headers: list[tuple[str, str]] = field(default_factory=list)
    cookies: dict[str, str] = field(default_factory=dict)
    json: Any = None
    has_json: bool = False
    data: dict[str, Any] = field(default_factory=dict)
    files: list[tuple[str, Any]] = field(default_factory=list)

    def options(self) -> dict[str, Any]:
        """The keywords for `request` of an HTTP client."""
        headers = list(self.headers)
        if self.cookies:
            headers.append(("cookie", "; ".join(f"{name}={value}" for name, value in self.cookies.items())))
        given: dict[str, Any] = {"params": self.query or None, "headers": headers}
        if self.has_json:
            given["content"] = json.dumps(self.json).encode()
            headers.append(("content-type", "application/json"))
        if self.data:
            given["data"] = self.data
        if self.files:
            given["files"] = self.files
        return given


def prepared(app: Any, endpoint: Callable[..., Any], arguments: Mapping[str, Any]) -> Call:
    """The request that calls `endpoint` with these arguments, named as in its signature or a dependency's.

    Raises:
        CallError: the app does not serve the endpoint, or an argument cannot be sent.
    """
    route = _route(app, endpoint, arguments)
    nodes = list(walk(route.dependant))
    fields = {one.name: (place, one) for node in reversed(nodes) for place, one in _fields(node)}
    _refuse_unknown(endpoint, nodes, fields, arguments)
    call = Call(route, sorted(route.methods)[0] if "GET" not in route.methods else "GET", "")
    path = {}
    bodies = [one for place, one in fields.values() if place == "body"]
    for name, value in arguments.items():
        place, known = fields[name]
        if place == "path":
            path[_wire_name(known)] = quote(_text(_plain(value)), safe="/")
        elif place == "body":
            _add_body(call, known, value, embed=route.operation.embed_body_fields, alone=len(bodies) == 1)
        elif value is not None:
            _add_parameter(call, place, known, value)
    try:
        call.url = route.path_format.format_map(path)
    except KeyError as exc:
        raise CallError(f"{name_of(endpoint)} is served at {route.path}, so it needs {exc.args[0]}=...") from exc
    return call


def _route(app: Any, endpoint: Callable[..., Any], arguments: Mapping[str, Any]) -> Any:
    found = [
        route
        for route in getattr(app, "routes", ())
        if _is_served_by(route, endpoint) and hasattr(route, "operation") and hasattr(route, "methods")
    ]
    if not found:
        raise CallError(f"The application serves no operation of {place_of(endpoint)}. Include its router first.")
    fitting = [route for route in found if set(route.param_convertors) <= set(arguments)]
    return (fitting or found)[0]


def _is_served_by(route: Any, endpoint: Callable[..., Any]) -> bool:
    served = getattr(route, "endpoint", None)
    return served is endpoint or getattr(served, "controller_method", None) is endpoint


def _fields(node: Dependant) -> Iterator[tuple[str, ModelField]]:
    for place in ("path", "query", "header", "cookie", "body"):
        for one in getattr(node, f"{place}_params"):
            yield place, one


def _refuse_unknown(
    endpoint: Callable[..., Any], nodes: list[Dependant], known: Mapping[str, Any], given: Iterable[str]
) -> None:
    dependencies = {child.name: child.call for node in nodes for child in node.dependencies if child.name}
    for name in given:
        if name in known:
            continue
        if name in dependencies:
            called = name_of(dependencies[name])
            raise CallError(
                f"{name!r} of {name_of(endpoint)} is what {called} gives, not part of the request: give what {called}"
                " takes, or override it."
            )
        close = difflib.get_close_matches(name, list(known), n=1)
        hint = f"Did you mean {close[0]!r}?" if close else f"It takes {', '.join(known) or 'nothing'}."
        raise CallError(f"{name_of(endpoint)} takes no {name!r} from the request. {hint}")


def _wire_name(field: ModelField) -> str:
    return str(field.validation_alias or field.alias)


def _plain(value: Any) -> Any:
    """The value as JSON has it."""
    return TypeAdapter(Any).dump_python(value, mode="json", by_alias=True)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else json.dumps(value) if isinstance(value, dict) else str(value)


def _add_parameter(call: Call, place: str, field: ModelField, value: Any) -> None:
    plain = _plain(value)
    if isinstance(plain, dict) and models_in(field.field_info.annotation):
        pairs = [(name.replace("_", "-") if place == "header" else name, one) for name, one in plain.items()]
    else:
        pairs = [(_wire_name(field), plain)]
    for name, one in pairs:
        values = [_text(item) for item in (one if isinstance(one, list) else [one]) if item is not None]
        if place == "cookie":
            call.cookies.update((name, item) for item in values)
        else:
            (call.query if place == "query" else call.headers).extend((name, item) for item in values)


def _add_body(call: Call, field: ModelField, value: Any, *, embed: bool, alone: bool) -> None:
    marker = field.field_info
    name = _wire_name(field)
    if isinstance(marker, params.File):
        call.files += [(name, _file(one)) for one in (value if isinstance(value, list) else [value])]
    elif isinstance(marker, params.Form):
        plain = _plain(value)
        is_model = isinstance(plain, dict) and alone and not embed
        for key, one in (plain if is_model else {name: plain}).items():
            if one is not None:
                call.data[key] = [_text(item) for item in one] if isinstance(one, list) else _text(one)
    else:
        call.json = {**(call.json or {}), name: _plain(value)} if embed else _plain(value)
        call.has_json = True


def _file(value: Any) -> Any:
    """What an HTTP client takes as a file, of bytes, an open file, an UploadFile, or what it takes itself."""
    if hasattr(value, "filename") and hasattr(value, "file"):
        return (value.filename, value.file, value.content_type or "application/octet-stream")
    return ("file", value) if isinstance(value, bytes) else value


def returned(call: Call, response: Any) -> Any:
    """What the endpoint returned, of the type it declares; the response itself where it declares none or a response.

    Raises:
        CallFailed: the status is 400 or above.
    """
    if response.status_code >= 400:
        raise CallFailed(response)
    operation = call.route.operation
    if operation.stream_item_type is not None and not operation.is_sse_stream:
        item = TypeAdapter(operation.stream_item_type)
        return [item.validate_json(line) for line in response.content.splitlines() if line]
    if not response.content:
        return None
    if operation.response_field is None or not response.headers.get("content-type", "").startswith("application/json"):
        return response
    return TypeAdapter(operation.response_model).validate_json(response.content, by_alias=True, by_name=True)
