"""Litestar's applications, with its own parameters, dependencies and responses."""
# mypy: disable-error-code="untyped-decorator"

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator
from typing import Annotated, Any

from litestar import Litestar, Request, Response, Router, WebSocket, get, post, websocket
from litestar.datastructures import UploadFile
from litestar.di import Provide
from litestar.enums import RequestEncodingType
from litestar.exceptions import ValidationException, WebSocketDisconnect
from litestar.middleware import DefineMiddleware
from litestar.params import Body, Parameter
from litestar.response import ServerSentEvent, Stream
from litestar.types import ASGIApp, Message, Receive, Scope, Send
from pydantic import BaseModel

from ..models import EVENT_ADAPTER, EVENTS, ITEMS, ROWS, Item, Order
from ..scenarios import ROUTES


class Login(BaseModel):
    """The fields of a form."""

    username: str
    password: str


Token = Annotated[str, Parameter(header="x-token")]


def _app(*handlers: Any, **options: Any) -> Litestar:
    return Litestar([*handlers], openapi_config=None, logging_config=None, **options)


@get("/")
async def _hello() -> dict[str, str]:
    return {"hello": "world"}


@get("/items/{item_id:int}")
async def _params(
    item_id: int,
    tags: list[str],
    x_token: Token,
    skip: Annotated[int, Parameter(ge=0)] = 0,
    limit: Annotated[int, Parameter(ge=1, le=100)] = 10,
    q: Annotated[str | None, Parameter(min_length=3, max_length=50)] = None,
) -> dict[str, Any]:
    return {"item_id": item_id, "skip": skip, "limit": limit, "q": q, "tags": tags, "x_token": x_token}


@post("/orders", status_code=200)
async def _body(data: Order) -> Order:
    return data


async def _settings() -> dict[str, str]:
    return {"domain": "example"}


async def _session() -> AsyncGenerator[dict[str, bool], None]:
    connection = {"open": True}
    yield connection
    connection["open"] = False


async def _user(session: Any, x_token: Token) -> str:
    return x_token


async def _tenant(user: str, settings: Any) -> str:
    return f"{user}@{settings['domain']}"


async def _page(page: Annotated[int, Parameter(ge=1)] = 1) -> int:
    return page


async def _audit(user: str, tenant: str) -> str:
    return f"{user} {tenant}"


@get("/deps")
async def _deps(user: str, tenant: str, number: int, session: Any, audit: str) -> dict[str, Any]:
    return {"user": user, "tenant": tenant, "page": number, "open": session["open"]}


def _settings_sync() -> dict[str, str]:
    return {"domain": "example"}


def _session_sync() -> Generator[dict[str, bool], None, None]:
    connection = {"open": True}
    yield connection
    connection["open"] = False


def _user_sync(session: Any, x_token: Token) -> str:
    return x_token


def _tenant_sync(user: str, settings: Any) -> str:
    return f"{user}@{settings['domain']}"


def _page_sync(page: Annotated[int, Parameter(ge=1)] = 1) -> int:
    return page


def _audit_sync(user: str, tenant: str) -> str:
    return f"{user} {tenant}"


@get("/deps", sync_to_thread=True)
def _deps_sync(user: str, tenant: str, number: int, session: Any, audit: str) -> dict[str, Any]:
    return {"user": user, "tenant": tenant, "page": number, "open": session["open"]}


def _provide(**functions: Any) -> dict[str, Provide]:
    return {name: Provide(function) for name, function in functions.items()}


def _provide_in_threads(session: Any, **functions: Any) -> dict[str, Provide]:
    return {"session": Provide(session)} | {
        name: Provide(function, sync_to_thread=True) for name, function in functions.items()
    }


_ASYNC = {"settings": _settings, "session": _session, "user": _user, "tenant": _tenant, "number": _page}
_SYNC = {"settings": _settings_sync, "user": _user_sync, "tenant": _tenant_sync, "number": _page_sync}


