"""Generator endpoints: raw chunks, JSON lines, server-sent events.

The generator is closed before the request is over, however it ends: exhausted, failed, or because the client left.
A producer never runs ahead: the next item is asked for when the last one was sent.
"""

import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from contextvars import Context, copy_context
from typing import Any, Self

import anyio
from anyio.lowlevel import checkpoint
from anyio.to_thread import run_sync
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from .. import sse
from ..encoders import dump_json
from ..exceptions import EndpointContext
from ..operation import Operation
from ..sse import KEEPALIVE_COMMENT, EventSourceResponse, ServerSentEvent, format_sse_event
from .exchange import Exchange
from .respond import field_renderer, merge_injected, status_of
from .threads import run_in_own_thread

Chunks = AsyncGenerator[Any, None]
Encode = Callable[[Any], bytes]

# An iterator that never waits would keep every other task from running, and could not be cancelled.
_ITEMS_BETWEEN_CHECKPOINTS = 16


class JSONLinesResponse(StreamingResponse):
    """One JSON value a line (`application/jsonl`)."""

    media_type = "application/jsonl"


def stream_responder(operation: Operation, context: EndpointContext) -> Callable[[Any, Exchange], StreamingResponse]:
    """Generator -> response, chosen once for the route."""
    status_code = operation.options.get("status_code")
    if operation.is_sse_stream:
        cls, encode = operation.response_class or EventSourceResponse, event_encoder(_item_encoder(operation, context))
    elif operation.is_json_stream:
        cls, encode = JSONLinesResponse, line_encoder(_item_encoder(operation, context))
    else:
        cls, encode = operation.response_class or StreamingResponse, None

    def respond(generator: Any, exchange: Exchange) -> StreamingResponse:
        chunks = chunks_of(generator, encode)
        response: Any = cls(chunks, status_code=status_of(exchange, status_code))
        if operation.is_sse_stream:
            response.headers["cache-control"] = "no-cache"
            response.headers["x-accel-buffering"] = "no"
            response.stream_response = Pinged(response).stream_response
        merge_injected(exchange, response)
        return response  # type: ignore[no-any-return]  # built by a class the user chose

    return respond


def _item_encoder(operation: Operation, context: EndpointContext) -> Encode:
    field = operation.stream_item_field
    if field is None:
        return dump_json
    return field_renderer(field, operation.dump_options, context)


def line_encoder(encode: Encode) -> Encode:
    return lambda item: encode(item) + b"\n"


def event_encoder(encode: Encode) -> Encode:
    """Item -> event; a ServerSentEvent says itself what it is."""

    def as_event(item: Any) -> bytes:
        if isinstance(item, ServerSentEvent):
            return event_bytes(item)
        return b"data: " + encode(item) + b"\n\n"  # JSON has no line ends, so one line holds it

    return as_event


def event_bytes(event: ServerSentEvent) -> bytes:
    data = event.raw_data
    if data is None and event.data is not None:
        data = dump_json(event.data).decode()
    return format_sse_event(data_str=data, event=event.event, id=event.id, retry=event.retry, comment=event.comment)


def items_of(generator: Any, context: Context) -> AsyncIterator[Any]:
    """The items of a sync or async iterable; a sync one is advanced in worker threads, in this context."""
    return aiter(generator) if hasattr(generator, "__aiter__") else _InThreads(iter(generator), context)


class _InThreads:
    """A sync iterator as an async one. Not a generator, which would have to be closed before what it iterates over."""

    def __init__(self, iterator: Iterator[Any], context: Context) -> None:
        self.iterator = iterator
        self.context = context

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Any:
        item = await run_sync(self.context.run, self._next)
        if item is _END:
            raise StopAsyncIteration
        return item

    def _next(self) -> Any:
        return next(self.iterator, _END)


_END: Any = object()


async def chunks_of(generator: Any, encode: Encode | None) -> Chunks:
    """The items as they are sent; the generator is closed in the end."""
    count = 0
    context = copy_context()
    try:
        async for item in items_of(generator, context):
            yield item if encode is None else encode(item)
            count += 1
            if not count % _ITEMS_BETWEEN_CHECKPOINTS:
                await checkpoint()
    finally:
        await close_generator(generator, context)


async def close_generator(generator: Any, context: Context) -> None:
    """Run what the generator still has in `finally` blocks, now and undisturbed."""
    with anyio.CancelScope(shield=True):
        if hasattr(generator, "aclose"):
            await generator.aclose()
        elif hasattr(generator, "close"):
            await run_in_own_thread(context, generator.close)


class Pinged:
    """A stream that sends a comment when it has been silent, so that proxies keep the connection open."""

    def __init__(self, response: StreamingResponse) -> None:
        self.response = response
        self.last_sent = 0.0
        self.sending = anyio.Lock()

    async def stream_response(self, send: Send) -> None:
        response = self.response
        await send({"type": "http.response.start", "status": response.status_code, "headers": response.raw_headers})
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self.ping, send)
            async for chunk in response.body_iterator:
                self.last_sent = time.monotonic()
                async with self.sending:
                    await send({"type": "http.response.body", "body": chunk, "more_body": True})
            tasks.cancel_scope.cancel()
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def ping(self, send: Send) -> None:
        self.last_sent = time.monotonic()
        interval = sse.PING_INTERVAL
        while True:
            silent = time.monotonic() - self.last_sent
            if silent < interval:
                await anyio.sleep(interval - silent)
                continue
            self.last_sent = time.monotonic()
            async with self.sending:
                await send({"type": "http.response.body", "body": KEEPALIVE_COMMENT, "more_body": True})


async def run_stream(response: StreamingResponse, scope: Scope, receive: Receive, send: Send) -> None:
    """Send the stream; whatever happens, its generator is closed when this returns."""
    iterator: Any = response.body_iterator
    try:
        await response(scope, receive, send)
    finally:
        with anyio.CancelScope(shield=True):
            if hasattr(iterator, "aclose"):
                await iterator.aclose()
