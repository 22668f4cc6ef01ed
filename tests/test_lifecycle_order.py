"""The order of DESIGN §4 as recorded: resolve, operation, send, teardown, background, for every kind of endpoint.

One graph serves all cases: `request` ← `response` ← `function`, a dependency of each lifetime, as async and as sync
generators. Events are appended by the dependencies, the endpoints, the background task and the client.
"""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import anyio
import pytest

from fastlayer import BackgroundTasks, Depends, FastLayer, HTTPException, WebSocket
from fastlayer.responses import StreamingResponse
from fastlayer.sse import EventSourceResponse

from .in_memory import Answer, Socket, call
from .yielding import KINDS, watched

pytestmark = pytest.mark.anyio

Events = list[str]

OPENED = ["open request", "open response", "open function"]
STREAMS = ["/jsonl", "/sse", "/raw", "/raw-sync"]


class Broken(Exception):
    pass


def recorded(name: str, events: Events, kind: str, inner: Any = None) -> Callable[..., Any]:
    """A dependency that records when it is opened and closed, and what was thrown into it."""

    def closed(failure: BaseException | None) -> None:
        events.append(f"close {name}" + (f" with {type(failure).__name__}" if failure else ""))

    return watched(kind, lambda: events.append(f"open {name}"), closed, inner)


def application(events: Events, kind: str) -> FastLayer:
    request = Depends(recorded("request", events, kind), scope="request")
    response = Depends(recorded("response", events, kind, request), scope="response")
    function = Depends(recorded("function", events, kind, response), scope="function")
    app = FastLayer()

    async def background() -> None:
        events.append("background")

    @app.get("/plain")
    async def plain(tasks: BackgroundTasks, value: Any = function) -> str:
        tasks.add_task(background)
        events.append("operation")
        return "x"

    @app.get("/sync")
    def sync(tasks: BackgroundTasks, value: Any = function) -> str:
        tasks.add_task(background)
        events.append("operation")
        return "x"

    @app.get("/raises")
    async def raises(tasks: BackgroundTasks, value: Any = function) -> None:
        tasks.add_task(background)
        events.append("operation")
        raise Broken

    @app.get("/refuses")
    async def refuses(tasks: BackgroundTasks, value: Any = function) -> None:
        tasks.add_task(background)
        events.append("operation")
        raise HTTPException(418)

    @app.get("/number/{number}")
    async def number(number: int, value: Any = function) -> None:
        events.append("operation")

    @app.get("/wrong", response_model=int)
    async def wrong(value: Any = function) -> Any:
        events.append("operation")
        return "no number"

    @app.get("/waits")
    async def waits(tasks: BackgroundTasks, value: Any = function) -> None:
        tasks.add_task(background)
        events.append("operation")
        await anyio.sleep_forever()

    @contextmanager
    def producing() -> Iterator[None]:
        events.append("first item")
        try:
            yield
        finally:
            events.append("generator ended")

    async def items() -> AsyncIterator[str]:
        with producing():
            yield "a"
            yield "b"

    async def stream(tasks: BackgroundTasks, value: Any = function) -> AsyncIterator[str]:
        tasks.add_task(background)
        with producing():
            yield "a"
            yield "b"

    def sync_stream(tasks: BackgroundTasks, value: Any = function) -> Iterator[str]:
        tasks.add_task(background)
        with producing():
            yield "a"
            yield "b"

    app.get("/jsonl")(stream)
    app.get("/sse", response_class=EventSourceResponse)(stream)
    app.get("/raw", response_class=StreamingResponse)(stream)
    app.get("/raw-sync", response_class=StreamingResponse)(sync_stream)

    @app.get("/returned")
    async def returned(tasks: BackgroundTasks, value: Any = function) -> StreamingResponse:
        tasks.add_task(background)
        events.append("operation")
        return StreamingResponse(items())

    @app.websocket("/socket")
    async def socket(websocket: WebSocket, value: Any = function) -> None:
        await websocket.accept()
        events.append("operation")
        await websocket.send_text("x")

    @app.websocket("/socket/raises")
    async def socket_raises(websocket: WebSocket, value: Any = function) -> None:
        events.append("operation")
        raise Broken

    @app.websocket("/socket/{number}")
    async def socket_number(websocket: WebSocket, number: int, value: Any = function) -> None:
        events.append("operation")

    return app


