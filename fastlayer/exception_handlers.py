"""The default answers to errors. Knows their wire format, not how they are found or dispatched."""

from collections.abc import Sequence
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.websockets import WebSocket

from fastlayer.encoders import dump_json
from fastlayer.error_answers import fitting
from fastlayer.exceptions import RequestValidationError, WebSocketRequestValidationError
from fastlayer.responses import EncodedJSONResponse, JSONResponse, Response
from fastlayer.status import WS_1008_POLICY_VIOLATION

# Bytes; RFC 6455, 5.5: a control frame carries at most 125, two of which are the close code.
MAX_CLOSE_REASON = 123


async def http_exception_handler(request: Request, exc: HTTPException) -> Response:
    """Return `{"detail": ...}` with the exception's status and headers; no body where HTTP allows none."""
    headers = getattr(exc, "headers", None)
    if exc.status_code < 200 or exc.status_code in (204, 205, 304):
        return Response(status_code=exc.status_code, headers=headers)
    return EncodedJSONResponse(dump_json({"detail": exc.detail}), status_code=exc.status_code, headers=headers)


async def request_validation_exception_handler(request: Request, exc: RequestValidationError) -> JSONResponse:
    """Return 422 with the list of errors as `detail`, cut where it is long and outgrows the request."""
    # Not `json.dumps`: an error repeats the input, which may be NaN, deep, or text that is no UTF-8.
    _, detail = fitting(exc.errors(), request, exc)
    return EncodedJSONResponse(b'{"detail":%b}' % detail, status_code=422)


async def websocket_request_validation_exception_handler(
    websocket: WebSocket, exc: WebSocketRequestValidationError
) -> None:
    """Close the socket with code 1008 and a reason naming the first error."""
    await websocket.close(code=WS_1008_POLICY_VIOLATION, reason=close_reason(exc.errors()))


def close_reason(errors: Sequence[Any]) -> str:
    """Return the first of `errors` as text that fits into a close frame: at most 123 bytes of UTF-8."""
    if not errors:
        return "Invalid request"
    place = ".".join(str(part) for part in errors[0].get("loc", ()))
    text = f"{place}: {errors[0].get('msg', 'invalid')}" + (f" (+{len(errors) - 1} more)" if len(errors) > 1 else "")
    return text.encode(errors="replace")[:MAX_CLOSE_REASON].decode(errors="ignore")
