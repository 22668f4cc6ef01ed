"""A client without sockets: drives an ASGI app on whatever event loop runs, and keeps every message it sent."""

import json
import os
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import anyio
import anyio.lowlevel

FACTOR = int(os.environ.get("SOAK_FACTOR", "1"))
"""How many times as many examples hypothesis tries; `scripts/soak` asks for more."""


@dataclass
class Answer:
    """What an app sent, and what it raised to the server."""

    messages: list[dict[str, Any]] = field(default_factory=list)
    raised: BaseException | None = None

    @property
    def status(self) -> int:
        return int(self.messages[0]["status"])

    @property
    def headers(self) -> dict[str, str]:
        return {name.decode("latin-1"): value.decode("latin-1") for name, value in self.messages[0]["headers"]}

    def all_of(self, name: str) -> list[str]:
        return [value.decode("latin-1") for key, value in self.messages[0]["headers"] if key == name.encode()]

    @property
    def chunks(self) -> list[bytes]:
        return [bytes(message.get("body", b"")) for message in self.messages[1:] if message.get("body")]

    @property
    def body(self) -> bytes:
        return b"".join(self.chunks)

    @property
    def text(self) -> str:
        return self.body.decode()

    def json(self) -> Any:
        return json.loads(self.body)


Observer = Callable[[dict[str, Any]], Any]


async def call(
    app: Any,
    path: str = "/",
    method: str = "GET",
    *,
    query: Mapping[str, Any] | str = "",
    headers: Mapping[str, str] | None = None,
    body: bytes | list[bytes] = b"",
    data: Any = None,
    on_send: Observer | None = None,
    leave_after: int | None = None,
    asgi: str = "2.3",
    scope: Mapping[str, Any] | None = None,
    state: Mapping[str, Any] | None = None,
) -> Answer:
    """The answer to one request.

    `data` is sent as JSON. `on_send` sees each message before it is kept, and may be async or raise. With
    `leave_after`, the client is gone once it has that many body messages; it says so by `http.disconnect`.
    """
    answer = Answer()
    gone = anyio.Event()
    if leave_after == 0:
        gone.set()
    sent_headers = {**(headers or {})}
    if data is not None:
        body = json.dumps(data).encode()
        sent_headers.setdefault("content-type", "application/json")
    parts = list(body) if isinstance(body, list) else [body]
    bodies = 0

    async def receive() -> dict[str, Any]:
        if parts:
            part = parts.pop(0)
            return {"type": "http.request", "body": part, "more_body": bool(parts)}
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        nonlocal bodies
        if on_send is not None:
            result = on_send(message)
            if hasattr(result, "__await__"):
                await result
        await anyio.lowlevel.checkpoint()
        answer.messages.append(message)
        if message["type"] == "http.response.body":
            bodies += 1
            if (leave_after is not None and bodies >= leave_after) or not message.get("more_body"):
                gone.set()

    try:
        await app(http_scope(method, path, query, sent_headers, asgi, scope, state), receive, send)
    except Exception as exc:
        answer.raised = exc
    return answer


def http_scope(
    method: str,
    path: str,
    query: Mapping[str, Any] | str = "",
    headers: Mapping[str, str] | None = None,
    asgi: str = "2.3",
    more: Mapping[str, Any] | None = None,
    state: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    made: dict[str, Any] = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": asgi},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": (query if isinstance(query, str) else urlencode(query, doseq=True)).encode(),
        "headers": [
            (name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in (headers or {}).items()
        ],
        "client": ("testclient", 50000),
        "server": ("testserver", 80),
    }
    if state is not None:
        made["state"] = dict(state)
    return {**made, **(more or {})}


@asynccontextmanager
async def running(app: Any) -> AsyncIterator[dict[str, Any]]:
    """The state of the app's lifespan, which is open inside the block.

    Raises:
        RuntimeError: start-up or shutdown failed; the message is what the app said.
    """
    to_app, from_test = anyio.create_memory_object_stream[dict[str, Any]](2)
    to_test, from_app = anyio.create_memory_object_stream[dict[str, Any]](2)
    state: dict[str, Any] = {}
    failure: BaseException | None = None

    async def serve() -> None:
        nonlocal failure
        try:
            await app({"type": "lifespan", "asgi": {"version": "3.0"}, "state": state}, from_test.receive, to_test.send)
        except Exception as exc:
            failure = exc
        finally:
            to_test.close()

    async def expect(kind: str) -> None:
        try:
            message = await from_app.receive()
        except anyio.EndOfStream:
            raise RuntimeError("the lifespan ended without an answer") from failure
        if message["type"] != kind:
            raise RuntimeError(message.get("message") or message["type"]) from failure

    async with anyio.create_task_group() as tasks:
        with to_app, from_test, to_test, from_app:
            tasks.start_soon(serve)
            await to_app.send({"type": "lifespan.startup"})
            await expect("lifespan.startup.complete")
            try:
                yield state
            finally:
                with anyio.CancelScope(shield=True):
                    await to_app.send({"type": "lifespan.shutdown"})
                    await expect("lifespan.shutdown.complete")


@dataclass
class Socket:
    """The client's end of a WebSocket in memory."""

    app: Any
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    incoming: list[dict[str, Any]] = field(default_factory=list)
    messages: list[dict[str, Any]] = field(default_factory=list)
    raised: BaseException | None = None

    async def run(self, on_send: Observer | None = None) -> "Socket":
        """Itself, when the app has returned; it was sent `connect`, the incoming messages, then `disconnect`."""
        pending: list[dict[str, Any]] = [{"type": "websocket.connect"}, *self.incoming]

        async def receive() -> dict[str, Any]:
            await anyio.lowlevel.checkpoint()
            return pending.pop(0) if pending else {"type": "websocket.disconnect", "code": 1000, "reason": ""}

        async def send(message: dict[str, Any]) -> None:
            if on_send is not None:
                on_send(message)
            await anyio.lowlevel.checkpoint()
            self.messages.append(message)

        scope = {**http_scope("GET", self.path, self.query, self.headers), "type": "websocket", "subprotocols": []}
        scope["scheme"] = "ws"
        try:
            await self.app(scope, receive, send)
        except Exception as exc:
            self.raised = exc
        return self

    @property
    def sent(self) -> list[str]:
        return [message["text"] for message in self.messages if message["type"] == "websocket.send"]

    @property
    def closed(self) -> int | None:
        for message in self.messages:
            if message["type"] == "websocket.close":
                return int(message["code"])
        return None
