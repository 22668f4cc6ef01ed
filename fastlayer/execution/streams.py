"""Generator endpoints: raw chunks, JSON lines, server-sent events.

The generator is closed before the request is over, however it ends: exhausted, failed, or because the client left.
A producer never runs ahead: the next item is asked for when the last one was sent.
"""

import json
import math
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator, Iterator
from contextvars import Context
from functools import partial
from typing import Any, Self

import anyio
from anyio.lowlevel import checkpoint
from pydantic import BaseModel
from starlette.concurrency import iterate_in_threadpool
from starlette.responses import StreamingResponse
from starlette.types import Message, Receive, Scope, Send

from .. import sse
from ..deep_values import to_plain
from ..encoders import dump_json, jsonable_encoder
from ..exceptions import EndpointContext
from ..operation import Operation
from ..sse import KEEPALIVE_COMMENT, EventSourceResponse, ServerSentEvent, format_sse_event
from ..workers import run_in_worker, worker_context
from .exchange import Exchange, TrackedSend
from .respond import field_renderer, merge_injected, status_of
from .threads import run_in_own_thread

Encode = Callable[[Any], bytes]

# An iterator that never waits would keep every other task from running, and could not be cancelled.
_ITEMS_BETWEEN_CHECKPOINTS = 32


class ItemStream(StreamingResponse):
    """A stream of the values a generator yields, each encoded and sent before the next one is asked for."""

    def __init__(self, generator: Any, encode: Encode, **options: Any) -> None:
        self.generator = generator
        self.encode = encode
        self.chunks = chunks_of(generator, encode)
        super().__init__(self.chunks, **options)

    async def stream_response(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        await self.send_items(send.direct if isinstance(send, TrackedSend) else send)
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def send_items(self, send: Send) -> None:
        """Send the body; unless somebody replaced `body_iterator`, without a second generator: 2 µs less an item."""
        if self.body_iterator is self.chunks and hasattr(self.generator, "__aiter__"):
            encode = self.encode
            count = 0
            async for item in self.generator:
                await send({"type": "http.response.body", "body": encode(item), "more_body": True})
                count += 1
                if not count % _ITEMS_BETWEEN_CHECKPOINTS:
                    await checkpoint()
        else:
            async for chunk in self.body_iterator:
                body = chunk if isinstance(chunk, bytes) else str(chunk).encode()
                await send({"type": "http.response.body", "body": body, "more_body": True})


class JSONLinesResponse(ItemStream):
    """One JSON value a line (`application/jsonl`)."""

    media_type = "application/jsonl"


class EventStream(ItemStream, EventSourceResponse):
    """Server-sent events. After a silence it sends a comment, so that proxies keep the connection open."""

    media_type = EventSourceResponse.media_type
    send: Send
    last_sent = 0.0
    ping_done: anyio.Event | None = None
    is_sending = False

    async def send_items(self, send: Send) -> None:
        self.send = send
        async with anyio.create_task_group() as tasks:
            if self.ping_interval != math.inf:
                tasks.start_soon(self._ping, send)
            await super().send_items(self.send_alone)
            self.is_sending = True
            if self.ping_done is not None:
                await self.ping_done.wait()
            tasks.cancel_scope.cancel()

    async def send_alone(self, message: Message) -> None:
        """Send it, and no ping meanwhile."""
        self.is_sending = True  # before waiting: else the next ping might begin while this task still wakes up
        if self.ping_done is not None:
            await self.ping_done.wait()
        await self.send(message)
        self.is_sending = False
        self.last_sent = time.monotonic()

    async def _ping(self, send: Send) -> None:
        self.last_sent = time.monotonic()
        interval = sse.PING_INTERVAL if self.ping_interval is None else self.ping_interval
        while True:
            silence = time.monotonic() - self.last_sent
            if silence < interval or self.is_sending:
                await anyio.sleep(max(interval - silence, interval / 10))
                continue
            self.ping_done = anyio.Event()
            await send({"type": "http.response.body", "body": KEEPALIVE_COMMENT, "more_body": True})
            self.last_sent = time.monotonic()
            self.ping_done.set()
            self.ping_done = None


def stream_responder(operation: Operation, context: EndpointContext) -> Callable[[Any, Exchange], StreamingResponse]:
    """Generator -> response, chosen once for the route."""
    status_code = operation.options.get("status_code")
    cls: Any = operation.response_class
    encode: Encode | None = None
    if operation.is_sse_stream:
        cls = EventStream if cls is EventSourceResponse else type(cls.__name__, (EventStream, cls), {})
        encode = event_encoder(_item_encoder(operation, context))
    elif operation.is_json_stream:
        cls, encode = JSONLinesResponse, line_encoder(_item_encoder(operation, context))

    def respond(generator: Any, exchange: Exchange) -> StreamingResponse:
        status = status_of(exchange, status_code)
        response: StreamingResponse
        if encode is None:
            response = cls(chunks_of(generator, None), status_code=status)
        else:
            response = cls(generator, encode, status_code=status)
        if operation.is_sse_stream:
            response.headers["cache-control"] = "no-cache"
            response.headers["x-accel-buffering"] = "no"
        merge_injected(exchange, response)
        return response

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
        data = _model_text(event.data) if isinstance(event.data, BaseModel) else _spaced_text(event.data)
    return format_sse_event(data_str=data, event=event.event, id=event.id, retry=event.retry, comment=event.comment)


def _model_text(data: BaseModel) -> str:
    """A model by its names in Python, as FastAPI writes the data of events, unlike other items."""
    try:
        return data.model_dump_json()
    except ValueError:  # deep, or text that is no UTF-8
        return dump_json(to_plain(data.__pydantic_serializer__.to_python, data)).decode()


def _spaced_text(data: Any) -> str:
    """JSON with spaces in ASCII, as FastAPI writes the data of events."""
    try:
        return json.dumps(jsonable_encoder(data), allow_nan=False)
    except (ValueError, RecursionError):  # for some of these there is JSON
        written = dump_json(data)
    try:
        return json.dumps(json.loads(written))
    except RecursionError:
        return written.decode()


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
        item = await run_in_worker(partial(self.context.run, self._next))
        if item is _END:
            raise StopAsyncIteration
        return item

    def _next(self) -> Any:
        return next(self.iterator, _END)


_END: Any = object()


async def chunks_of(generator: Any, encode: Encode | None) -> AsyncGenerator[Any, None]:
    """The items as they are sent; the generator is closed in the end."""
    count = 0
    context = worker_context()
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


async def run_stream(response: StreamingResponse, scope: Scope, receive: Receive, send: Send) -> None:
    """Send the stream; whatever happens, its generator is closed when this returns.

    A HEAD request gets the headers only (RFC 9110, 9.3.2), and the generator, which may never end, is not begun.
    """
    generator = _sync_generator_of(response.body_iterator)
    if generator is not None:
        response.body_iterator = chunks_of(generator, None)
    body = response.body_iterator
    if scope["method"] == "HEAD":
        response.body_iterator = _nothing()
    try:
        await response(scope, receive, send)
    finally:
        if body is not response.body_iterator:
            await close_generator(body, worker_context())
        await close_generator(response.body_iterator, worker_context())
        if isinstance(response, ItemStream):
            await close_generator(response.generator, worker_context())


async def _nothing() -> AsyncGenerator[bytes, None]:
    no_chunks: tuple[bytes, ...] = ()
    for chunk in no_chunks:
        yield chunk


def _sync_generator_of(body: Any) -> Generator[Any, None, None] | None:
    """The generator a StreamingResponse was given, if it is a sync one.

    Starlette wraps it so that closing the body leaves it to the garbage collector, which a thread may keep waiting.
    """
    frame = body.ag_frame if getattr(body, "ag_code", None) is iterate_in_threadpool.__code__ else None
    content = frame.f_locals.get("iterator") if frame is not None else None
    return content if isinstance(content, Generator) else None