@get("/", sync_to_thread=True)
def _sync() -> dict[str, str]:
    return {"hello": "world"}


@get("/items")
async def _list() -> list[Item]:
    return ITEMS


@get("/items")
async def _rows() -> Any:
    return ROWS


@post("/login", status_code=200)
async def _form(data: Annotated[Login, Body(media_type=RequestEncodingType.URL_ENCODED)]) -> dict[str, str]:
    return {"username": data.username, "password": data.password}


@post("/upload", status_code=200)
async def _upload(data: Annotated[UploadFile, Body(media_type=RequestEncodingType.MULTI_PART)]) -> dict[str, Any]:
    return {"name": data.filename, "size": len(await data.read())}


def _invalid(request: Request[Any, Any, Any], error: ValidationException) -> Response[Any]:
    extra: Any = error.extra or ()
    places = [{"loc": [each.get("source"), each["key"]], "msg": each["message"]} for each in extra]
    return Response({"detail": places}, status_code=422)


@get("/items/{item_id:str}")
async def _strict(
    item_id: Annotated[int, Parameter(ge=1)],
    tags: list[str],
    x_token: Token,
    skip: Annotated[int, Parameter(ge=0)] = 0,
    limit: Annotated[int, Parameter(ge=1, le=100)] = 10,
) -> None:
    return None


def _numbered(number: int) -> Any:
    @get(f"/r{number}/{{item_id:int}}")
    async def read(item_id: int) -> dict[str, int]:
        return {"route": number, "item_id": item_id}

    return read


def _routes() -> Litestar:
    inner = Router("/v1", route_handlers=[_numbered(number) for number in range(ROUTES)])
    return _app(Router("/api", route_handlers=[inner]))


class _Tag:
    def __init__(self, number: int, app: ASGIApp) -> None:
        self._app, self._header = app, (b"x-layer-%d" % number, b"%d" % number)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def tag(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], self._header]
            await send(message)

        await self._app(scope, receive, tag)


@get("/events")
async def _sse() -> ServerSentEvent:
    async def emit() -> AsyncIterator[bytes]:
        for event in EVENTS:
            yield EVENT_ADAPTER.dump_json(event)

    return ServerSentEvent(emit())


@get("/events")
async def _jsonl() -> Stream:
    async def emit() -> AsyncIterator[bytes]:
        for event in EVENTS:
            yield EVENT_ADAPTER.dump_json(event) + b"\n"

    return Stream(emit(), media_type="application/jsonl")


async def _name(x_token: Token) -> str:
    return x_token


@websocket("/echo", dependencies={"name": Provide(_name)})
async def _echo(socket: WebSocket[Any, Any, Any], name: str) -> None:
    await socket.accept()
    try:
        while True:
            await socket.send_text(f"{name}: {await socket.receive_text()}")
    except WebSocketDisconnect:
        return


BUILDERS: dict[str, Callable[[], Any]] = {
    "hello": lambda: _app(_hello),
    "params": lambda: _app(_params),
    "body": lambda: _app(_body),
    "deps": lambda: _app(_deps, dependencies=_provide(**_ASYNC, audit=_audit)),
    "deps_sync": lambda: _app(_deps_sync, dependencies=_provide_in_threads(_session_sync, **_SYNC, audit=_audit_sync)),
    "sync": lambda: _app(_sync),
    "list": lambda: _app(_list),
    "rawlist": lambda: _app(_rows),
    "orjson": lambda: _app(_rows),
    "form": lambda: _app(_form),
    "upload": lambda: _app(_upload),
    "error": lambda: _app(_strict, exception_handlers={ValidationException: _invalid}),
    "routes_first": _routes,
    "routes_last": _routes,
    "middleware": lambda: _app(_hello, middleware=[DefineMiddleware(_Tag, number) for number in range(3)]),
    "sse": lambda: _app(_sse),
    "jsonl": lambda: _app(_jsonl),
    "websocket": lambda: _app(_echo),
}
