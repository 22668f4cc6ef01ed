"""Falcon's ASGI applications; it has no dependency injection, and no WebSocket dependency to compare."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import orjson
from falcon import asgi, media
from starlette.concurrency import run_in_threadpool

from ..models import EVENT_ADAPTER, EVENTS, ITEMS, ITEMS_ADAPTER, ORDER_ADAPTER, ROWS
from ..scenarios import ROUTES


def _app(path: str, resource: Any, middleware: Any = None) -> asgi.App[Any, Any]:
    app = asgi.App(middleware=middleware)
    handlers = {"application/json": media.JSONHandler(dumps=orjson.dumps, loads=orjson.loads)}
    app.req_options.media_handlers.update(handlers)
    app.resp_options.media_handlers.update(handlers)
    app.add_route(path, resource)
    return app


class _Hello:
    async def on_get(self, req: Any, resp: Any) -> None:
        resp.media = {"hello": "world"}


class _Params:
    async def on_get(self, req: Any, resp: Any, item_id: int) -> None:
        resp.media = {
            "item_id": item_id,
            "skip": req.get_param_as_int("skip", min_value=0, default=0),
            "limit": req.get_param_as_int("limit", min_value=1, max_value=100, default=10),
            "q": req.get_param("q"),
            "tags": req.get_param_as_list("tags", required=True),
            "x_token": req.get_header("x-token", required=True),
        }


class _Body:
    async def on_post(self, req: Any, resp: Any) -> None:
        order = ORDER_ADAPTER.validate_json(await req.bounded_stream.read())
        resp.data = ORDER_ADAPTER.dump_json(order)


def _greeting() -> dict[str, str]:
    return {"hello": "world"}


class _Sync:
    async def on_get(self, req: Any, resp: Any) -> None:
        resp.media = await run_in_threadpool(_greeting)


class _List:
    async def on_get(self, req: Any, resp: Any) -> None:
        resp.data = ITEMS_ADAPTER.dump_json(ITEMS)


class _Rows:
    async def on_get(self, req: Any, resp: Any) -> None:
        resp.media = ROWS


class _Form:
    async def on_post(self, req: Any, resp: Any) -> None:
        form = await req.get_media()
        resp.media = {"username": form["username"], "password": form["password"]}


class _Upload:
    async def on_post(self, req: Any, resp: Any) -> None:
        async for part in await req.get_media():
            resp.media = {"name": part.filename, "size": len(await part.stream.read())}


class _Numbered:
    def __init__(self, number: int) -> None:
        self._number = number

    async def on_get(self, req: Any, resp: Any, item_id: int) -> None:
        resp.media = {"route": self._number, "item_id": item_id}


def _routes() -> asgi.App[Any, Any]:
    app = _app("/", _Hello())
    for number in range(ROUTES):
        app.add_route(f"/api/v1/r{number}/{{item_id:int}}", _Numbered(number))
    return app


class _Tag:
    def __init__(self, number: int) -> None:
        self._name, self._value = f"x-layer-{number}", str(number)

    async def process_response(self, req: Any, resp: Any, resource: Any, succeeded: bool) -> None:
        resp.set_header(self._name, self._value)


class _Events:
    async def on_get(self, req: Any, resp: Any) -> None:
        async def emit() -> AsyncIterator[asgi.SSEvent]:
            for event in EVENTS:
                yield asgi.SSEvent(data=EVENT_ADAPTER.dump_json(event))

        resp.sse = emit()


class _Lines:
    async def on_get(self, req: Any, resp: Any) -> None:
        async def emit() -> AsyncIterator[bytes]:
            for event in EVENTS:
                yield EVENT_ADAPTER.dump_json(event) + b"\n"

        resp.content_type = "application/jsonl"
        resp.stream = emit()


BUILDERS: dict[str, Callable[[], Any]] = {
    "hello": lambda: _app("/", _Hello()),
    "params": lambda: _app("/items/{item_id:int}", _Params()),
    "body": lambda: _app("/orders", _Body()),
    "sync": lambda: _app("/", _Sync()),
    "list": lambda: _app("/items", _List()),
    "rawlist": lambda: _app("/items", _Rows()),
    "orjson": lambda: _app("/items", _Rows()),
    "form": lambda: _app("/login", _Form()),
    "upload": lambda: _app("/upload", _Upload()),
    "routes_first": _routes,
    "routes_last": _routes,
    "middleware": lambda: _app("/", _Hello(), [_Tag(number) for number in range(3)]),
    "sse": lambda: _app("/events", _Events()),
    "jsonl": lambda: _app("/events", _Lines()),
}
