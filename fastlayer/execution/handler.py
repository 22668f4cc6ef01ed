"""Plan + body reader + responder -> an ASGI app: one request from the route to the last background task.

The order is the product's: resolve depth-first, run the operation, close scope "function", send, close scope
"response", run background tasks, close scope "request".
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from .. import params
from ..dependencies.models import flat_body_params
from ..exceptions import EndpointContext
from ..operation import Operation
from . import errors
from .bodies import BodyReader, exact_json_reader, form_reader, json_reader
from .compile import Overrides, Settings, compile_plan
from .exchange import Exchange
from .lifetimes import cleanup_scope, close
from .plan import InvalidRequest, Plan, in_order_of_visits, run
from .respond import Answering, answering, make_response, merge_injected, status_of
from .streams import run_stream, stream_responder

JSON_HEADER = (b"content-type", b"application/json")


@dataclass
class Execution:
    """Everything a route needs at request time, decided."""

    operation: Operation
    settings: Settings
    context: EndpointContext
    plan: Plan
    read_body: BodyReader | None
    answering: Answering
    respond_stream: Callable[[Any, Exchange], StreamingResponse] | None
    handlers: Mapping[Any, Any]
    has_form: bool
    overridden: dict[Any, Plan] = field(default_factory=dict)

    def plan_for(self, overrides: Overrides) -> Plan:
        """The plan with these overrides; the last one compiled is kept, so a stable set costs one comparison."""
        key = tuple(overrides.items())
        plan = self.overridden.get(key)
        if plan is None:
            self.overridden.clear()
            plan = self.overridden[key] = compile_plan(self.operation.dependant, self.settings, overrides)
        return plan


def prepare(operation: Operation, settings: Settings, context: EndpointContext) -> Execution:
    """Compile an operation.

    Raises:
        FastLayerError: the dependant was edited into something that cannot work.
    """
    settings.embed_body_fields = operation.embed_body_fields
    read_body, has_form = body_reader(operation)
    return Execution(
        operation=operation,
        settings=settings,
        context=context,
        plan=compile_plan(operation.dependant, settings),
        read_body=read_body,
        answering=answering(operation, context),
        respond_stream=stream_responder(operation, context) if operation.is_generator else None,
        handlers=operation.options.get("exception_handlers") or {},
        has_form=has_form,
    )


def body_reader(operation: Operation) -> tuple[BodyReader | None, bool]:
    """The reader of this operation's body, if it has one, and whether it reads a form."""
    body_field = operation.body_field
    if body_field is None:
        return None, False
    fields = flat_body_params(operation.dependant)
    if any(isinstance(one.field_info, params.Form) for one in fields):
        return form_reader(fields, operation.options.get("form_limits") or {}), True
    strict = operation.options.get("strict_content_type", True)
    if len({one.name for one in fields}) != len(fields):
        return exact_json_reader(strict=strict), False
    return json_reader(fields, body_field, embed=operation.embed_body_fields, strict=strict), False


def http_app(execution: Execution, provider: Any) -> ASGIApp:
    """The ASGI app of an HTTP operation; `provider.dependency_overrides` is looked at for each request."""
    plan = execution.plan
    read_body = execution.read_body
    how = execution.answering
    handlers = execution.handlers
    simple = not (plan.has_exits or execution.has_form or execution.respond_stream or how.response_class)
    render = how.render
    status = how.status_code or 200

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if (provider is not None and provider.dependency_overrides) or not simple:
            await full(scope, receive, send)
            return
        # The short way: nothing to close, a result that is JSON. Everything unusual falls through to `finish`.
        exchange = Exchange(scope, receive, send)
        try:
            if read_body is not None:
                await read_body(exchange)
            result = await run(plan, exchange)
            if isinstance(result, Response) or exchange.response is not None or exchange.background is not None:
                response = to_response(execution, result, exchange)
            else:
                response = None
                body = render(result)
        except Exception as exc:
            await errors.answer(explained(exc, execution, plan, exchange), handlers, exchange, started=False)
            return
        if response is not None:
            await send_response(response, exchange)
            return
        await send(
            {
                "type": "http.response.start",
                "status": status,
                "headers": [(b"content-length", b"%d" % len(body)), JSON_HEADER],
            }
        )
        await send({"type": "http.response.body", "body": body})

    async def full(scope: Scope, receive: Receive, send: Send) -> None:
        exchange = Exchange(scope, receive, send)
        await serve(execution, exchange, provider)

    return app


async def serve(execution: Execution, exchange: Exchange, provider: Any) -> None:
    """Answer one request the general way: with things to close, forms, streams, overrides or a response class."""
    tracker = _Started(exchange)
    try:
        with cleanup_scope() as cleanup:
            await _live(lambda: produce(execution, exchange, provider), exchange, cleanup, has_form=execution.has_form)
    except Exception as exc:
        await errors.answer(exc, execution.handlers, exchange, started=tracker.started)


