"""WebSocket operations, typed sockets, and the examples under a real server."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any, Generic, TypeVar

import pytest
import websockets
from pydantic import BaseModel, ValidationError
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Receive, Scope, Send

from fastlayer import (
    APIRouter,
    Cookie,
    Depends,
    FastLayer,
    Header,
    Query,
    TypedWebSocket,
    WebSocket,
    WebSocketDisconnect,
    WebSocketException,
)
from fastlayer.testclient import TestClient
from tests.docs.servers import serving


def test_parameters_come_from_path_query_header_and_cookie() -> None:
    app = FastLayer()

    @app.websocket("/{room}")
    async def enter(
        websocket: WebSocket,
        room: int,
        q: Annotated[list[str], Query()],
        x_name: Annotated[str, Header()],
        session: Annotated[str, Cookie()],
    ) -> None:
        await websocket.accept()
        await websocket.send_json([room, q, x_name, session])
        await websocket.close()

    headers = {"x-name": "me", "cookie": "session=s"}
    with TestClient(app).websocket_connect("/3?q=a&q=b", headers=headers) as socket:
        assert socket.receive_json() == [3, ["a", "b"], "me", "s"]


def test_invalid_parameters_close_with_1008_and_a_reason_that_fits_a_frame() -> None:
    app = FastLayer()

    @app.websocket("/")
    async def enter(websocket: WebSocket, room: Annotated[int, Query(alias="é" * 100)]) -> None:
        """Never runs."""

    with pytest.raises(WebSocketDisconnect) as refused, TestClient(app).websocket_connect("/"):
        """Never opens."""
    assert refused.value.code == 1008
    assert isinstance(refused.value.reason, str)
    assert 0 < len(refused.value.reason.encode()) <= 123


def test_dependencies_of_sockets_are_closed_also_when_the_endpoint_fails() -> None:
    events: list[str] = []

    async def opened() -> AsyncIterator[str]:
        try:
            yield "value"
        finally:
            events.append("closed")

    router = APIRouter(dependencies=[Depends(opened)])

    @router.websocket("/fail")
    async def fail(websocket: WebSocket) -> None:
        await websocket.accept()
        raise WebSocketException(4001, "on purpose")

    app = FastLayer()
    app.include_router(router, prefix="/r")

    with TestClient(app).websocket_connect("/r/fail") as socket, pytest.raises(WebSocketDisconnect) as closed:
        socket.receive_text()
    assert (closed.value.code, closed.value.reason) == (4001, "on purpose")
    assert events == ["closed"]


class OddError(Exception):
    pass


def test_router_handlers_and_middleware_are_for_sockets_too() -> None:
    seen: list[str] = []

    class Noting:
        def __init__(self, app: ASGIApp) -> None:
            self.app = app

        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            seen.append(scope["type"])
            await self.app(scope, receive, send)

    router = APIRouter(middleware=[Middleware(Noting)])

    @router.exception_handler(OddError)
    async def odd(websocket: WebSocket, exc: OddError) -> None:
        await websocket.close(4002, "odd")

    @router.websocket("/ws")
    async def fail(websocket: WebSocket) -> None:
        raise OddError

    app = FastLayer()
    app.include_router(router)
    with pytest.raises(WebSocketDisconnect) as refused, TestClient(app).websocket_connect("/ws"):
        """Never opens."""
    assert (refused.value.code, seen) == (4002, ["websocket"])


# --- typed sockets ----------------------------------------------------------------------------------------------


class Question(BaseModel):
    number: int


class Answer(BaseModel):
    square: int


class SecretAnswer(Answer):
    password: str = "secret"


def squares() -> FastLayer:
    app = FastLayer()

    @app.websocket("/squares")
    async def square(socket: TypedWebSocket[Question, Answer], start: int = 0) -> None:
        await socket.accept()
        async for question in socket:
            await socket.send(SecretAnswer(square=start + question.number**2))

    @app.websocket("/patient")
    async def patient(socket: TypedWebSocket[Question, Answer | str]) -> None:
        async def complain(socket: Any, error: ValidationError) -> None:
            await socket.send(error.errors()[0]["type"])

        socket.on_invalid = complain
        await socket.accept()
        await socket.send(Answer(square=(await socket.receive()).number ** 2))
        await socket.close(1001, "enough")

    return app


def test_messages_are_validated_in_and_serialised_out_without_what_is_not_declared() -> None:
    with TestClient(squares()).websocket_connect("/squares?start=1") as socket:
        socket.send_text('{"number": "3"}')
        assert json.loads(socket.receive_text()) == {"square": 10}
        socket.send_bytes(b'{"number": 4}')
        assert json.loads(socket.receive_text()) == {"square": 17}


@pytest.mark.parametrize("message", ["{", "[]", '{"number": "' + "é" * 500 + '"}'])
def test_an_invalid_message_closes_with_1007_and_a_short_reason(message: str) -> None:
    with TestClient(squares()).websocket_connect("/squares") as socket:
        socket.send_text(message)
        with pytest.raises(WebSocketDisconnect) as closed:
            socket.receive_text()
    assert closed.value.code == 1007
    assert 0 < len(closed.value.reason.encode()) <= 123


def test_a_handler_may_take_invalid_messages() -> None:
    with TestClient(squares()).websocket_connect("/patient") as socket:
        socket.send_text('{"number": "many"}')
        assert socket.receive_json() == "int_parsing"
        socket.send_text('{"number": 2}')
        assert socket.receive_json() == {"square": 4}
        with pytest.raises(WebSocketDisconnect) as closed:
            socket.receive_text()
    assert (closed.value.code, closed.value.reason) == (1001, "enough")


def test_a_message_of_another_type_is_never_sent() -> None:
    app = FastLayer()

    @app.websocket("/")
    async def wrong(socket: TypedWebSocket[str, Answer]) -> None:
        await socket.accept()
        await socket.send("no answer")  # type: ignore[arg-type]  # what is tested

    with pytest.raises(ValidationError), TestClient(app).websocket_connect("/"):
        """The server's error comes out when the connection is left."""


