"""An ASGI application under test: its lifespan, one WebSocket of it, and its dependency overrides. For any backend."""

import json
import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Self

import anyio
from anyio.abc import TaskGroup
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from starlette.types import ASGIApp, Message, Scope
from starlette.websockets import WebSocketDisconnect

from ..exceptions import FastLayerError
from ..resolving import replaced

Overrides = Mapping[Callable[..., Any], Callable[..., Any]]


@contextmanager
def overridden(app: Any, overrides: Overrides | None) -> Iterator[None]:
    """Replace dependencies inside the block, and have the app's own overrides back after it.

    Raises:
        FastLayerError: the app has no `dependency_overrides`, as when middleware was put around it by hand.
    """
    if not overrides:
        yield
        return
    if not hasattr(app, "dependency_overrides"):
        raise FastLayerError(
            f"{type(app).__name__} has no dependency_overrides: pass the FastLayer application itself."
        )
    with replaced(app, overrides):
        yield


class Conversation:
    """An application running in a task, and the messages between it and us."""

    def __init__(self, app: ASGIApp, scope: Scope) -> None:
        self.app = app
        self.scope = scope
        self.error: BaseException | None = None
        self.to_app: MemoryObjectSendStream[Message]
        self.from_app: MemoryObjectReceiveStream[Message]

    async def start(self, tasks: TaskGroup) -> None:
        self.to_app, receive = anyio.create_memory_object_stream[Message](math.inf)
        send, self.from_app = anyio.create_memory_object_stream[Message](math.inf)
        tasks.start_soon(self._run, receive, send)

    async def _run(self, receive: MemoryObjectReceiveStream[Message], send: MemoryObjectSendStream[Message]) -> None:
        with receive, send:
            try:
                await self.app(self.scope, receive.receive, send.send)
            except anyio.get_cancelled_exc_class():
                raise
            except BaseException as exc:
                self.error = exc  # raised where the messages are awaited, not in the task group

    async def next(self) -> Message | None:
        """The next message of the app; None when it has ended. What it raised, is raised."""
        try:
            return await self.from_app.receive()
        except anyio.EndOfStream:
            if self.error is not None:
                raise self.error from None
            return None

    async def tell(self, message: Message) -> None:
        try:
            await self.to_app.send(message)
        except anyio.BrokenResourceError:  # it has ended: `next` says how
            pass

    def close(self) -> None:
        self.to_app.close()
        self.from_app.close()


class RunningLifespan:
    """The lifespan of an app, started; `state` is what it yields to all requests."""

    def __init__(self, app: ASGIApp, tasks: TaskGroup) -> None:
        self.state: dict[str, Any] = {}
        scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": self.state}
        self.conversation = Conversation(app, scope)
        self.tasks = tasks

    async def start(self) -> None:
        """Return when the app has started. What it raises instead, is raised."""
        await self.conversation.start(self.tasks)
        try:
            await self._step("startup")
        except BaseException:
            self.conversation.close()
            raise

    async def stop(self) -> None:
        """Return when the app has shut down. What it raises instead, is raised."""
        try:
            await self._step("shutdown")
        finally:
            self.conversation.close()

    async def _step(self, name: str) -> None:
        await self.conversation.tell({"type": f"lifespan.{name}"})
        message = await self.conversation.next()
        if message is not None and message["type"] == f"lifespan.{name}.failed":
            await self.conversation.next()  # raises what made it fail
            raise FastLayerError(f"The lifespan failed at {name}: {message.get('message', '')}")


class WebSocketSession:
    """A WebSocket that a test holds at the client's end. Made by `AsyncClient.websocket_connect`."""

    def __init__(self, app: ASGIApp, scope: Scope) -> None:
        self.conversation = Conversation(app, scope)
        self.accepted_subprotocol: str | None = None
        self.extra_headers: list[tuple[bytes, bytes]] = []

    async def __aenter__(self) -> Self:
        self._tasks = anyio.create_task_group()
        await self._tasks.__aenter__()
        try:
            await self.conversation.start(self._tasks)
            await self.conversation.tell({"type": "websocket.connect"})
            message = await self._receive("websocket.accept")
        except BaseException as exc:
            await self._end(exc)
            raise
        self.accepted_subprotocol = message.get("subprotocol")
        self.extra_headers = list(message.get("headers", ()))
        return self

    async def __aexit__(self, *exc_info: Any) -> None:
        await self.conversation.tell({"type": "websocket.disconnect", "code": 1000, "reason": ""})
        if exc_info[0] is None:
            with anyio.move_on_after(self.GRACE) as scope:
                while await self.conversation.next() is not None:
                    pass
            if scope.cancelled_caught:
                self._tasks.cancel_scope.cancel()
        await self._end(exc_info[1])

    GRACE = 5.0
    """Seconds the endpoint has to end after the client went away."""

    async def _end(self, exc: BaseException | None) -> None:
        if exc is not None:
            self._tasks.cancel_scope.cancel()
        await self._tasks.__aexit__(None, None, None)
        self.conversation.close()

    async def _receive(self, kind: str) -> Message:
        message = await self.conversation.next()
        if message is None:
            raise WebSocketDisconnect(1000, "The endpoint returned.")
        if message["type"] == "websocket.close":
            raise WebSocketDisconnect(message.get("code", 1000), message.get("reason") or "")
        if message["type"] == "websocket.http.response.start":
            raise WebSocketDisconnect(1006, f"The handshake was answered with status {message['status']}.")
        if message["type"] != kind:
            raise FastLayerError(f"Expected {kind}, and the application sent {message['type']}.")
        return message

    async def send_text(self, text: str) -> None:
        await self.conversation.tell({"type": "websocket.receive", "text": text})

    async def send_bytes(self, data: bytes) -> None:
        await self.conversation.tell({"type": "websocket.receive", "bytes": data})

    async def receive_text(self) -> str:
        """The next text. Raises WebSocketDisconnect when the application closed the socket."""
        return str((await self._receive("websocket.send"))["text"])

    async def receive_bytes(self) -> bytes:
        """The next bytes. Raises WebSocketDisconnect when the application closed the socket."""
        return bytes((await self._receive("websocket.send"))["bytes"])

    async def send_json(self, value: Any) -> None:
        await self.send_text(json.dumps(value))

    async def receive_json(self) -> Any:
        """The next text, parsed. Raises WebSocketDisconnect when the application closed the socket."""
        return json.loads(await self.receive_text())

    async def close(self, code: int = 1000, reason: str = "") -> None:
        await self.conversation.tell({"type": "websocket.disconnect", "code": code, "reason": reason})
