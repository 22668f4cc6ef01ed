"""Generator endpoints: their formats, validated items, back-pressure, pings, and what happens when they end early."""

import json
import math
import tracemalloc
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator
from contextvars import ContextVar
from typing import Annotated, Any

import anyio
import anyio.lowlevel
import pytest
from pydantic import BaseModel, Field

from fastlayer import Depends, FastLayer, Response, sse
from fastlayer.exceptions import ResponseValidationError
from fastlayer.responses import StreamingResponse
from fastlayer.sse import EventSourceResponse, ServerSentEvent

from ..in_memory import call, http_scope

pytestmark = pytest.mark.anyio


class Item(BaseModel):
    name: str


class Stored(Item):
    password: str = "secret"


async def test_items_leave_as_json_lines_filtered_by_their_type() -> None:
    app = FastLayer()

    @app.get("/async")
    async def asynchronous() -> AsyncIterator[Item]:
        yield Stored(name="a")
        yield {"name": "b", "password": "secret"}  # type: ignore[misc]  # dicts are validated

    @app.get("/sync")
    def synchronous() -> Iterable[Item]:
        yield Stored(name="a")
        yield {"name": "b", "password": "secret"}  # type: ignore[misc]  # dicts are validated

    @app.get("/untyped")
    async def untyped():
        yield Item(name="a")
        yield {"name": "b"}

    for path in ("/async", "/sync", "/untyped"):
        answer = await call(app, path)
        assert answer.headers["content-type"] == "application/jsonl"
        assert [json.loads(line) for line in answer.text.splitlines()] == [{"name": "a"}, {"name": "b"}]


async def test_an_item_that_does_not_fit_ends_the_stream_with_an_error() -> None:
    app = FastLayer()
    closed: list[str] = []

    @app.get("/")
    async def endpoint() -> AsyncIterator[Item]:
        try:
            yield Item(name="a")
            yield {"nome": "b"}  # type: ignore[misc]  # the mistake
        finally:
            closed.append("closed")

    answer = await call(app)
    assert answer.body == b'{"name":"a"}\n'
    assert closed == ["closed"]
    error: Any = answer.raised
    while isinstance(error, BaseExceptionGroup):
        (error,) = error.exceptions
    assert isinstance(error, ResponseValidationError)


async def test_a_scope_without_a_version_is_one_of_an_old_server() -> None:
    app = FastLayer()

    @app.get("/")
    async def endpoint() -> AsyncIterator[int]:
        yield 1

    scope = http_scope("GET", "/")
    del scope["asgi"]
    sent: list[Any] = []

    async def receive() -> Any:
        await anyio.sleep_forever()

    async def send(message: Any) -> None:
        sent.append(message.get("body"))

    await app(scope, receive, send)
    assert sent == [None, b"1\n", b""]


async def test_events_are_written_as_the_format_wants() -> None:
    app = FastLayer()

    @app.get("/", response_class=EventSourceResponse)
    async def endpoint() -> AsyncIterable[Any]:
        yield {"a": "x\ny"}
        yield ServerSentEvent(data=[1], event="named", id="7", retry=10, comment="note")
        yield ServerSentEvent(raw_data="one\ntwo")

    answer = await call(app)
    assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert answer.headers["cache-control"] == "no-cache"
    assert answer.headers["x-accel-buffering"] == "no"
    first, second, third = answer.text.removesuffix("\n\n").split("\n\n")
    assert json.loads(first.removeprefix("data: ")) == {"a": "x\ny"}
    assert set(second.splitlines()) == {": note", "event: named", "data: [1]", "id: 7", "retry: 10"}
    assert third.splitlines() == ["data: one", "data: two"]


