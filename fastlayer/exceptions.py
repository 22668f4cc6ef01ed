"""Every exception the framework raises or understands. Knows Starlette's two, and nothing of requests."""

from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

from pydantic import BaseModel, ConfigDict, create_model
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.exceptions import WebSocketException as StarletteWebSocketException


class EndpointContext(TypedDict, total=False):
    """Where an endpoint is defined and where it is served; every key may be absent."""

    function: str
    path: str
    file: str
    line: int


class HTTPException(StarletteHTTPException):
    """Answer the request with `status_code` and a JSON body `{"detail": detail}`.

    `detail` is any JSON value (Starlette's own exception takes only strings); `headers` are added to the response.
    """

    def __init__(self, status_code: int, detail: Any = None, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status_code=status_code, detail=detail, headers=headers)


class WebSocketException(StarletteWebSocketException):
    """Close the WebSocket with `code` (RFC 6455, 7.4) and `reason` (UTF-8, at most 123 bytes)."""


class FastLayerError(RuntimeError):
    """A mistake in the application's own code, reported with its place and its remedy."""


class ParameterError(FastLayerError, AssertionError):
    """A parameter is declared in a way that cannot work. Also an AssertionError, as FastAPI's users may expect."""


class DependencyScopeError(FastLayerError):
    """A dependency asks for one that is closed before it."""


class PydanticV1NotSupportedError(FastLayerError):
    """A `pydantic.v1` model or type was used where a Pydantic 2 one is needed."""


class FastLayerDeprecationWarning(UserWarning):
    """A deprecated spelling was used. A `UserWarning`, so that it is shown by default."""


class ValidationException(Exception):
    """Data did not have the declared shape.

    `errors()` lists what Pydantic reported: dicts with `type`, `loc`, `msg`, `input` and perhaps `ctx`.
    """

    def __init__(self, errors: Sequence[Any], *, endpoint_ctx: EndpointContext | None = None) -> None:
        self._errors = errors
        self.endpoint_ctx = endpoint_ctx
        context = endpoint_ctx or {}
        self.endpoint_function = context.get("function")
        self.endpoint_path = context.get("path")
        self.endpoint_file = context.get("file")
        self.endpoint_line = context.get("line")

    def errors(self) -> Sequence[Any]:
        return self._errors

    def _place(self) -> str:
        if not (self.endpoint_file and self.endpoint_line and self.endpoint_function):
            return f"\n  Endpoint: {self.endpoint_path}" if self.endpoint_path else ""
        place = f'\n  File "{self.endpoint_file}", line {self.endpoint_line}, in {self.endpoint_function}'
        return f"{place}\n    {self.endpoint_path}" if self.endpoint_path else place

    def __str__(self) -> str:
        count = len(self._errors)
        lines = [f"{count} validation error{'' if count == 1 else 's'}:"]
        lines += [f"  {error}" for error in self._errors]
        return "\n".join(lines) + self._place()


class RequestValidationError(ValidationException):
    """The request does not have the declared shape; answered with 422 unless a handler says otherwise.

    `body` is the body as parsed so far (JSON value, form, or bytes), or None; `raw_body` its bytes as they were sent,
    None where they were not read in one piece.
    """

    raw_body: bytes | None = None

    def __init__(self, errors: Sequence[Any], *, body: Any = None, endpoint_ctx: EndpointContext | None = None) -> None:
        super().__init__(errors, endpoint_ctx=endpoint_ctx)
        self.body = body


class WebSocketRequestValidationError(ValidationException):
    """The handshake does not have the declared shape; the socket is closed with code 1008."""


class ResponseValidationError(ValidationException):
    """The endpoint returned something its response model does not allow; a server error.

    `body` is the value that was returned.
    """

    def __init__(self, errors: Sequence[Any], *, body: Any = None, endpoint_ctx: EndpointContext | None = None) -> None:
        super().__init__(errors, endpoint_ctx=endpoint_ctx)
        self.body = body


# Validators are built on first use: the first one of a process makes Pydantic look through all installed packages for
# plugins, which would take a fifth of the time that importing this package does.
_DEFERRED = ConfigDict(defer_build=True)
RequestErrorModel: type[BaseModel] = create_model("Request", __config__=_DEFERRED)
WebSocketErrorModel: type[BaseModel] = create_model("WebSocket", __config__=_DEFERRED)
