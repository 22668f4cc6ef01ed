"""`solve_dependencies`: the values of any Dependant, its own or built by hand, for a request somebody else handles.

The core compiles a graph once and keeps the plan; here a graph may be new each time, so it is walked instead.
"""

from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from starlette.background import BackgroundTasks
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response
from starlette.types import Message
from starlette.websockets import WebSocket

from ..dependencies.callables import (
    is_async_gen_callable,
    is_cheap_constructor,
    is_coroutine_callable,
    is_gen_callable,
)
from ..dependencies.models import Dependant
from ..dependencies.overrides import Overridden
from ..error_lists import Errors
from ..execution import lifetimes
from ..execution.exchange import Exchange, get_background, get_response
from ..execution.extraction import ABSENT_BODY, body_extract, request_params_to_args
from ..execution.inherited import provider_for
from ..execution.threads import run_in_thread
from ..fields import Undefined
from ..security.oauth2 import SecurityScopes

INNER_STACK, FUNCTION_STACK = "fastapi_inner_astack", "fastapi_function_astack"
# Where a Dependant's parameters stand -> the property of a request that has them. Read through the request, since
# programs solve for requests of their own making, which are no HTTP.
_PLACES = {"path": "path_params", "query": "query_params", "header": "headers", "cookie": "cookies"}


@dataclass
class SolvedDependency:
    """The arguments of a Dependant's own callable, or the errors, and what was made on the way."""

    values: dict[str, Any]
    errors: list[Any]
    background_tasks: BackgroundTasks | None
    response: Response
    dependency_cache: dict[Any, Any]


async def solve_dependencies(
    *,
    request: Request | WebSocket,
    dependant: Dependant,
    body: Any = Undefined,
    background_tasks: BackgroundTasks | None = None,
    response: Response | None = None,
    dependency_overrides_provider: Any = None,
    dependency_cache: dict[Any, Any] | None = None,
    async_exit_stack: AsyncExitStack,
    embed_body_fields: bool,
    _uses_scopes_cache: Any = None,
) -> SolvedDependency:
    """Call all dependencies of the node, and read its own parameters; the node's own callable is not called.

    What dependencies opened is closed with the stacks in the scope, or with `async_exit_stack` where there are none.
    """
    exchange = _exchange_for(request)
    exchange.body = ABSENT_BODY if body is Undefined else body
    exchange.response = response
    exchange.background = background_tasks
    provider = provider_for(request.scope, dependency_overrides_provider)
    overrides = getattr(provider, "dependency_overrides", None) or {}
    solver = _Solver(exchange, request, overrides, {} if dependency_cache is None else dependency_cache)
    solver.embed = embed_body_fields
    solver.overridden.refuse_cycles(dependant)
    try:
        values, errors = await solver.solve(dependant)
    finally:
        _hand_over(exchange, request.scope, async_exit_stack)
    return SolvedDependency(values, errors, exchange.background, get_response(exchange), solver.cache)


def _exchange_for(request: Request | WebSocket) -> Exchange:
    async def receive() -> Message:
        return await request.receive()

    async def send(message: Message) -> None:
        raise RuntimeError("Solving dependencies sends nothing.")

    exchange = Exchange(request.scope, receive, send)
    if isinstance(request, Request):
        exchange.request = request
    else:
        exchange.websocket = request
    return exchange


def _hand_over(exchange: Exchange, scope: Any, stack: AsyncExitStack) -> None:
    """Have everything that was opened closed by those who called."""
    for name, leaves in (exchange.exits or {}).items():
        target = scope.get(FUNCTION_STACK if name == "function" else INNER_STACK) or stack
        for leave in leaves:
            target.push_async_exit(_as_exit(leave))


def _as_exit(leave: Callable[[BaseException | None], Any]) -> Any:
    async def exit_(kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None) -> bool:
        try:
            return bool(await leave(exc))
        except BaseException as raised:
            if raised is exc:
                return False  # raised again as it was, which an exit stack wants told, not done
            raise

    return exit_


class _Solver:
    """One walk over a graph, for one request."""

    embed = False

    def __init__(self, exchange: Exchange, request: Any, overrides: Any, cache: dict[Any, Any]) -> None:
        self.exchange = exchange
        self.request = request
        self.overridden = Overridden(overrides)
        self.cache = cache

    async def solve(self, node: Dependant) -> tuple[dict[str, Any], Errors]:
        """The arguments of the node's callable, and the errors of the graph below it, dependencies' first."""
        values: dict[str, Any] = {}
        errors: Errors = []
        for declared in node.dependencies:
            child = self.overridden(declared)
            if child.use_cache and child.cache_key in self.cache:
                value = self.cache[child.cache_key]
            else:
                arguments, child_errors = await self.solve(child)
                if child_errors:
                    errors += child_errors
                    continue
                value = await self.call(child, arguments)
                self.cache.setdefault(child.cache_key, value)
            if child.name is not None:
                values[child.name] = value
        errors += self.extract(node, values)
        return values, errors

    def extract(self, node: Dependant, values: dict[str, Any]) -> Errors:
        """Put the node's own parameters into the values; their errors."""
        errors: Errors = []
        for place, held in _PLACES.items():
            fields = getattr(node, f"{place}_params")
            if fields:
                found, own_errors = request_params_to_args(fields, getattr(self.request, held))
                values.update(found)
                errors += own_errors
        if node.body_params:
            errors += body_extract(node.body_params, embed=self.embed)(self.exchange, values)
        self.add_specials(node, values)
        return errors

    def add_specials(self, node: Dependant, values: dict[str, Any]) -> None:
        exchange, request = self.exchange, self.request
        if node.request_param_name and isinstance(request, Request):
            values[node.request_param_name] = request
        if node.websocket_param_name and isinstance(request, WebSocket):
            values[node.websocket_param_name] = request
        if node.http_connection_param_name and isinstance(request, HTTPConnection):
            values[node.http_connection_param_name] = request
        if node.response_param_name:
            values[node.response_param_name] = get_response(exchange)
        if node.background_tasks_param_name:
            values[node.background_tasks_param_name] = get_background(exchange)
        if node.security_scopes_param_name:
            values[node.security_scopes_param_name] = SecurityScopes(node.oauth_scopes)

    async def call(self, node: Dependant, arguments: dict[str, Any]) -> Any:
        call: Any = node.call
        scope = node.scope or "request"
        enter: Any
        holds = node.is_generator
        if is_async_gen_callable(call):
            enter = lifetimes.enter_async_generator(call, scope)
        elif is_gen_callable(call):
            placed = lifetimes.in_worker if node.thread else lifetimes.on_the_loop
            enter = placed(lifetimes.enter_generator(call, scope, threaded=node.thread))
        elif is_coroutine_callable(call):
            enter = _awaiting(call)
        else:
            enter = _calling(call, in_thread=node.thread and not is_cheap_constructor(call))
        if node.concurrency is not None:
            enter = lifetimes.limited(enter, node.concurrency, scope, holds=holds)
        return await enter(self.exchange, arguments)


def _awaiting(call: Any) -> lifetimes.Enter:
    async def enter(exchange: Exchange, arguments: dict[str, Any]) -> Any:
        return await call(**arguments)

    return enter


def _calling(call: Any, *, in_thread: bool) -> lifetimes.Enter:
    async def enter(exchange: Exchange, arguments: dict[str, Any]) -> Any:
        if not in_thread:
            return call(**arguments)
        return await run_in_thread(exchange, lambda _: call(**arguments))

    return enter
