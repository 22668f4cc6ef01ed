"""One request being answered: what steps have made so far, and the objects somebody asked for, made on first use."""

from collections.abc import Callable, Sequence
from contextvars import Context
from typing import Any

from starlette.background import BackgroundTasks
from starlette.datastructures import FormData
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send
from starlette.websockets import WebSocket

from ..background import BackgroundTasks as FastLayerBackgroundTasks
from ..outcome import Outcome
from ..websockets import DirectWebSocket

Exit = Callable[[BaseException | None], Any]
"""Closes one dependency; given the exception in flight or None. May be awaited or not: see `lifetimes`."""


class Exchange:
    """The state of one run of a plan. Everything that is made for one request hangs here, and nothing outlives it."""

    # Most requests need few of these. As class attributes, the rest cost nothing: 0.8 µs less than setting them all.
    request: Request | None = None
    websocket: WebSocket | None = None
    response: Response | None = None
    background: BackgroundTasks | None = None
    outcome: Outcome | None = None
    body: Any = None
    raw_body: bytes | None = None  # as it was sent, where it was read in one piece
    body_values: dict[str, Any] | None = None
    body_places: set[Any] | None = None
    sources: Sequence[Any] = ()
    failures: dict[int, list[dict[str, Any]]] | None = None
    exits: dict[str, list[Any]] | None = None
    context: Context | None = None
    started = False
    awaits_exits = False
    streams = False  # whether the endpoint is a generator, which runs while its response is sent

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scope = scope
        self.receive = receive
        self.send = send
        self.results: list[Any] = []


def get_request(exchange: Exchange) -> Request:
    """The request; it replays a body that was read already."""
    if exchange.request is None:
        exchange.request = Request(exchange.scope, exchange.receive, exchange.send)
        if isinstance(exchange.body, FormData):  # parsed without a request: `request.form()` gives the same
            exchange.request._form = exchange.body
    return exchange.request


def get_websocket(exchange: Exchange) -> WebSocket:
    if exchange.websocket is None:
        exchange.websocket = DirectWebSocket(exchange.scope, exchange.receive, exchange.send)
    return exchange.websocket


def get_connection(exchange: Exchange) -> HTTPConnection:
    """The request or the WebSocket, whichever this is."""
    return get_request(exchange) if exchange.scope["type"] == "http" else get_websocket(exchange)


def get_response(exchange: Exchange) -> Response:
    """The response that carries injected headers, cookies and status; its status is None until somebody sets it."""
    if exchange.response is None:
        response = Response()
        del response.headers["content-length"]
        response.status_code = None  # type: ignore[assignment]  # told apart from a status somebody set
        exchange.response = response
    return exchange.response


def get_background(exchange: Exchange) -> BackgroundTasks:
    if exchange.background is None:
        exchange.background = FastLayerBackgroundTasks()
    return exchange.background


def get_outcome(exchange: Exchange) -> Outcome:
    if exchange.outcome is None:
        exchange.outcome = Outcome()
    return exchange.outcome


def replay(body: bytes, receive: Receive) -> Receive:
    """A receive that gives the body once more, then goes on with what follows it."""
    pending = True

    async def replayed() -> Message:
        nonlocal pending
        if pending:
            pending = False
            return {"type": "http.request", "body": body, "more_body": False}
        return await receive()

    return replayed


class TrackedSend:
    """A `send` that notes on the exchange that the response has begun; after its first message, `direct` will do."""

    __slots__ = ("direct", "exchange")

    def __init__(self, exchange: Exchange) -> None:
        self.exchange = exchange
        self.direct = exchange.send

    async def __call__(self, message: Message) -> None:
        self.exchange.started = True
        await self.direct(message)


def track_start(exchange: Exchange) -> None:
    """Have `exchange.started` set when the response begins."""
    exchange.send = TrackedSend(exchange)
