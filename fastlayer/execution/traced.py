"""Operations seen by telemetry: what `handler` and `websockets` do, with a span around each part.

Stands in their place only in applications that are instrumented, and steps aside for requests that are not recorded.
"""

import inspect
from collections.abc import Callable
from functools import partial
from typing import Any

from starlette.background import BackgroundTask, BackgroundTasks
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from ..exceptions import RequestValidationError
from .exchange import Exchange, get_request
from .handler import Execution, explained, http_app, live
from .plan import AWAIT, InvalidRequest, Plan, Stage, Step, bind, run
from .respond import Answer, to_answer
from .threads import run_in_thread

SCOPE_KEY = "fastlayer.telemetry"


def traced_app(execution: Execution, provider: Any) -> ASGIApp:
    """The ASGI app of an HTTP operation, recorded where telemetry is active, else `http_app`'s."""
    plain = http_app(execution, provider)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        telemetry = scope.get(SCOPE_KEY)
        if telemetry is None:
            await plain(scope, receive, send)
            return
        exchange = Exchange(scope, receive, send)
        telemetry.record(request=get_request(exchange))

        async def make() -> Answer:
            return await _produce(execution, exchange, provider, telemetry)

        await live(make, exchange, execution.handlers, execution.answering)

    return app


async def _produce(execution: Execution, exchange: Exchange, provider: Any, telemetry: Any) -> Answer:
    """The answer to one request, as `handler.produce` makes it."""
    overrides = provider.dependency_overrides if provider is not None else None
    plan = execution.plan_for(overrides) if overrides else execution.plan
    endpoint = execution.operation.endpoint
    with telemetry.operation("dependencies", endpoint):
        try:
            if execution.read_body is not None and not plan.reads_body:
                await execution.read_body(exchange)
                telemetry.record(body=exchange.body)
            arguments = await resolve(plan, exchange)
            if plan.reads_body:
                telemetry.record(body=exchange.body)
        except (InvalidRequest, RequestValidationError) as exc:
            if plan.reads_body:
                telemetry.record(body=exchange.body)
            raise refused(exc, execution, plan, exchange, telemetry) from None
    if execution.operation.is_generator:
        result = await call(plan, exchange, arguments)
    else:
        with telemetry.operation("endpoint", endpoint):
            telemetry.record(values=arguments)
            result = await call(plan, exchange, arguments)
    if execution.respond_stream is not None and not isinstance(result, Response):
        exchange.streams = True
        return execution.respond_stream(result, exchange)
    answer: Answer
    if isinstance(result, Response):
        answer = to_answer(result, exchange, execution.answering)
    else:
        with telemetry.operation("serialization", endpoint):
            answer = to_answer(result, exchange, execution.answering)
    for background in (exchange.background, getattr(answer, "background", None)):
        _trace_tasks(background, telemetry)
    return answer


def refused(exc: Exception, execution: Execution, plan: Plan, exchange: Exchange, telemetry: Any) -> Exception:
    """The exception handlers know, reported."""
    failure: Any = explained(exc, execution, plan, exchange)
    telemetry.validation_failed(failure.errors())
    return failure  # type: ignore[no-any-return]  # an exception with errors


async def resolve(plan: Plan, exchange: Exchange) -> dict[str, Any]:
    """The arguments of the endpoint, its dependencies called.

    Raises:
        InvalidRequest: as `plan.run`.
    """
    before, last = plan.stages[:-1], plan.stages[-1]
    step = last.steps[-1]
    stages = (*before, Stage(last.in_worker, last.steps[:-1])) if len(last.steps) > 1 else before
    await run(plan._replace(stages=stages, bare=None), exchange) if stages else _read(plan, exchange)
    arguments = bind(step, exchange)
    if arguments is None or exchange.failures:
        raise InvalidRequest(exchange.failures or {})
    return arguments


def _read(plan: Plan, exchange: Exchange) -> None:
    exchange.sources = [read(exchange.scope) for read in plan.readers]


async def call(plan: Plan, exchange: Exchange, arguments: dict[str, Any]) -> Any:
    """What the endpoint returns."""
    stage = plan.stages[-1]
    step = stage.steps[-1]
    if stage.in_worker:
        return await run_in_thread(exchange, _call_in_worker, step, arguments)
    if step.mode is AWAIT:
        return await step.call(**arguments)
    return step.call(**arguments)


def _call_in_worker(exchange: Exchange, step: Step, arguments: dict[str, Any]) -> Any:
    return step.call(**arguments)


def _trace_tasks(background: Any, telemetry: Any) -> None:
    """Put a span around each task."""
    tasks = background.tasks if isinstance(background, BackgroundTasks) else [background]
    for task in tasks:
        if isinstance(task, BackgroundTask):
            task.func = _traced(task.func, telemetry)


def _traced(function: Callable[..., Any], telemetry: Any) -> Callable[..., Any]:
    name = function.func if isinstance(function, partial) else function
    if inspect.iscoroutinefunction(function):

        async def run_async(*args: Any, **kwargs: Any) -> Any:
            with telemetry.operation("background_task", name):
                return await function(*args, **kwargs)

        return run_async

    def run_sync(*args: Any, **kwargs: Any) -> Any:
        with telemetry.operation("background_task", name):
            return function(*args, **kwargs)

    return run_sync
