"""Faults injected one by one at every place: `send` fails, the client leaves, the task is cancelled.

Whatever was opened before is closed once, in reverse, before the app returns. The places are counted in a run without a
fault; then each of them fails in a run of its own.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import anyio
import anyio.from_thread
import anyio.lowlevel
import pytest

from fastlayer import BackgroundTasks, Depends, FastLayer, UploadFile, WebSocket, WebSocketDisconnect
from fastlayer.responses import FileResponse, StreamingResponse
from fastlayer.sse import EventSourceResponse

from ..in_memory import http_scope

FORM = (
    b'--edge\r\ncontent-disposition: form-data; name="file"; filename="f"\r\n\r\n'
    + b"a" * 1_200_000
    + b"\r\n--edge--\r\n"
)
PARTS = [FORM[begin : begin + 400_000] for begin in range(0, len(FORM), 400_000)]
ROUTES = ["/json", "/sync", "/upload", "/lines", "/sync-lines", "/events", "/sync-events", "/raw", "/raw-sync"]
ROUTES += ["/file", "/later", "/socket"]
# Starlette writes a large upload in AnyIO's threads. A task cancelled by asyncio itself, not by AnyIO, leaves such a
# thread behind, and the file it is making then is closed by the garbage collector.
NATIVE = [path for path in ROUTES if path != "/upload"]


class Run:
    """One request: what is open now, innermost last, what was done wrong, and the place that fails."""

    def __init__(self, fails: Callable[[], None] | None = None, at: int = 0) -> None:
        self.open: list[str] = []
        self.opened = 0
        self.wrong: list[str] = []
        self.places = 0
        self.fails, self.at = fails, at

    def place(self) -> None:
        self.places += 1
        if self.fails is not None and self.places == self.at:
            self.fails()

    def enter(self, name: str) -> None:
        self.place()
        self.open.append(name)
        self.opened += 1
        self.place()

    def leave(self, name: str) -> None:
        if not self.open or self.open.pop() != name:
            self.wrong.append(f"{name} closed out of order")
        self.place()


class Gone(OSError):
    """What a server raises when it cannot write."""


run = Run()


def dependency(name: str, kind: str, inner: Any = None) -> Callable[..., Any]:
    async def asynchronous(value: Any = inner) -> AsyncIterator[str]:
        await anyio.lowlevel.checkpoint()
        run.enter(name)
        try:
            yield name
        finally:
            run.leave(name)
            await anyio.lowlevel.checkpoint()

    def synchronous(value: Any = inner) -> Iterator[str]:
        run.enter(name)
        try:
            yield name
        finally:
            run.leave(name)

    return asynchronous if kind == "async" else synchronous


def graph() -> Any:
    """Sync and async dependencies of all scopes, one inside the other."""
    found: Any = None
    scopes: list[tuple[Any, str]] = [
        ("request", "sync"),
        ("request", "async"),
        ("response", "async"),
        ("response", "sync"),
        ("function", "sync"),
    ]
    for scope, kind in scopes:
        found = Depends(dependency(f"{scope} {kind}", kind, found), scope=scope)
    return found


GRAPH = graph()
app = FastLayer()


async def items(value: str = GRAPH) -> AsyncIterator[str]:
    run.enter("generator")
    try:
        for number in range(3):
            await anyio.lowlevel.checkpoint()
            yield str(number)
    finally:
        run.leave("generator")


def sync_items(value: str = GRAPH) -> Iterator[str]:
    run.enter("generator")
    try:
        for number in range(3):
            run.place()
            yield str(number)
    finally:
        run.leave("generator")


app.post("/lines")(items)
app.post("/sync-lines")(sync_items)
app.post("/events", response_class=EventSourceResponse)(items)
app.post("/sync-events", response_class=EventSourceResponse)(sync_items)


@app.post("/json")
async def json_endpoint(value: str = GRAPH) -> str:
    await anyio.lowlevel.checkpoint()
    return value


@app.post("/sync")
def sync_endpoint(value: str = GRAPH) -> str:
    run.place()
    return value


@app.post("/upload")
async def upload(file: UploadFile, value: str = GRAPH) -> int:
    return len(await file.read())


@app.post("/raw")
async def raw(value: str = GRAPH) -> StreamingResponse:
    return StreamingResponse(items(value))


@app.post("/raw-sync")
async def raw_sync(value: str = GRAPH) -> StreamingResponse:
    return StreamingResponse(sync_items(value))


@app.post("/file")
async def file(value: str = GRAPH) -> FileResponse:
    return FileResponse(__file__)


@app.post("/later")
async def later(tasks: BackgroundTasks, value: str = GRAPH) -> str:
    tasks.add_task(anyio.lowlevel.checkpoint)
    tasks.add_task(run.place)
    return value


@app.websocket("/socket")
async def socket(socket: WebSocket, value: str = GRAPH) -> None:
    await socket.accept()
    while True:
        await socket.send_text(await socket.receive_text())


async def serve(path: str, *, fails_to_send: int = 0, leaves_after: int | None = None) -> None:
    """Call the app as a server would; the message with this number is not sent, the client leaves after so many."""
    body = list(PARTS) if path == "/upload" else [b""]
    incoming: list[dict[str, Any]] = [
        {"type": "http.request", "body": part, "more_body": number < len(body)} for number, part in enumerate(body, 1)
    ]
    scope = http_scope("POST", path, headers={"content-type": "multipart/form-data; boundary=edge"})
    if path == "/socket":
        scope = {**scope, "type": "websocket", "scheme": "ws", "subprotocols": []}
        incoming = [{"type": "websocket.connect"}, *({"type": "websocket.receive", "text": "a"} for _ in range(2))]
    incoming = incoming[:leaves_after]
    left = anyio.Event()
    sent = 0

    async def receive() -> dict[str, Any]:
        run.place()
        await anyio.lowlevel.checkpoint()
        if incoming:
            return incoming.pop(0)
        if path == "/socket" or leaves_after is not None:
            left.set()
        await left.wait()
        return {"type": "websocket.disconnect" if path == "/socket" else "http.disconnect", "code": 1001}

    async def send(message: Any) -> None:
        nonlocal sent
        sent += 1
        run.place()
        await anyio.lowlevel.checkpoint()
        if sent == fails_to_send:
            left.set()
            raise Gone
        if leaves_after is not None and sent > leaves_after:
            left.set()
        run.place()

    await app(scope, receive, send)


def leaves(error: BaseException) -> list[BaseException]:
    return (
        [leaf for one in error.exceptions for leaf in leaves(one)] if isinstance(error, BaseExceptionGroup) else [error]
    )


async def faulty(path: str, made: Run, **faults: Any) -> None:
    """One run with a fault, after which everything must be closed."""
    global run
    run = made
    descriptors = len(os.listdir("/dev/fd"))
    try:
        await serve(path, **faults)
    except Exception as error:
        assert all(isinstance(leaf, Gone | WebSocketDisconnect) for leaf in leaves(error)), leaves(error)
    assert (run.open, run.wrong) == ([], []), (path, made.at, faults)
    assert len(os.listdir("/dev/fd")) == descriptors, (path, made.at, faults)


@pytest.mark.anyio
@pytest.mark.parametrize("path", ROUTES)
async def test_everything_is_closed_whichever_message_cannot_be_sent(path: str) -> None:
    await faulty(path, Run())
    assert run.opened >= 5
    for number in range(1, 8):
        await faulty(path, Run(), fails_to_send=number)


@pytest.mark.anyio
@pytest.mark.parametrize("path", ROUTES)
async def test_everything_is_closed_whenever_the_client_leaves(path: str) -> None:
    for number in range(path == "/socket", 8):  # a socket that was never asked for has no client
        await faulty(path, Run(), leaves_after=number)


@pytest.mark.anyio
@pytest.mark.parametrize("path", ROUTES)
async def test_everything_is_closed_wherever_the_request_is_cancelled(path: str) -> None:
    await faulty(path, Run())
    tried = 0
    for place in range(1, run.places + 1):
        with anyio.CancelScope() as scope:

            def cancel(scope: anyio.CancelScope = scope) -> None:
                try:
                    anyio.from_thread.run_sync(scope.cancel)
                except RuntimeError:  # not in a worker thread
                    scope.cancel()

            await faulty(path, Run(cancel, place))
        assert (run.open, run.wrong) == ([], []), (path, place)
        tried += 1
    assert tried > 10


@pytest.mark.parametrize("path", NATIVE)
def test_everything_is_closed_wherever_a_server_cancels_the_task(path: str) -> None:
    async def count() -> int:
        await faulty(path, Run())
        return run.places

    async def cancelled_at(place: int) -> None:
        loop = asyncio.get_running_loop()
        task: asyncio.Task[None]

        def cancel() -> None:
            loop.call_soon_threadsafe(task.cancel)

        task = asyncio.create_task(faulty(path, Run(cancel, place)))
        await asyncio.wait([task])
        assert (run.open, run.wrong) == ([], []), (path, place)

    for place in range(1, asyncio.run(count()) + 1):
        asyncio.run(cancelled_at(place))


@pytest.mark.parametrize("path", NATIVE)
def test_everything_is_closed_however_often_a_server_cancels_the_task(path: str) -> None:
    async def cancelled_each(turns: int) -> None:
        task = asyncio.create_task(faulty(path, Run()))
        while not task.done():
            for _ in range(turns):
                await asyncio.sleep(0)
            task.cancel()
        assert (run.open, run.wrong) == ([], []), (path, turns)

    for turns in range(1, 25):
        asyncio.run(cancelled_each(turns))