# --- the examples, with a real server and a real client ---------------------------------------------------------


@asynccontextmanager
async def connected(address: str, path: str) -> AsyncIterator[Any]:
    async with websockets.connect(address.replace("http", "ws") + path) as socket:
        yield socket


def test_the_echo_example_sends_back_what_it_gets() -> None:
    async def talk(address: str) -> list[str | bytes]:
        async with connected(address, "/echo") as socket:
            answers = []
            for message in ("one", "two", "x" * 70_000):
                await socket.send(message)
                answers.append(await socket.recv())
            return answers

    with serving("docs_src.websockets.echo:app", {}) as address:
        assert asyncio.run(talk(address)) == ["one", "two", "x" * 70_000]


def test_the_chat_example_tells_everybody_and_refuses_what_is_no_message() -> None:
    async def talk(address: str) -> None:
        async with connected(address, "/chat/ann") as ann, connected(address, "/chat/bob") as bob:
            said = [json.loads(await ann.recv()) for _ in range(2)]
            assert said == [{"by": "ann", "text": "came"}, {"by": "bob", "text": "came"}]
            assert json.loads(await bob.recv()) == {"by": "bob", "text": "came"}
            await bob.send('{"text": "hello"}')
            for socket in (ann, bob):
                assert json.loads(await socket.recv()) == {"by": "bob", "text": "hello"}
            await bob.send('{"text": ""}')
            with pytest.raises(websockets.ConnectionClosedError) as closed:
                await bob.recv()
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 1007
            assert closed.value.rcvd.reason.startswith("text: String should have at least 1 character")
            assert json.loads(await ann.recv()) == {"by": "bob", "text": "left"}

    with serving("docs_src.websockets.chat:app", {}) as address:
        asyncio.run(talk(address))


Asked = TypeVar("Asked")
Said = TypeVar("Said")


class Polite(TypedWebSocket[Asked, Said], Generic[Asked, Said]):
    async def greet(self) -> None:
        await self.accept()
        await self.websocket.send_text("welcome")


def test_a_typed_socket_may_be_subclassed_with_its_types_left_open() -> None:
    app = FastLayer()

    @app.websocket("/")
    async def echo(socket: Polite[int, list[int]]) -> None:
        await socket.greet()
        await socket.send([await socket.receive()])

    with TestClient(app).websocket_connect("/") as socket:
        assert socket.receive_text() == "welcome"
        socket.send_text("3")
        assert socket.receive_json() == [3]
