"""`fastapi.routing`: the core's routes and routers, and the functions tracing packages replace here.

Replacing one of those has every route go the traced way from its next request on; putting it back ends that. Nobody
else pays for it: the core only asks `APIRoute.trace` when it compiles a route.
"""

import sys
from collections.abc import Callable
from contextlib import AsyncExitStack
from types import ModuleType
from typing import Any

from starlette.concurrency import run_in_threadpool as run_in_threadpool
from starlette.requests import Request as Request
from starlette.responses import JSONResponse as JSONResponse
from starlette.responses import PlainTextResponse as PlainTextResponse
from starlette.responses import RedirectResponse as RedirectResponse
from starlette.responses import Response as Response
from starlette.responses import StreamingResponse as StreamingResponse
from starlette.routing import BaseRoute as BaseRoute
from starlette.routing import Match as Match
from starlette.routing import Mount as Mount
from starlette.routing import NoMatchFound as NoMatchFound
from starlette.routing import compile_path as compile_path
from starlette.routing import get_name as get_name
from starlette.routing import websocket_session as websocket_session
from starlette.websockets import WebSocket as WebSocket

from .. import sse
from ..datastructures import Default
from ..dependencies.callables import endpoint_context, is_coroutine_callable
from ..dependencies.models import Dependant as Dependant
from ..encoders import jsonable_encoder
from ..exceptions import EndpointContext as EndpointContext
from ..exceptions import FastLayerError as FastAPIError
from ..exceptions import HTTPException as HTTPException
from ..exceptions import RequestValidationError as RequestValidationError
from ..exceptions import ResponseValidationError as ResponseValidationError
from ..exceptions import WebSocketRequestValidationError as WebSocketRequestValidationError
from ..execution import handler as handling
from ..execution.bodies import BodyReader, exact_json_reader
from ..execution.compile import Settings
from ..execution.errors import invalid
from ..execution.exchange import Exchange
from ..execution.extraction import ABSENT_BODY
from ..execution.handler import request_response as request_response
from ..execution.respond import to_answer
from ..fields import ModelField, Undefined
from ..operation import Operation
from ..operation import is_body_allowed_for_status_code as is_body_allowed_for_status_code
from ..operation_ids import generate_unique_id as generate_unique_id
from ..routes import Handler
from ..routing import APIRoute as APIRoute
from ..routing import APIRouter as APIRouter
from ..routing import APIWebSocketRoute as APIWebSocketRoute
from ..routing import RouteContext as RouteContext
from ..routing import iter_route_contexts as iter_route_contexts
from ..sse import KEEPALIVE_COMMENT as KEEPALIVE_COMMENT
from ..sse import EventSourceResponse as EventSourceResponse
from .datastructures import DefaultPlaceholder
from .dependencies.utils import body_field_of, body_params_of, embeds
from .dependencies.utils import get_dependant as get_dependant
from .dependencies.utils import get_parameterless_sub_dependant as get_parameterless_sub_dependant
from .solving import FUNCTION_STACK, INNER_STACK, solve_dependencies
from .solving import SolvedDependency as SolvedDependency
from .tracing import follow
from .tree import (
    EffectiveRouteContext,
    IncludedRouter,
    RouterIncludeContext,
    iter_included_route_candidates,
    iter_routes_with_context,
    restore_fastapi_scope_key,
)

# The names FastAPI has for them.
_IncludedRouter = IncludedRouter
_RouterIncludeContext = RouterIncludeContext
_EffectiveRouteContext = EffectiveRouteContext
_iter_included_route_candidates = iter_included_route_candidates
_iter_routes_with_context = iter_routes_with_context
_restore_fastapi_scope_key = restore_fastapi_scope_key
_get_body_field = body_field_of
_get_flat_body_params = body_params_of
_should_embed_body_fields = embeds
__all__ = ["FastAPIError"]
_PING_INTERVAL = sse.PING_INTERVAL


async def run_endpoint_function(*, dependant: Dependant, values: dict[str, Any], is_coroutine: bool) -> Any:
    """What the endpoint returned; a plain `def` runs in a worker thread."""
    call: Any = dependant.call
    if is_coroutine:
        return await call(**values)
    return await run_in_threadpool(call, **values)


async def serialize_response(
    *,
    field: ModelField | None = None,
    response_content: Any,
    include: Any = None,
    exclude: Any = None,
    by_alias: bool = True,
    exclude_unset: bool = False,
    exclude_defaults: bool = False,
    exclude_none: bool = False,
    is_coroutine: bool = True,
    endpoint_ctx: EndpointContext | None = None,
    dump_json: bool = False,
) -> Any:
    """The content as JSON-ready data, or as JSON bytes with `dump_json`.

    Raises:
        ResponseValidationError: it is not what the field allows.
    """
    if field is None:
        return jsonable_encoder(response_content)
    value, errors = field.validate(response_content, loc=("response",))
    if errors:
        raise ResponseValidationError(errors, body=response_content, endpoint_ctx=endpoint_ctx)
    return (field.serialize_json if dump_json else field.serialize)(
        value,
        include=include,
        exclude=exclude,
        by_alias=by_alias,
        exclude_unset=exclude_unset,
        exclude_defaults=exclude_defaults,
        exclude_none=exclude_none,
    )