class Recorder:
    """The events of one case, the client's among them."""

    def __init__(self, kind: str) -> None:
        self.events: Events = []
        self.app = application(self.events, kind)

    def on_send(self, message: Any) -> None:
        kind = message["type"].rpartition(".")[2]
        if kind == "body":
            self.events.append("send chunk" if message.get("more_body") else "send end")
        elif kind != "accept":
            self.events.append(f"send {message.get('status', kind)}")

    async def get(self, path: str, **options: Any) -> Answer:
        return await call(self.app, path, on_send=self.on_send, **options)

    async def connect(self, path: str) -> Socket:
        return await Socket(self.app, path).run(self.on_send)


@pytest.fixture(params=KINDS)
def recorder(request: pytest.FixtureRequest) -> Recorder:
    return Recorder(request.param)


@pytest.mark.parametrize("path", ["/plain", "/sync"])
async def test_a_plain_request_goes_through_the_order_of_the_specification(recorder: Recorder, path: str) -> None:
    assert (await recorder.get(path)).status == 200
    assert recorder.events == [
        *OPENED,
        "operation",
        "close function",
        "send 200",
        "send end",
        "close response",
        "background",
        "close request",
    ]


@pytest.mark.parametrize("path", STREAMS)
async def test_a_generator_endpoint_keeps_everything_open_until_it_ended(recorder: Recorder, path: str) -> None:
    assert (await recorder.get(path)).status == 200
    assert recorder.events == [
        *OPENED,
        "send 200",
        "first item",
        "send chunk",
        "send chunk",
        "generator ended",
        "send end",
        "close function",
        "close response",
        "background",
        "close request",
    ]


async def test_a_returned_stream_is_sent_after_the_function_scope_closed(recorder: Recorder) -> None:
    assert (await recorder.get("/returned")).body == b"ab"
    assert recorder.events == [
        *OPENED,
        "operation",
        "close function",
        "send 200",
        "first item",
        "send chunk",
        "send chunk",
        "generator ended",
        "send end",
        "close response",
        "background",
        "close request",
    ]


async def test_an_exception_is_thrown_into_every_scope_before_it_is_answered(recorder: Recorder) -> None:
    answer = await recorder.get("/raises")
    assert isinstance(answer.raised, Broken)
    assert recorder.events == [
        *OPENED,
        "operation",
        "close function with Broken",
        "close response with Broken",
        "close request with Broken",
        "send 500",
        "send end",
    ]


async def test_an_http_exception_is_thrown_in_and_answered_and_starts_no_background_task(recorder: Recorder) -> None:
    assert (await recorder.get("/refuses")).status == 418
    assert recorder.events == [
        *OPENED,
        "operation",
        "close function with HTTPException",
        "close response with HTTPException",
        "close request with HTTPException",
        "send 418",
        "send end",
    ]


async def test_an_invalid_request_resolves_its_dependencies_and_closes_them_without_the_operation(
    recorder: Recorder,
) -> None:
    assert (await recorder.get("/number/none")).status == 422
    assert recorder.events == [
        *OPENED,
        "close function with RequestValidationError",
        "close response with RequestValidationError",
        "close request with RequestValidationError",
        "send 422",
        "send end",
    ]


async def test_a_wrong_result_is_thrown_in_like_any_exception(recorder: Recorder) -> None:
    await recorder.get("/wrong")
    assert recorder.events == [
        *OPENED,
        "operation",
        "close function with ResponseValidationError",
        "close response with ResponseValidationError",
        "close request with ResponseValidationError",
        "send 500",
        "send end",
    ]


@pytest.mark.parametrize("path", STREAMS)
@pytest.mark.parametrize("asgi", ["2.3", "2.4"])
async def test_when_the_client_leaves_a_stream_the_generator_ends_first(
    recorder: Recorder, path: str, asgi: str
) -> None:
    def on_send(message: Any) -> None:
        if asgi == "2.4" and recorder.events.count("send chunk") == 1:
            raise OSError("gone")  # how servers of ASGI 2.4 say it
        recorder.on_send(message)

    await call(recorder.app, path, on_send=on_send, asgi=asgi, leave_after=1)
    assert recorder.events.count("generator ended") == 1
    ended = recorder.events.index("generator ended")
    assert recorder.events[: len(OPENED)] == OPENED
    assert [event.split(" with")[0] for event in recorder.events[ended + 1 :] if event.startswith("close")] == [
        "close function",
        "close response",
        "close request",
    ]
    assert [event for event in recorder.events[:ended] if event.startswith("close")] == []