@pytest.mark.parametrize("asynchronous", [False, True])
async def test_a_class_of_events_makes_events_of_all_that_has_items(asynchronous: bool) -> None:
    app = FastLayer()
    closed: list[str] = []

    async def later() -> AsyncIterator[Any]:
        try:
            yield 1
            yield ServerSentEvent(data=2, event="e")
        finally:
            closed.append("closed")

    def of(path: str, result: Any, **options: Any) -> None:
        async def in_loop(response: Response) -> Any:
            response.headers["x-injected"] = "1"
            return result

        def in_thread(response: Response) -> Any:
            response.headers["x-injected"] = "1"
            return result

        app.get(path, response_class=EventSourceResponse, status_code=201, **options)(
            in_loop if asynchronous else in_thread
        )

    of("/list", [1, ServerSentEvent(data=2, event="e")])
    of("/events", [ServerSentEvent(data=1), ServerSentEvent(data=2, event="e")], response_model=list[ServerSentEvent])
    of("/generator", later())
    of("/iterator", iter([1, 2]), response_model=None)
    of("/model", [Stored(name="a"), {"name": "b", "password": "secret"}], response_model=list[Item])
    of("/own", EventSourceResponse(iter(["data: own\n\n"])))

    two = "data: 1\n\nevent: e\ndata: 2\n\n"
    for path, text in {
        "/list": two,
        "/events": two,
        "/generator": two,
        "/iterator": "data: 1\n\ndata: 2\n\n",
        "/model": 'data: {"name":"a"}\n\ndata: {"name":"b"}\n\n',
    }.items():
        answer = await call(app, path)
        assert (answer.status, answer.text) == (201, text)
        assert answer.headers["cache-control"] == "no-cache"
        assert answer.headers["x-injected"] == "1"
    assert (await call(app, "/own")).text == "data: own\n\n"
    assert closed == ["closed"]


async def test_a_result_that_cannot_be_events_is_a_server_error() -> None:
    app = FastLayer()

    @app.get("/number", response_class=EventSourceResponse)
    def number() -> Any:
        return 5

    @app.get("/wrong", response_class=EventSourceResponse)
    def wrong() -> list[Item]:
        return [5]  # type: ignore[list-item]  # the mistake

    answer = await call(app, "/number")
    assert answer.status == 500
    assert "number returned 5, which has no items" in str(answer.raised)
    answer = await call(app, "/wrong")
    assert answer.status == 500
    assert isinstance(answer.raised, ResponseValidationError)


class Aliased(BaseModel):
    name: Annotated[str, Field(serialization_alias="theName")] = "é"
    ratio: float = math.nan


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (Aliased(), '{"name":"é","ratio":null}'),  # a model by its names in Python, all else by alias
        ([Aliased()], r'[{"theName": "\u00e9", "ratio": null}]'),
        ({"a": [math.nan, math.inf], math.nan: 1}, '{"a": [null, null], "NaN": 1}'),
        ("é\u2028", r'"\u00e9\u2028"'),
        ("\ud800", r'"\ud800"'),
        (b"\xff", r'"\\xff"'),
        (2**70, "1180591620717411303424"),
        (False, "false"),
    ],
)
async def test_the_data_of_an_event_is_written_as_fastapi_writes_it(data: Any, expected: str) -> None:
    app = FastLayer()

    @app.get("/", response_class=EventSourceResponse)
    async def endpoint() -> AsyncIterator[ServerSentEvent]:
        yield ServerSentEvent(data=data)

    assert (await call(app)).text == f"data: {expected}\n\n"


async def test_typed_events_are_filtered() -> None:
    app = FastLayer()

    @app.get("/", response_class=EventSourceResponse)
    def endpoint() -> Iterator[Item]:
        yield Stored(name="a")

    assert (await call(app)).text == 'data: {"name":"a"}\n\n'


async def test_raw_chunks_leave_as_they_are() -> None:
    class Text(StreamingResponse):
        media_type = "text/x"

    app = FastLayer()

    @app.get("/async", response_class=StreamingResponse, status_code=203)
    async def asynchronous() -> AsyncIterator[bytes | str]:
        yield b"a"
        yield "\xe9"

    @app.get("/sync", response_class=Text)
    def synchronous() -> Iterator[str]:
        yield "a"
        yield "\xe9"

    answer = await call(app, "/async")
    assert (answer.status, answer.chunks) == (203, [b"a", "\xe9".encode()])
    answer = await call(app, "/sync")
    assert answer.headers["content-type"].startswith("text/x")
    assert answer.chunks == [b"a", "\xe9".encode()]


async def test_an_injected_response_says_headers_and_status_of_a_stream() -> None:
    app = FastLayer()

    async def headers(response: Response) -> None:
        response.status_code = 206
        response.headers["x-injected"] = "1"

    @app.get("/", dependencies=[Depends(headers)])
    async def endpoint() -> AsyncIterator[int]:
        yield 1

    answer = await call(app)
    assert (answer.status, answer.headers["x-injected"]) == (206, "1")


