"""BlackSheep's applications; its parameters have no bounds, so those are checked in the handler."""
# mypy: disable-error-code="untyped-decorator"

from collections.abc import AsyncIterator, Callable
from typing import Any

import orjson
from blacksheep import (
    Application,
    Content,
    FromForm,
    FromHeader,
    Request,
    Response,
    Router,
    StreamedContent,
    WebSocket,
    WebSocketDisconnectError,
)
from blacksheep.server.responses import bad_request
from blacksheep.server.sse import ServerSentEvent, ServerSentEventsResponse, TextServerSentEvent
from blacksheep.settings.json import json_settings
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool

from ..models import EVENT_ADAPTER, EVENTS, ITEMS, ITEMS_ADAPTER, ORDER_ADAPTER, ROWS, Order
from ..scenarios import ROUTES


class Token(FromHeader[str]):
    """The header `x-token`."""

    name = "x-token"


class Login(BaseModel):
    """The fields of a form."""

    username: str
    password: str


_settings: Any = json_settings  # its `use` is untyped
_settings.use(loads=orjson.loads, dumps=lambda content: orjson.dumps(content).decode())


def _app(path: str, handler: Any, method: str = "GET") -> Application:
    app = Application(router=Router())
    app.router.add(method, path, handler)
    return app


async def _hello() -> dict[str, str]:
    return {"hello": "world"}


async def _params(
    item_id: int, tags: list[str], x_token: Token, skip: int = 0, limit: int = 10, q: str | None = None
) -> Any:
    if item_id < 1 or skip < 0 or not 1 <= limit <= 100 or (q is not None and not 3 <= len(q) <= 50):
        return bad_request("a parameter is out of its bounds")
    return {"item_id": item_id, "skip": skip, "limit": limit, "q": q, "tags": tags, "x_token": x_token.value}


async def _body(data: Order) -> Response:
    return Response(200, content=Content(b"application/json", ORDER_ADAPTER.dump_json(data)))


def _greeting() -> dict[str, str]:
    return {"hello": "world"}


async def _sync() -> dict[str, str]:
    return await run_in_threadpool(_greeting)


async def _list() -> Response:
    return Response(200, content=Content(b"application/json", ITEMS_ADAPTER.dump_json(ITEMS)))


async def _rows() -> Any:
    return ROWS


async def _form(data: FromForm[Login]) -> dict[str, str]:
    return {"username": data.value.username, "password": data.value.password}


async def _upload(request: Request) -> dict[str, Any]:
    part = (await request.multipart() or [])[0]
    content = part.data if isinstance(part.data, bytes) else part.data.read()
    return {"name": (part.file_name or b"").decode(), "size": len(content)}


def _numbered(number: int) -> Any:
    async def read(item_id: int) -> dict[str, int]:
        return {"route": number, "item_id": item_id}

    return read


def _routes() -> Application:
    app = Application(router=Router())
    for number in range(ROUTES):
        app.router.add("GET", f"/api/v1/r{number}/{{item_id}}", _numbered(number))
    return app


def _tagging(number: int) -> Any:
    name, value = b"x-layer-%d" % number, b"%d" % number

    async def tag(request: Request, handler: Any) -> Response:
        response: Response = await handler(request)
        response.add_header(name, value)
        return response

    return tag


def _middleware() -> Application:
    app = _app("/", _hello)
    app.middlewares.extend(_tagging(number) for number in range(3))
    return app


async def _sse() -> Response:
    async def emit() -> AsyncIterator[ServerSentEvent]:
        for event in EVENTS:
            yield TextServerSentEvent(EVENT_ADAPTER.dump_json(event).decode())

    return ServerSentEventsResponse(emit)


async def _jsonl() -> Response:
    async def emit() -> AsyncIterator[bytes]:
        for event in EVENTS:
            yield EVENT_ADAPTER.dump_json(event) + b"\n"

    return Response(200, content=StreamedContent(b"application/jsonl", emit))


async def _echo(websocket: WebSocket, name: Token) -> None:
    await websocket.accept()
    try:
        while True:
            await websocket.send_text(f"{name.value}: {await websocket.receive_text()}")
    except WebSocketDisconnectError:
        return


def _socket() -> Application:
    app = Application(router=Router())
    app.router.add_ws("/echo", _echo)
    return app


BUILDERS: dict[str, Callable[[], Any]] = {
    "hello": lambda: _app("/", _hello),
    "params": lambda: _app("/items/{item_id}", _params),
    "body": lambda: _app("/orders", _body, "POST"),
    "sync": lambda: _app("/", _sync),
    "list": lambda: _app("/items", _list),
    "rawlist": lambda: _app("/items", _rows),
    "orjson": lambda: _app("/items", _rows),
    "form": lambda: _app("/login", _form, "POST"),
    "upload": lambda: _app("/upload", _upload, "POST"),
    "routes_first": _routes,
    "routes_last": _routes,
    "middleware": _middleware,
    "sse": lambda: _app("/events", _sse),
    "jsonl": lambda: _app("/events", _jsonl),
    "websocket": _socket,
}
