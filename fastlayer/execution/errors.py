"""An exception -> the answer a handler gives it. The nearest handler wins: the route's layers, then the app's."""

import inspect
import json
from collections.abc import Callable, Mapping
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from ..error_lists import Errors
from ..exceptions import EndpointContext, RequestValidationError, WebSocketRequestValidationError
from ..responses import check_headers, has_line_break
from .exchange import Exchange, get_connection
from .received import NOTHING

# Tells the outermost frame that the exception came too late for an answer.
STARTED_KEY = "fastlayer.response_started"

Handlers = Mapping[Any, Callable[..., Any]]


def invalid(exchange: Exchange, errors: Errors, context: EndpointContext) -> Exception:
    """The exception for a request or handshake with these errors."""
    if exchange.scope["type"] == "websocket":
        return WebSocketRequestValidationError(errors, endpoint_ctx=context)
    body: Any = exchange.body
    if body is NOTHING:
        body = None
    elif exchange.body_values is not None and isinstance(body, bytes):
        body = json.loads(body)  # it was validated from its bytes; handlers are shown the data
    exception = RequestValidationError(errors, body=body, endpoint_ctx=context)
    exception.raw_body = exchange.raw_body
    return exception


def find_handler(exc: BaseException, own: Handlers, scope: Mapping[str, Any]) -> tuple[Any, BaseException]:
    """The handler for the exception or, of a group with a single member, for that member; None if there is none."""
    everywhere, by_status = scope.get("starlette.exception_handlers") or ({}, {})
    opens_groups = getattr(scope.get("app"), "opens_exception_groups", True)
    while True:
        handler = _nearest(exc, own, everywhere, by_status)
        if (
            handler is not None
            or not opens_groups
            or not isinstance(exc, BaseExceptionGroup)
            or len(exc.exceptions) != 1
        ):
            return handler, exc
        exc = exc.exceptions[0]


def _nearest(exc: BaseException, own: Handlers, everywhere: Handlers, by_status: Handlers) -> Any:
    """The route's own handler, else the app's. One for `Exception` is for what nobody expects, so it comes last."""
    handler = _look_up(exc, own, own)
    if handler is None or handler is own.get(Exception):
        return _look_up(exc, everywhere, by_status) or handler
    return handler


def _look_up(exc: BaseException, by_class: Handlers, by_status: Handlers) -> Callable[..., Any] | None:
    if isinstance(exc, HTTPException) and exc.status_code in by_status:
        return by_status[exc.status_code]
    for cls in type(exc).__mro__:
        if cls in by_class:
            return by_class[cls]
    return None


def _is_async(handler: Any) -> bool:
    code = getattr(handler, "__code__", None)
    if code is not None and code.co_flags & inspect.CO_COROUTINE:  # 1 µs less than `inspect` takes to say so
        return True
    return inspect.iscoroutinefunction(handler) or inspect.iscoroutinefunction(getattr(handler, "__call__", None))  # noqa: B004


async def answer(exc: BaseException, own: Handlers, exchange: Exchange) -> None:
    """Send what the handler for the exception answers.

    Raises:
        BaseException: the exception itself, where no handler takes it.
        RuntimeError: the response has begun, so it is too late for another.
    """
    handler, handled = find_handler(exc, own, exchange.scope)
    if handler is None:
        if exchange.started:
            exchange.scope[STARTED_KEY] = True
        raise exc
    if exchange.started:
        exchange.scope[STARTED_KEY] = True
        raise RuntimeError("Caught handled exception, but response already started.") from exc
    connection = get_connection(exchange)
    if _is_async(handler):
        response = await handler(connection, handled)
    else:
        response = await run_in_threadpool(handler, connection, handled)
    if response is not None:
        headers = getattr(response, "raw_headers", ())
        if has_line_break(b"".join(map(b"".join, headers))):  # not through a function: this is the way of every 422
            check_headers(headers)
        await response(exchange.scope, exchange.receive, exchange.send)


def refusing(handler: Callable[..., Any]) -> Callable[..., Any]:
    """The handler, for Starlette to call, whose answer is refused if a header of it would begin another."""
    is_async = inspect.iscoroutinefunction(handler) or inspect.iscoroutinefunction(getattr(handler, "__call__", None))  # noqa: B004

    async def answered(connection: Any, exc: Exception) -> Any:
        if is_async:
            response = await handler(connection, exc)
        else:
            response = await run_in_threadpool(handler, connection, exc)
        check_headers(getattr(response, "raw_headers", ()))
        return response

    return answered