async def test_a_generator_without_items_is_an_empty_stream() -> None:
    app = FastLayer()

    @app.get("/")
    async def endpoint() -> AsyncIterator[int]:
        return
        yield

    answer = await call(app)
    assert (answer.status, answer.body) == (200, b"")


@pytest.mark.parametrize("kind", ["async", "sync", "sse", "raw"])
async def test_a_producer_never_runs_ahead_by_more_than_one_item(kind: str) -> None:
    app = FastLayer()
    made = 0
    sent = 0
    ahead = 0

    def step() -> int:
        nonlocal made, ahead
        made += 1
        ahead = max(ahead, made - sent)
        return made

    classes: dict[str, Any] = {"sse": EventSourceResponse, "raw": StreamingResponse}
    options: Any = {"response_class": classes[kind]} if kind in classes else {}

    @app.get("/async", **options)
    async def asynchronous() -> AsyncIterator[Any]:
        for _ in range(50):
            yield str(step())

    @app.get("/sync")
    def synchronous() -> Iterator[str]:
        for _ in range(50):
            yield str(step())

    async def on_send(message: Any) -> None:
        nonlocal sent
        if message.get("body"):
            for _ in range(3):
                await anyio.lowlevel.checkpoint()  # a slow client
            sent += 1

    await call(app, "/sync" if kind == "sync" else "/async", on_send=on_send)
    assert sent == 50
    assert ahead <= 2


async def test_a_long_stream_takes_constant_memory() -> None:
    app = FastLayer()
    peak_early = 0

    @app.get("/")
    async def endpoint() -> AsyncIterator[int]:
        nonlocal peak_early
        for number in range(100_000):
            if number == 1000:
                peak_early = tracemalloc.get_traced_memory()[1]
                tracemalloc.reset_peak()
            yield number

    count = 0

    async def receive() -> Any:
        await anyio.sleep_forever()

    async def send(message: Any) -> None:
        nonlocal count
        count += 1

    await call(app)  # compile first
    count = 0
    tracemalloc.start()
    try:
        await app(http_scope("GET", "/"), receive, send)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert count == 100_002
    assert peak < peak_early + 200_000  # bytes


async def test_a_generator_that_never_waits_lets_others_run_and_can_be_cancelled() -> None:
    app = FastLayer()
    closed: list[str] = []

    @app.get("/")
    async def endless() -> AsyncIterator[int]:
        try:
            while True:
                yield 1
        finally:
            closed.append("closed")

    async def receive() -> Any:
        await anyio.sleep_forever()

    async def send(message: Any) -> None:
        pass

    with anyio.fail_after(30):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(app, http_scope("GET", "/"), receive, send)
            for _ in range(20):
                await anyio.lowlevel.checkpoint()
            tasks.cancel_scope.cancel()
    assert closed == ["closed"]


class Often(EventSourceResponse):
    ping_interval = 0.01


class Never(EventSourceResponse):
    ping_interval = math.inf


@pytest.mark.parametrize("asgi", ["2.3", "2.4"])
@pytest.mark.parametrize("cls", [None, EventSourceResponse, StreamingResponse])
async def test_a_generator_that_has_nothing_to_send_ends_when_the_client_leaves(asgi: str, cls: Any) -> None:
    app = FastLayer()
    closed: list[str] = []

    @app.get("/", **({"response_class": cls} if cls else {}))
    async def endpoint() -> AsyncIterator[str]:
        try:
            yield "a"
            await anyio.sleep_forever()
        finally:
            closed.append("closed")

    with anyio.fail_after(30):
        await call(app, leave_after=1, asgi=asgi)
    assert closed == ["closed"]


@pytest.mark.parametrize(("cls", "interval"), [(EventSourceResponse, 0.01), (Often, 3600.0)])
async def test_a_silent_event_stream_sends_pings(
    monkeypatch: pytest.MonkeyPatch, cls: type[EventSourceResponse], interval: float
) -> None:
    monkeypatch.setattr(sse, "PING_INTERVAL", interval)  # seconds
    app = FastLayer()
    pinged = anyio.Event()

    @app.get("/", response_class=cls)
    async def endpoint() -> AsyncIterator[str]:
        yield "a"
        await pinged.wait()
        yield "b"

    def on_send(message: Any) -> None:
        if message.get("body") == sse.KEEPALIVE_COMMENT:
            pinged.set()

    with anyio.fail_after(30):
        answer = await call(app, on_send=on_send)
    assert answer.chunks[0] == b'data: "a"\n\n'
    assert sse.KEEPALIVE_COMMENT in answer.chunks
    assert answer.chunks[-1] == b'data: "b"\n\n'