async def test_a_cancelled_request_closes_everything_in_order(recorder: Recorder) -> None:
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(recorder.get, "/waits")
        while "operation" not in recorder.events:
            await anyio.lowlevel.checkpoint()
        tasks.cancel_scope.cancel()
    assert [event.split(" with")[0] for event in recorder.events] == [
        *OPENED,
        "operation",
        "close function",
        "close response",
        "close request",
    ]
    assert all(" with " in event for event in recorder.events[-3:])


async def test_a_cancelled_stream_closes_everything_in_order(recorder: Recorder) -> None:
    waiting = anyio.Event()

    async def on_send(message: Any) -> None:
        recorder.on_send(message)
        if recorder.events[-1] == "send chunk":
            waiting.set()
            await anyio.sleep_forever()

    async def get() -> None:
        await call(recorder.app, "/jsonl", on_send=on_send)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(get)
        await waiting.wait()
        tasks.cancel_scope.cancel()
    assert [event.split(" with")[0] for event in recorder.events] == [
        *OPENED,
        "send 200",
        "first item",
        "send chunk",
        "generator ended",
        "close function",
        "close response",
        "close request",
    ]


async def test_a_websocket_closes_its_scopes_after_the_endpoint_in_reverse(recorder: Recorder) -> None:
    assert (await recorder.connect("/socket")).sent == ["x"]
    assert recorder.events == [
        *OPENED,
        "operation",
        "send send",
        "close function",
        "close response",
        "close request",
    ]


async def test_what_a_websocket_raises_is_thrown_into_its_scopes(recorder: Recorder) -> None:
    assert isinstance((await recorder.connect("/socket/raises")).raised, Broken)
    assert recorder.events[: len(OPENED) + 4] == [
        *OPENED,
        "operation",
        "close function with Broken",
        "close response with Broken",
        "close request with Broken",
    ]


async def test_an_invalid_handshake_closes_its_scopes_before_the_socket(recorder: Recorder) -> None:
    assert (await recorder.connect("/socket/none")).closed == 1008
    error = "with WebSocketRequestValidationError"
    assert recorder.events == [
        *OPENED,
        f"close function {error}",
        f"close response {error}",
        f"close request {error}",
        "send close",
    ]


async def test_each_scope_closes_in_reverse_of_opening() -> None:
    events: Events = []
    app = FastLayer()
    first = Depends(recorded("1", events, "async"))
    second = Depends(recorded("2", events, "sync"))
    third = Depends(recorded("3", events, "async"))

    @app.get("/", dependencies=[first])
    async def endpoint(b: Any = second, c: Any = third) -> None:
        events.append("operation")

    await call(app)
    assert events == ["open 1", "open 2", "open 3", "operation", "close 3", "close 2", "close 1"]


async def test_a_response_with_background_tasks_of_its_own_runs_the_injected_ones_first() -> None:
    events: Events = []
    app = FastLayer()

    @app.get("/", dependencies=[Depends(recorded("response", events, "async"))])
    async def endpoint(tasks: BackgroundTasks) -> StreamingResponse:
        own = BackgroundTasks()
        own.add_task(events.append, "own")
        tasks.add_task(events.append, "injected")
        return StreamingResponse(iter(["x"]), background=own)

    await call(app)
    assert events == ["open response", "close response", "injected", "own"]


async def test_a_failing_background_task_is_thrown_only_into_the_request_scope() -> None:
    app = FastLayer()
    events: Events = []
    request = Depends(recorded("request", events, "async"), scope="request")
    response = Depends(recorded("response", events, "async"), scope="response")

    def fails() -> None:
        raise Broken

    @app.get("/")
    async def endpoint(tasks: BackgroundTasks, a: Any = request, b: Any = response) -> str:
        tasks.add_task(fails)
        return "x"

    answer = await call(app)
    assert answer.json() == "x"
    assert events == ["open request", "open response", "close response", "close request with Broken"]