class _Started:
    """Notes whether the response has begun."""

    def __init__(self, exchange: Exchange) -> None:
        self.started = False
        self.send = exchange.send
        exchange.send = self

    async def __call__(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self.started = True
        await self.send(message)


async def _live(make: Callable[[], Awaitable[Response]], exchange: Exchange, cleanup: Any, *, has_form: bool) -> None:
    """Make the response, send it, and close each scope in its time, whatever fails in between."""
    failure: BaseException | None = None
    response: Response | None = None
    background: Any = None
    try:
        response = await make()
    except BaseException as exc:
        failure = exc
    cleanup.shield = True
    failure = await close(exchange, "function", failure)
    cleanup.shield = False
    if failure is None and response is not None:
        background, response.background = response.background, None
        try:
            note_status(exchange, response.status_code)
            await send_response(response, exchange)
        except BaseException as exc:
            failure = exc
    cleanup.shield = True
    note_failure(exchange, failure)
    failure = await close(exchange, "response", failure)
    cleanup.shield = False
    if failure is None and background is not None:
        try:
            await background()
        except BaseException as exc:
            failure = exc
    cleanup.shield = True
    failure = await close(exchange, "request", failure)
    if has_form and exchange.request is not None:
        await exchange.request.close()
    cleanup.shield = False
    if failure is not None:
        raise failure


def note_status(exchange: Exchange, status: int) -> None:
    if exchange.outcome is not None:
        exchange.outcome.status_code = status


def note_failure(exchange: Exchange, failure: BaseException | None) -> None:
    if exchange.outcome is not None:
        exchange.outcome.exception = failure


async def produce(execution: Execution, exchange: Exchange, provider: Any) -> Response:
    """The response of one request, not sent yet.

    Raises:
        Exception: what a dependency or the endpoint raised, or a RequestValidationError.
    """
    overrides = provider.dependency_overrides if provider is not None else None
    plan = execution.plan_for(overrides) if overrides else execution.plan
    try:
        if execution.read_body is not None:
            await execution.read_body(exchange)
        result = await run(plan, exchange)
    except InvalidRequest as exc:
        raise explained(exc, execution, plan, exchange) from None
    return to_response(execution, result, exchange)


def explained(exc: Exception, execution: Execution, plan: Plan, exchange: Exchange) -> Exception:
    """The exception handlers know: of an InvalidRequest, a validation error that lists everything."""
    if isinstance(exc, InvalidRequest):
        exchange.failures = None
        return errors.invalid(exchange, in_order_of_visits(plan, exc.failures), execution.context)
    return exc


def to_response(execution: Execution, result: Any, exchange: Exchange) -> Response:
    """The result as a Response, with what was injected."""
    if isinstance(result, Response):
        response = result
        if execution.answering.merge_injected:
            merge_injected(exchange, response)
    elif execution.respond_stream is not None:
        response = execution.respond_stream(result, exchange)
    elif execution.answering.response_class is None and not execution.answering.by_status:
        response = json_response(execution, result, exchange)
    else:
        response = make_response(result, exchange, execution.answering)
    if exchange.background is not None:
        response.background = joined(response.background, exchange.background)
    return response


def json_response(execution: Execution, result: Any, exchange: Exchange) -> Response:
    response = Response(
        execution.answering.render(result),
        status_code=status_of(exchange, execution.answering.status_code),
        media_type="application/json",
    )
    merge_injected(exchange, response)
    return response


def joined(own: Any, injected: Any) -> Any:
    """Both: a returned response may carry tasks of its own."""
    if own is None or own is injected:
        return injected

    async def both() -> None:
        await injected()
        await own()

    return both


async def send_response(response: Response, exchange: Exchange) -> None:
    if isinstance(response, StreamingResponse):
        await run_stream(response, exchange.scope, exchange.receive, exchange.send)
    else:
        await response(exchange.scope, exchange.receive, exchange.send)


async def handle_request(execution: Execution, request: Request, provider: Any) -> Response:
    """The response to a request object, which may be of the user's own class. For overridden `get_route_handler`s.

    What must be closed later is left with the exchange in the scope, for `request_response` to close.
    """
    exchange: Exchange | None = request.scope.get(_EXCHANGE_KEY)
    if exchange is None:
        exchange = Exchange(request.scope, request.receive, _no_send)
    exchange.request = request
    return await produce(execution, exchange, provider)


_EXCHANGE_KEY = "fastlayer.exchange"


async def _no_send(message: Any) -> None:
    raise RuntimeError("A response is sent by the server, not by the route handler.")


def request_response(handler: Callable[[Request], Awaitable[Response]]) -> ASGIApp:
    """The ASGI app of a function from request to response, with the lifetimes of its dependencies."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        exchange = Exchange(scope, receive, send)
        scope[_EXCHANGE_KEY] = exchange
        tracker = _Started(exchange)

        async def make() -> Response:
            return await handler(Request(scope, receive, exchange.send))

        try:
            with cleanup_scope() as cleanup:
                await _live(make, exchange, cleanup, has_form=True)
        except Exception as exc:
            await errors.answer(exc, {}, exchange, started=tracker.started)

    return app
