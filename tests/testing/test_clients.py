"""TestClient and AsyncClient: lifespans, overrides, sockets, and calls by function, on asyncio and trio."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from enum import Enum
from typing import Annotated, Any, assert_type
from uuid import UUID

import anyio
import pytest
from pydantic import BaseModel, Field

from fastlayer import (
    APIRouter,
    Body,
    Cookie,
    Depends,
    FastLayer,
    FastLayerError,
    File,
    Form,
    Header,
    HTTPException,
    Query,
    Request,
    Response,
    UploadFile,
    WebSocket,
    WebSocketDisconnect,
)
from fastlayer.testclient import AsyncClient, CallError, CallFailed, TestClient, WebSocketSession, overridden

pytestmark = pytest.mark.anyio


class Color(Enum):
    red = "r"


class Item(BaseModel):
    id: int
    name: str = Field(default="tea", alias="itemName")
    tags: list[str] = []


class Filter(BaseModel):
    limit: int = 10
    tags: list[str] = []


class Login(BaseModel):
    user: str
    scopes: list[str] = []


def tenant(x_tenant: Annotated[str, Header()] = "none") -> str:
    return x_tenant


events: list[str] = []


@asynccontextmanager
async def lifespan(app: FastLayer) -> AsyncIterator[dict[str, Any]]:
    events.append("up")
    yield {"greeting": "hello"}
    events.append("down")


app = FastLayer(lifespan=lifespan)
router = APIRouter(prefix="/v1")


@router.get("/items/{id}")
async def read_item(id: int, tenant: Annotated[str, Depends(tenant)], q: str | None = None) -> Item:
    if id == 0:
        raise HTTPException(404, "no item 0")
    return Item(id=id, itemName=f"{tenant} {q}")


@router.post("/items")
def write_item(item: Item, times: int = 1) -> list[Item]:
    return [item] * times


@router.put("/both")
def write_both(first: Item, second: Annotated[Item, Body()], note: Annotated[str, Body()] = "") -> dict[str, Any]:
    return {"first": first.id, "second": second.id, "note": note}


@router.get("/parameters/{path:path}")
def parameters(
    path: str,
    filter: Annotated[Filter, Query()],
    color: Annotated[Color, Header(alias="X-Color")],
    flags: Annotated[list[bool], Header()],
    session: Annotated[str, Cookie()],
) -> dict[str, Any]:
    return {"path": path, "filter": filter, "color": color, "flags": flags, "session": session}


@router.post("/login")
def login(form: Annotated[Login, Form()]) -> Login:
    return form


@router.post("/upload")
async def upload(
    file: UploadFile, more: Annotated[list[UploadFile], File()], note: Annotated[str, Form()]
) -> tuple[str | None, int, int, str]:
    return file.filename, len(await file.read()), len(more), note


@router.get("/stream")
async def stream(count: int) -> AsyncIterator[Item]:
    for number in range(count):
        yield Item(id=number)


@router.delete("/items/{key}", status_code=204)
def remove(key: UUID) -> None: ...


@router.get("/plain")
def plain() -> Response:
    return Response("text")


@router.get("/greeting")
def greeting(request: Request) -> str:
    return str(request.state.greeting)


@router.get("/broken")
def broken() -> None:
    raise ZeroDivisionError


@router.websocket("/echo/{room}")
async def echo(websocket: WebSocket, room: str, tenant: Annotated[str, Depends(tenant)]) -> None:
    if room == "closed":
        await websocket.close(4000, "no such room")
        return
    if room == "broken":
        raise ZeroDivisionError
    await websocket.accept("chat" if "chat" in websocket.scope["subprotocols"] else None)
    await websocket.send_json([room, tenant])
    try:
        while True:
            message = await websocket.receive()
            if message["type"] == "websocket.disconnect":
                events.append(f"left with {message['code']}")
                return
            if message.get("text") == "bye":
                await websocket.close(4001, "bye")
                return
            if message.get("bytes"):
                await websocket.send_bytes(message["bytes"])
            else:
                await websocket.send_text(message["text"].upper())
    finally:
        events.append("ended")


app.include_router(router)


@pytest.fixture(autouse=True)
def no_events() -> None:
    events.clear()


# --- call -------------------------------------------------------------------------------------------------------


async def test_an_endpoint_is_called_by_its_function() -> None:
    async with AsyncClient(app) as client:
        item = await client.call(read_item, id=3, q="a b&c")
        assert_type(item, Item)
        assert item == Item(id=3, itemName="none a b&c")

        items = await client.call(write_item, item=item, times=2)
        assert_type(items, list[Item])
        assert items == [item, item]


def test_the_synchronous_client_calls_as_well() -> None:
    with TestClient(app) as client:
        item = client.call(read_item, id=3, x_tenant="acme")
        assert_type(item, Item)
        assert item.name == "acme None"


async def test_arguments_stand_where_the_signature_says() -> None:
    async with AsyncClient(app) as client:
        assert await client.call(write_both, first=Item(id=1), second=Item(id=2), note="x") == {
            "first": 1,
            "second": 2,
            "note": "x",
        }
        assert await client.call(
            parameters, path="a/b c", filter=Filter(tags=["x", "y"]), color=Color.red, flags=[True, False], session="s"
        ) == {
            "path": "a/b c",
            "filter": {"limit": 10, "tags": ["x", "y"]},
            "color": "r",
            "flags": [True, False],
            "session": "s",
        }
        assert await client.call(login, form=Login(user="u", scopes=["a", "b"])) == Login(user="u", scopes=["a", "b"])


async def test_files_are_given_as_bytes_or_with_a_name() -> None:
    async with AsyncClient(app) as client:
        assert await client.call(upload, file=("a.txt", b"123"), more=[b"1", b"2"], note="n") == ("a.txt", 3, 2, "n")


async def test_streams_empty_answers_and_responses_come_as_what_they_are() -> None:
    async with AsyncClient(app) as client:
        items: Any = await client.call(stream, count=2)
        assert items == [Item(id=0), Item(id=1)]
        nothing: Any = await client.call(remove, key=UUID(int=1))
        assert nothing is None
        assert (await client.call(plain)).text == "text"  # type: ignore[attr-defined]  # a client's response


async def test_an_answer_that_is_an_error_is_raised_with_its_body() -> None:
    async with AsyncClient(app) as client:
        with pytest.raises(CallFailed, match=r"GET http://testserver/v1/items/0 answered 404: .*no item 0") as caught:
            await client.call(read_item, id=0)
    assert caught.value.response.status_code == 404


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"id": 1, "qq": "x"}, "read_item takes no 'qq' from the request. Did you mean 'q'?"),
        ({"id": 1, "absent": "x"}, "read_item takes no 'absent' from the request. It takes x_tenant, id, q."),
        ({"id": 1, "tenant": "x"}, "'tenant' of read_item is what tenant gives, not part of the request"),
        ({"q": "x"}, "read_item is served at /v1/items/{id}, so it needs id=..."),
    ],
)
def test_arguments_that_cannot_be_sent_are_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(CallError) as caught:
        TestClient(app).call(read_item, **arguments)
    assert str(caught.value).startswith(message)


def test_an_endpoint_nobody_serves_is_named() -> None:
    with pytest.raises(CallError, match=r"serves no operation of tenant \(.*test_clients\.py:\d+\)"):
        TestClient(app).call(tenant)


# --- lifespan and overrides -------------------------------------------------------------------------------------


async def test_the_lifespan_runs_around_the_client() -> None:
    async with AsyncClient(app) as client:
        assert events == ["up"]
        assert await client.call(greeting) == "hello"
    assert events == ["up", "down"]


async def test_without_entering_there_is_no_lifespan() -> None:
    client = AsyncClient(app)
    assert (await client.get("/v1/items/1")).status_code == 200
    assert events == []
    await client.aclose()


@asynccontextmanager
async def failing(app: FastLayer) -> AsyncIterator[None]:
    raise LookupError("no database")
    yield


@asynccontextmanager
async def failing_late(app: FastLayer) -> AsyncIterator[None]:
    yield
    raise LookupError("no database")


@pytest.mark.parametrize("lifespan", [failing, failing_late])
async def test_a_lifespan_that_fails_raises_what_it_raised(lifespan: Any) -> None:
    with pytest.raises(LookupError, match="no database"):
        async with AsyncClient(FastLayer(lifespan=lifespan)):
            pass


async def test_an_application_without_lifespan_is_served() -> None:
    async def bare(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            return
        await Response("bare")(scope, receive, send)

    async with AsyncClient(bare) as client:
        assert (await client.get("/")).text == "bare"


async def test_overrides_hold_as_long_as_the_client() -> None:
    app.dependency_overrides[plain] = greeting
    try:
        async with AsyncClient(app, overrides={tenant: lambda: "test"}) as client:
            assert (await client.call(read_item, id=1)).name == "test None"
        with TestClient(app, overrides={tenant: lambda: "sync"}) as sync_client:
            assert sync_client.call(read_item, id=1).name == "sync None"
        assert app.dependency_overrides == {plain: greeting}
    finally:
        app.dependency_overrides.clear()


def test_overrides_need_an_application_that_has_some() -> None:
    with pytest.raises(FastLayerError, match="has no dependency_overrides"), overridden(print, {tenant: plain}):
        pass


def test_overrides_are_taken_back_when_the_start_fails() -> None:
    broken = FastLayer(lifespan=failing)
    with pytest.raises(LookupError), TestClient(broken, overrides={tenant: plain}):
        pass
    assert broken.dependency_overrides == {}


async def test_an_exception_of_the_application_is_raised_unless_its_answer_is_wanted() -> None:
    async with AsyncClient(app) as client:
        with pytest.raises(ZeroDivisionError):
            await client.get("/v1/broken")
    async with AsyncClient(app, raise_server_exceptions=False) as client:
        assert (await client.get("/v1/broken")).status_code == 500


# --- sockets ----------------------------------------------------------------------------------------------------


async def test_a_socket_speaks_text_bytes_and_json() -> None:
    async with (
        AsyncClient(app) as client,
        client.websocket_connect("/v1/echo/a?x=1", ["chat"], headers={"x-tenant": "acme"}) as socket,
    ):
        assert socket.accepted_subprotocol == "chat"
        assert await socket.receive_json() == ["a", "acme"]
        await socket.send_text("hi")
        assert await socket.receive_text() == "HI"
        await socket.send_bytes(b"raw")
        assert await socket.receive_bytes() == b"raw"
        await socket.send_json({"a": 1})
        assert await socket.receive_text() == '{"A": 1}'
    assert events[1:3] == ["left with 1000", "ended"]


async def test_a_socket_is_closed_with_the_clients_code() -> None:
    async with AsyncClient(app) as client, client.websocket_connect("/v1/echo/a") as socket:
        await socket.close(4321)
    assert "left with 4321" in events


async def test_a_socket_closed_by_the_application_says_why() -> None:
    async with AsyncClient(app) as client, client.websocket_connect("/v1/echo/a") as socket:
        await socket.receive_json()
        await socket.send_text("bye")
        with pytest.raises(WebSocketDisconnect) as caught:
            await socket.receive_text()
    assert (caught.value.code, caught.value.reason) == (4001, "bye")


@pytest.mark.parametrize(("path", "code"), [("/v1/echo/closed", 4000), ("/absent", 1000)])
async def test_a_socket_that_is_refused_does_not_open(path: str, code: int) -> None:
    async with AsyncClient(app) as client:
        with pytest.raises(WebSocketDisconnect) as caught:
            async with client.websocket_connect(path):
                pass
    assert caught.value.code == code


async def test_what_a_socket_endpoint_raises_is_raised_in_the_test() -> None:
    async with AsyncClient(app) as client:
        with pytest.raises(ZeroDivisionError):
            async with client.websocket_connect("/v1/echo/broken"):
                pass


async def test_a_failing_test_ends_the_endpoint() -> None:
    with pytest.raises(LookupError):
        async with AsyncClient(app) as client, client.websocket_connect("/v1/echo/a"):
            raise LookupError
    assert "ended" in events


async def test_an_application_that_reports_a_failed_start_is_not_used() -> None:
    async def unwilling(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "lifespan.startup.failed", "message": "no database"})

    with pytest.raises(FastLayerError, match="The lifespan failed at startup: no database"):
        async with AsyncClient(unwilling):
            pass


async def spoken(scope: Any, receive: Any, send: Any) -> None:
    """A lifespan that does nothing, and sockets that end in the way their path says."""
    if scope["type"] == "lifespan":
        return
    await receive()
    if scope["path"] == "/denied":
        await send({"type": "websocket.http.response.start", "status": 401, "headers": []})
    elif scope["path"] == "/odd":
        await send({"type": "websocket.send", "text": "before accepting"})
    elif scope["path"] == "/deaf":
        await send({"type": "websocket.accept"})
        await anyio.sleep_forever()


async def test_a_handshake_answered_with_a_response_says_its_status() -> None:
    async with AsyncClient(spoken) as client:
        with pytest.raises(WebSocketDisconnect) as caught:
            async with client.websocket_connect("/denied"):
                pass
    assert (caught.value.code, caught.value.reason) == (1006, "The handshake was answered with status 401.")


@pytest.mark.parametrize(
    ("path", "error", "message"),
    [
        ("/odd", FastLayerError, "Expected websocket.accept, and the application sent websocket.send."),
        ("/silent", WebSocketDisconnect, "The endpoint returned."),
    ],
)
async def test_an_application_that_does_not_accept_is_reported(path: str, error: Any, message: str) -> None:
    async with AsyncClient(spoken) as client:
        with pytest.raises(error) as caught:
            async with client.websocket_connect(path):
                pass
    assert message in (str(caught.value), getattr(caught.value, "reason", ""))


async def test_an_endpoint_that_does_not_end_is_cancelled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(WebSocketSession, "GRACE", 0)
    async with AsyncClient(spoken) as client, client.websocket_connect("/deaf") as socket:
        assert socket.accepted_subprotocol is None
