"""FastAPI's and FastLayer's applications: one user code, built with the names of either.

It may know only names both publish. Endpoints have no return annotation on purpose: it would be a response model,
which only `body`, `list` and the streams want.
"""
# mypy: disable-error-code="no-untyped-def,untyped-decorator"

from collections.abc import AsyncIterable, Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Annotated, Any

from starlette.websockets import WebSocket

from ..models import EVENTS, ITEMS, ROWS, Event, Item, Order
from ..scenarios import ROUTES


@dataclass(frozen=True, slots=True)
class Kit:
    """The names of one framework that user code needs."""

    application: Any
    api: Any
    responses: Any
    sse: Any


def load(package: str, application: str) -> Kit:
    """Return the names of `package`, whose application class is called `application`."""
    api = import_module(package)
    return Kit(getattr(api, application), api, import_module(f"{package}.responses"), import_module(f"{package}.sse"))


def hello(kit: Kit) -> Any:
    app = kit.application()

    @app.get("/")
    async def read():
        return {"hello": "world"}

    return app


def params(kit: Kit) -> Any:
    app = kit.application()
    api = kit.api

    @app.get("/items/{item_id}")
    async def read(
        item_id: Annotated[int, api.Path(ge=1)],
        tags: Annotated[list[str], api.Query()],
        x_token: Annotated[str, api.Header()],
        skip: Annotated[int, api.Query(ge=0)] = 0,
        limit: Annotated[int, api.Query(ge=1, le=100)] = 10,
        q: Annotated[str | None, api.Query(min_length=3, max_length=50)] = None,
    ):
        return {"item_id": item_id, "skip": skip, "limit": limit, "q": q, "tags": tags, "x_token": x_token}

    return app


def body(kit: Kit) -> Any:
    app = kit.application()

    @app.post("/orders")
    async def create(order: Order) -> Order:
        return order

    return app


def sync(kit: Kit) -> Any:
    app = kit.application()

    @app.get("/")
    def read():
        return {"hello": "world"}

    return app


def models(kit: Kit) -> Any:
    app = kit.application()

    @app.get("/items", response_model=list[Item])
    async def read():
        return ITEMS

    return app


def rows(kit: Kit) -> Any:
    app = kit.application()

    @app.get("/items")
    async def read():
        return ROWS

    return app


def rows_orjson(kit: Kit) -> Any:
    app = kit.application(default_response_class=kit.responses.ORJSONResponse)

    @app.get("/items")
    async def read():
        return ROWS

    return app


def form(kit: Kit) -> Any:
    app = kit.application()

    @app.post("/login")
    async def login(username: Annotated[str, kit.api.Form()], password: Annotated[str, kit.api.Form()]):
        return {"username": username, "password": password}

    return app


def upload(kit: Kit) -> Any:
    app = kit.application()

    @app.post("/upload")
    async def store(file: kit.api.UploadFile):  # type: ignore[name-defined]  # each framework brings its own class
        return {"name": file.filename, "size": len(await file.read())}

    return app


def routes(kit: Kit) -> Any:
    app, outer, inner = kit.application(), kit.api.APIRouter(), kit.api.APIRouter()
    for number in range(ROUTES):
        inner.get(f"/r{number}/{{item_id}}", name=f"read_{number}")(_numbered(number))
    outer.include_router(inner, prefix="/v1")
    app.include_router(outer, prefix="/api")
    return app


def _numbered(number: int) -> Callable[..., Any]:
    async def read(item_id: int):
        return {"route": number, "item_id": item_id}

    return read


def middleware(kit: Kit) -> Any:
    app = hello(kit)
    for number in range(3):
        app.middleware("http")(_tagging(number))
    return app


def _tagging(number: int) -> Callable[..., Any]:
    name, value = f"x-layer-{number}", str(number)

    async def tag(request, call_next):
        response = await call_next(request)
        response.headers[name] = value
        return response

    return tag


def sse(kit: Kit) -> Any:
    app = kit.application()

    @app.get("/events", response_class=kit.sse.EventSourceResponse)
    async def read() -> AsyncIterable[Event]:
        for event in EVENTS:
            yield event

    return app


def jsonl(kit: Kit) -> Any:
    app = kit.application()

    @app.get("/events")
    async def read() -> AsyncIterable[Event]:
        for event in EVENTS:
            yield event

    return app


def websocket(kit: Kit) -> Any:
    app = kit.application()

    async def user(x_token: Annotated[str, kit.api.Header()]) -> str:
        return x_token

    @app.websocket("/echo")
    async def echo(websocket: WebSocket, name: Annotated[str, kit.api.Depends(user)]) -> None:
        await websocket.accept()
        async for message in websocket.iter_text():
            await websocket.send_text(f"{name}: {message}")

    return app
