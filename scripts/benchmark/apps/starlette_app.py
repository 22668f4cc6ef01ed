"""Starlette by hand: what a competent user writes with Pydantic adapters, orjson and no framework on top."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import orjson
from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.websockets import WebSocket

from ..models import EVENT_ADAPTER, EVENTS, ITEMS, ITEMS_ADAPTER, ORDER_ADAPTER, ROWS
from ..scenarios import ROUTES
from . import plain

Endpoint = Callable[[Request], Any]


def _json(content: Any, status: int = 200) -> Response:
    return Response(orjson.dumps(content), status, media_type="application/json")


def _app(path: str, endpoint: Endpoint, method: str = "GET", middleware: list[Middleware] | None = None) -> Starlette:
    return Starlette(routes=[Route(path, endpoint, methods=[method])], middleware=middleware)


async def _hello(request: Request) -> Response:
    return _json({"hello": "world"})


async def _params(request: Request) -> Response:
    query = request.query_params
    values: dict[str, Any] = {**query, "tags": query.getlist("tags"), "item_id": request.path_params["item_id"]}
    values["x_token"] = request.headers.get("x-token")
    try:
        params = plain.Params.model_validate(values)
    except ValidationError as error:
        return _json(plain.problems(error), 422)
    return _json(params.__dict__)


async def _body(request: Request) -> Response:
    try:
        order = ORDER_ADAPTER.validate_json(await request.body())
    except ValidationError as error:
        return _json(plain.problems(error), 422)
    return Response(ORDER_ADAPTER.dump_json(order), media_type="application/json")


async def _deps(request: Request) -> Response:
    async with plain.session() as db:
        config = await plain.settings()
        name = await plain.user(db, request.headers)
        where = await plain.tenant(name, config)
        await plain.audit(name, where)
        number = await plain.page(request.query_params)
        return _json({"user": name, "tenant": where, "page": number, "open": db["open"]})


def _deps_sync(request: Request) -> Response:
    with plain.session_sync() as db:
        config = plain.settings_sync()
        name = plain.user_sync(db, request.headers)
        where = plain.tenant_sync(name, config)
        plain.audit_sync(name, where)
        number = plain.page_sync(request.query_params)
        return _json({"user": name, "tenant": where, "page": number, "open": db["open"]})


async def _diamond(request: Request) -> Response:
    return _json({"total": await plain.total()})


def _greeting() -> dict[str, str]:
    return {"hello": "world"}


async def _sync(request: Request) -> Response:
    return _json(await run_in_threadpool(_greeting))


async def _list(request: Request) -> Response:
    return Response(ITEMS_ADAPTER.dump_json(ITEMS), media_type="application/json")


async def _rows(request: Request) -> Response:
    return _json(ROWS)


async def _form(request: Request) -> Response:
    form = await request.form()
    return _json({"username": form["username"], "password": form["password"]})


async def _upload(request: Request) -> Response:
    async with request.form() as form:
        file: Any = form["file"]
        return _json({"name": file.filename, "size": len(await file.read())})


def _numbered(number: int) -> Endpoint:
    async def read(request: Request) -> Response:
        return _json({"route": number, "item_id": plain.INTEGER.validate_python(request.path_params["item_id"])})

    return read


def _routes() -> Starlette:
    routes = [Route(f"/r{number}/{{item_id}}", _numbered(number)) for number in range(ROUTES)]
    return Starlette(routes=[Mount("/api", routes=[Mount("/v1", routes=routes)])])


def _tagging(number: int) -> Middleware:
    name, value = f"x-layer-{number}", str(number)

    async def tag(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
        response = await call_next(request)
        response.headers[name] = value
        return response

    return Middleware(BaseHTTPMiddleware, dispatch=tag)


async def _sse(request: Request) -> Response:
    async def stream() -> AsyncIterator[bytes]:
        for event in EVENTS:
            yield b"data: " + EVENT_ADAPTER.dump_json(event) + b"\n\n"

    return StreamingResponse(stream(), media_type="text/event-stream", headers={"cache-control": "no-cache"})


async def _jsonl(request: Request) -> Response:
    async def stream() -> AsyncIterator[bytes]:
        for event in EVENTS:
            yield EVENT_ADAPTER.dump_json(event) + b"\n"

    return StreamingResponse(stream(), media_type="application/jsonl")


async def _echo(websocket: WebSocket) -> None:
    name = await plain.user({}, websocket.headers)
    await websocket.accept()
    async for message in websocket.iter_text():
        await websocket.send_text(f"{name}: {message}")


BUILDERS: dict[str, Callable[[], Any]] = {
    "hello": lambda: _app("/", _hello),
    "params": lambda: _app("/items/{item_id}", _params),
    "body": lambda: _app("/orders", _body, "POST"),
    "deps": lambda: _app("/deps", _deps),
    "deps_sync": lambda: _app("/deps", _deps_sync),
    "diamond": lambda: _app("/diamond", _diamond),
    "sync": lambda: _app("/", _sync),
    "list": lambda: _app("/items", _list),
    "rawlist": lambda: _app("/items", _rows),
    "orjson": lambda: _app("/items", _rows),
    "form": lambda: _app("/login", _form, "POST"),
    "upload": lambda: _app("/upload", _upload, "POST"),
    "error": lambda: _app("/items/{item_id}", _params),
    "routes_first": _routes,
    "routes_last": _routes,
    "middleware": lambda: _app("/", _hello, middleware=[_tagging(number) for number in range(3)]),
    "sse": lambda: _app("/events", _sse),
    "jsonl": lambda: _app("/events", _jsonl),
    "websocket": lambda: Starlette(routes=[WebSocketRoute("/echo", _echo)]),
}
