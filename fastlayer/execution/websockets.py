"""A WebSocket operation as an ASGI app: resolve, run, close what was opened in reverse."""

from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from . import errors
from .exchange import Exchange, get_websocket
from .handler import Execution, explained
from .lifetimes import SCOPES, cleanup_scope, close
from .plan import InvalidRequest, Plan, run
from .traced import SCOPE_KEY, call, refused, resolve


def websocket_app(execution: Execution, provider: Any) -> ASGIApp:
    """The ASGI app of a WebSocket operation; `provider.dependency_overrides` is looked at for each connection."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        exchange = Exchange(scope, receive, send)
        try:
            with cleanup_scope() as cleanup:
                await _serve(execution, exchange, provider, cleanup)
        except Exception as exc:
            await errors.answer(exc, execution.handlers, exchange)

    return app


async def _serve(execution: Execution, exchange: Exchange, provider: Any, cleanup: Any) -> None:
    overrides = provider.dependency_overrides if provider is not None else None
    plan = execution.plan_for(overrides) if overrides else execution.plan
    telemetry = exchange.scope.get(SCOPE_KEY)
    failure: BaseException | None = None
    try:
        if telemetry is None:
            await run(plan, exchange)
        else:
            await _run_traced(execution, plan, exchange, telemetry)
    except InvalidRequest as exc:
        failure = explained(exc, execution, plan, exchange)
    except BaseException as exc:
        failure = exc
    for scope in SCOPES:
        failure = await close(exchange, scope, failure, cleanup)
    if failure is not None:
        raise failure


async def _run_traced(execution: Execution, plan: Plan, exchange: Exchange, telemetry: Any) -> None:
    endpoint = execution.operation.endpoint
    telemetry.record(websocket=get_websocket(exchange))
    with telemetry.operation("dependencies", endpoint):
        try:
            arguments = await resolve(plan, exchange)
        except InvalidRequest as exc:
            raise refused(exc, execution, plan, exchange, telemetry) from None
    with telemetry.operation("endpoint", endpoint):
        telemetry.record(values=arguments)
        await call(plan, exchange, arguments)