def get_request_handler(
    dependant: Dependant,
    body_field: ModelField | None = None,
    status_code: int | None = None,
    response_class: Any = Default(JSONResponse),  # noqa: B008  # FastAPI's own default
    response_field: ModelField | None = None,
    response_model_include: Any = None,
    response_model_exclude: Any = None,
    response_model_by_alias: bool = True,
    response_model_exclude_unset: bool = False,
    response_model_exclude_defaults: bool = False,
    response_model_exclude_none: bool = False,
    dependency_overrides_provider: Any = None,
    embed_body_fields: bool = False,
    strict_content_type: Any = True,
    stream_item_field: ModelField | None = None,
    is_json_stream: bool = False,
    form_limits: Any = None,
) -> Handler:
    """A function from request to response, made of the functions of this module as they are at each request."""
    options: dict[str, Any] = {
        "status_code": status_code,
        "response_model_include": response_model_include,
        "response_model_exclude": response_model_exclude,
        "response_model_by_alias": response_model_by_alias,
        "response_model_exclude_unset": response_model_exclude_unset,
        "response_model_exclude_defaults": response_model_exclude_defaults,
        "response_model_exclude_none": response_model_exclude_none,
        "form_limits": form_limits or {},
    }
    if not isinstance(response_class, DefaultPlaceholder):
        options["response_class"] = response_class
    if not isinstance(strict_content_type, DefaultPlaceholder):
        options["strict_content_type"] = strict_content_type
    call: Any = dependant.call
    operation = Operation(
        dependant.path or "",
        call,
        options,
        dependant,
        embed_body_fields=embed_body_fields,
        body_field=body_field,
        response_field=response_field,
        stream_item_field=stream_item_field,
        is_sse_stream=isinstance(response_class, type) and issubclass(response_class, EventSourceResponse),
        is_json_stream=is_json_stream,
    )
    return _handler(operation, dependency_overrides_provider, endpoint_context(call, dependant.path or "", ()))


def _handler(operation: Operation, provider: Any, context: EndpointContext) -> Handler:
    execution = handling.prepare(operation, Settings(), context)
    read_body = _exact_reader(execution)
    dependant = operation.dependant

    async def handler(request: Request) -> Response:
        exchange = handling.exchange_of(request)
        stack = _open_stacks(exchange, request.scope)
        if read_body is not None:
            await read_body(exchange)
        solved = await solve_dependencies(
            request=request,
            dependant=dependant,
            body=Undefined if read_body is None or exchange.body is ABSENT_BODY else exchange.body,
            dependency_overrides_provider=provider,
            async_exit_stack=stack,
            embed_body_fields=operation.embed_body_fields,
        )
        if solved.errors:
            raise invalid(exchange, solved.errors, context)
        exchange.response, exchange.background = solved.response, solved.background_tasks
        if execution.respond_stream is not None:
            return execution.respond_stream(operation.endpoint(**solved.values), exchange)
        result = await run_endpoint_function(
            dependant=dependant, values=solved.values, is_coroutine=is_coroutine_callable(dependant.call)
        )
        return handling.as_response(to_answer(result, exchange, execution.answering), exchange, execution.answering)

    return handler


def _exact_reader(execution: handling.Execution) -> BodyReader | None:
    """The reader that leaves the body as data: what is handed to `solve_dependencies` has not been validated."""
    if execution.read_body is None or execution.has_form:
        return execution.read_body
    strict = execution.operation.options.get("strict_content_type", True)
    return exact_json_reader(strict=strict, context=execution.context)


def _open_stacks(exchange: Exchange, scope: Any) -> AsyncExitStack:
    """The exit stacks of a request under their names in the scope, closed in the times of their lifetimes."""
    exits = exchange.exits = exchange.exits or {"function": [], "response": [], "request": []}
    stacks = []
    for key, lifetime in ((INNER_STACK, "request"), (FUNCTION_STACK, "function")):
        stack = scope[key] = AsyncExitStack()
        stacks.append(stack)
        exits[lifetime].append(_closing(stack))
    exchange.awaits_exits = True
    return stacks[0]


def _closing(stack: AsyncExitStack) -> Callable[[BaseException | None], Any]:
    async def leave(exc: BaseException | None) -> bool:
        return bool(await stack.__aexit__(type(exc) if exc else None, exc, exc.__traceback__ if exc else None))

    return leave


# --- tracing --------------------------------------------------------------------------------------------------


def _traced(route: Any) -> Handler:
    """The handler of a route as FastAPI makes it."""
    return get_request_handler(
        dependant=route.dependant,
        body_field=route.body_field,
        status_code=route.status_code,
        response_class=route.response_class,
        response_field=route.response_field,
        response_model_include=route.response_model_include,
        response_model_exclude=route.response_model_exclude,
        response_model_by_alias=route.response_model_by_alias,
        response_model_exclude_unset=route.response_model_exclude_unset,
        response_model_exclude_defaults=route.response_model_exclude_defaults,
        response_model_exclude_none=route.response_model_exclude_none,
        dependency_overrides_provider=route.dependency_overrides_provider,
        embed_body_fields=route._embed_body_fields,
        strict_content_type=route.strict_content_type,
        stream_item_field=route.stream_item_field,
        is_json_stream=route.is_json_stream,
        form_limits=route.form_limits,
    )


_ORIGINALS: dict[str, Any] = {
    function.__name__: function
    for function in (get_request_handler, run_endpoint_function, serialize_response, solve_dependencies)
}


class _Watched(ModuleType):
    """This module: notices when a tracing package replaces one of its functions."""

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, value)
        if name == "_PING_INTERVAL":
            sse.PING_INTERVAL = value
        elif name in _ORIGINALS:
            patched = any(getattr(self, one) is not original for one, original in _ORIGINALS.items())
            follow(_traced if patched else None)


sys.modules[__name__].__class__ = _Watched
