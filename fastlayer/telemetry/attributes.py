"""A scope as attributes of OpenTelemetry's semantic conventions for HTTP servers. Pure functions, no OpenTelemetry."""

import re
from collections.abc import Callable
from typing import Any

from starlette.datastructures import Headers
from starlette.types import Scope

Attributes = dict[str, str | int]

# RFC 9110 and RFC 5789; any other method is "_OTHER", so that clients cannot invent metric series.
_METHODS = frozenset({"CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "QUERY", "TRACE"})
_SECRETS = re.compile(
    "(^|&)(sig|signature|awsaccesskeyid|x-goog-signature|x-amz-(?:signature|credential|security-token))=[^&]*", re.I
)
_HOST = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([^:\[\]/@\s]+))(?::(\d{1,5}))?\Z")
_DEFAULT_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}


def http_attributes(scope: Scope) -> Attributes:
    """What is known of a request when it arrives."""
    attributes: Attributes = {**_server(scope), "url.path": scope["path"]}
    query = redacted_query(scope.get("query_string", b""))
    if query:
        attributes["url.query"] = query
    if scope["method"] not in _METHODS:
        attributes["http.request.method_original"] = scope["method"]
    attributes.update(metric_attributes(scope))
    if scope.get("http_version"):
        attributes["network.protocol.version"] = scope["http_version"]
    return attributes


def metric_attributes(scope: Scope) -> Attributes:
    """The few attributes that count requests in flight."""
    return {"url.scheme": scope.get("scheme", "http"), "http.request.method": method(scope)}


def websocket_attributes(scope: Scope) -> Attributes:
    """What is known of a connection when it arrives."""
    return {**_server(scope), "url.scheme": scope.get("scheme", "ws"), "network.protocol.name": "websocket"}


def method(scope: Scope) -> str:
    """The request method, or `_OTHER`."""
    return scope["method"] if scope["method"] in _METHODS else "_OTHER"


def redacted_query(query: bytes) -> str:
    """The query string without the values of signatures and keys."""
    return _SECRETS.sub(r"\1\2=REDACTED", query.decode("latin-1"))


def error_type(error: BaseException) -> str:
    """The name of an exception's class, with its module unless it is built in."""
    kind = type(error)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def function_name(function: Callable[..., Any]) -> str:
    """`module.qualname` of a function, or of the class of another callable."""
    named = function if hasattr(function, "__qualname__") else type(function)
    return f"{named.__module__}.{named.__qualname__}"


def _server(scope: Scope) -> Attributes:
    host = Headers(scope=scope).get("host")
    address: str | None = None
    port: int | None = None
    if host:
        found = _HOST.match(host)
        if found is None:
            return {}
        address = found[1] or found[2]
        port = int(found[3]) if found[3] else _DEFAULT_PORTS.get(scope.get("scheme", ""))
    elif host is None and scope.get("server") and scope["server"][1] is not None:
        address, port = scope["server"]
    attributes: Attributes = {}
    if address:
        attributes["server.address"] = address
        if port is not None and port <= 65535:
            attributes["server.port"] = port
    return attributes