@pytest.mark.parametrize("cls", [EventSourceResponse, Never])
async def test_a_ping_never_splits_an_event(monkeypatch: pytest.MonkeyPatch, cls: type[EventSourceResponse]) -> None:
    monkeypatch.setattr(sse, "PING_INTERVAL", 0)  # a ping whenever it may be sent, without a clock
    app = FastLayer()
    inside: list[bytes] = []

    @app.get("/", response_class=cls)
    async def endpoint() -> AsyncIterator[int]:
        for number in range(30):
            for _ in range(number % 7):
                await anyio.lowlevel.checkpoint()
            yield number

    async def on_send(message: Any) -> None:
        inside.append(message.get("body", b"start"))
        assert len(inside) == 1, f"two messages at once: {inside}"
        for _ in range(5):
            await anyio.lowlevel.checkpoint()
        inside.clear()

    answer = await call(app, on_send=on_send)
    assert answer.raised is None
    assert [chunk for chunk in answer.chunks if chunk != sse.KEEPALIVE_COMMENT] == [
        f"data: {number}\n\n".encode() for number in range(30)
    ]
    assert (sse.KEEPALIVE_COMMENT in answer.chunks) is (cls is EventSourceResponse)


@pytest.mark.parametrize("path", ["/sync", "/async"])
async def test_a_context_variable_can_be_set_and_reset_in_a_generator_endpoint(path: str) -> None:
    app = FastLayer()
    variable: ContextVar[str] = ContextVar("variable", default="unset")

    @app.get("/sync")
    def synchronous() -> Iterator[str]:
        token = variable.set("set")
        try:
            yield variable.get()
            yield variable.get()
        finally:
            variable.reset(token)

    @app.get("/async")
    async def asynchronous() -> AsyncIterator[str]:
        token = variable.set("set")
        try:
            yield variable.get()
            yield variable.get()
        finally:
            variable.reset(token)

    answer = await call(app, path)
    assert answer.raised is None
    assert answer.body == b'"set"\n"set"\n'
    await call(app, path, leave_after=1)


async def test_a_middleware_may_replace_the_body_of_a_stream() -> None:
    app = FastLayer()
    closed: list[str] = []

    @app.middleware("http")
    async def shout(request: Any, call_next: Any) -> Any:
        response = await call_next(request)
        inner = response.body_iterator

        async def louder() -> AsyncIterator[bytes]:
            async for chunk in inner:
                yield chunk.upper()

        response.body_iterator = louder()
        return response

    @app.get("/")
    async def endpoint() -> AsyncIterator[str]:
        try:
            yield "a"
        finally:
            closed.append("closed")

    assert (await call(app)).body == b'"A"\n'
    assert closed == ["closed"]


@pytest.mark.parametrize("path", ["/lines", "/events", "/raw", "/returned", "/sync"])
async def test_head_gets_the_headers_of_a_stream_that_is_not_begun(path: str) -> None:
    app = FastLayer(auto_head=True)
    events: list[str] = []

    async def opened() -> AsyncIterator[str]:
        yield "resource"
        events.append("closed")

    async def endless(_: Annotated[str, Depends(opened)]) -> AsyncIterator[str]:
        events.append("begun")
        while True:
            yield "tea"

    def endless_sync(_: Annotated[str, Depends(opened)]) -> Iterator[str]:
        events.append("begun")
        while True:
            yield "tea"

    async def returned(resource: Annotated[str, Depends(opened)]) -> StreamingResponse:
        return StreamingResponse(endless(resource), headers={"x-tea": "yes"})

    app.get("/lines")(endless)
    app.get("/sync")(endless_sync)
    app.get("/events", response_class=EventSourceResponse)(endless)
    app.get("/raw", response_class=StreamingResponse)(endless)
    app.get("/returned")(returned)

    answer = await call(app, path, "HEAD")
    assert (answer.raised, answer.status, answer.body) == (None, 200, b"")
    assert answer.messages[-1]["more_body"] is False
    assert events == ["closed"]
    wanted = {
        "/lines": "application/jsonl",
        "/sync": "application/jsonl",
        "/events": "text/event-stream; charset=utf-8",
    }
    assert answer.headers.get("content-type") == wanted.get(path)
