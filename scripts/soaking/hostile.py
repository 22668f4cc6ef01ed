"""The application hostile requests are sent to: that under load, and an endpoint for each thing that may be attacked.

It may only know names that FastAPI and FastLayer share.
"""
# mypy: disable-error-code="no-untyped-def,untyped-decorator,valid-type,name-defined,misc"

import asyncio
import os
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from contextvars import ContextVar
from typing import Annotated, Any

import anyio.to_thread
from pydantic import BaseModel, Json, SecretStr

from .app import api, app, count, security

variable: ContextVar[str] = ContextVar("variable", default="unset")


class Item(BaseModel):
    """What most requests are read into."""

    name: str
    price: int = 0


class Node(BaseModel):
    """A model that nests as deep as its input."""

    child: "Node | None" = None
    value: Any = None


class Account(BaseModel):
    """A secret beside a field that can be wrong."""

    password: SecretStr
    age: int


class Public(BaseModel):
    """What may be seen."""

    name: str


class Private(Public):
    """What may not."""

    password: str = "SECRET"  # noqa: S105 - it is looked for in answers


@app.get("/alive")
async def alive() -> str:
    return "alive"


@app.post("/item", response_model=None)
async def item(item: Item) -> Any:
    return item


@app.post("/numbers", response_model=None)
async def numbers(numbers: list[int]) -> Any:
    return numbers


@app.post("/any", response_model=None)
async def echo(data: Annotated[Any, api.Body()]) -> Any:
    return data


@app.post("/node")
async def node(node: Node) -> Node:
    return node


@app.post("/two", response_model=None)
async def two(first: Annotated[Any, api.Body()], second: Annotated[int, api.Body()] = 1) -> Any:
    return [first, second]


@app.post("/text", response_model=None)
async def text(text: Annotated[str, api.Body()]) -> Any:
    return text


@app.get("/number/{number}", response_model=None)
async def number(number: int, q: Annotated[list[float], api.Query()] = [], s: str = "") -> Any:  # noqa: B006 - FastAPI's way
    return [number, q, s]


with suppress(AssertionError):  # FastAPI takes no such parameter: its answer is 404

    @app.get("/optional-json", response_model=None)
    async def optional_json(data: Annotated[Json[Item] | None, api.Query()] = None) -> Any:
        return data


@app.get("/slash/")
async def slash() -> str:
    return "slash"


@app.get("/bearer", response_model=None)
async def bearer(credentials: Annotated[Any, api.Depends(security.HTTPBearer())]) -> Any:
    return credentials.scheme


@app.get("/basic", response_model=None)
async def basic(credentials: Annotated[Any, api.Depends(security.HTTPBasic())]) -> Any:
    return credentials.username


@app.get("/digest", response_model=None)
async def digest(credentials: Annotated[Any, api.Depends(security.HTTPDigest())]) -> Any:
    return credentials.scheme


@app.get("/oauth", response_model=None)
async def oauth(token: Annotated[Any, api.Depends(security.OAuth2PasswordBearer(tokenUrl="token"))]) -> Any:
    return token


@app.get("/cookie", response_model=None)
async def cookie(key: Annotated[Any, api.Depends(security.APIKeyCookie(name="key"))], a: str = api.Cookie("")) -> Any:
    return [key, a]


@app.post("/form", response_model=None)
async def form(name: Annotated[str, api.Form()], numbers: Annotated[list[int], api.Form()] = []) -> Any:  # noqa: B006
    return [name, numbers]


@app.post("/files", response_model=None)
async def files(files: list[api.UploadFile]) -> Any:
    return [file.filename for file in files]


@app.post("/account")
async def account(account: Account) -> None:
    return None


@app.post("/account-query")
async def account_query(password: Annotated[SecretStr, api.Query(min_length=99)]) -> None:
    return None


@app.get("/not-a-number", response_model=None)
async def not_a_number() -> Any:
    return {"values": [float("nan"), float("inf")]}


@app.get("/surrogate", response_model=None)
async def surrogate() -> Any:
    return {"text": "\ud800"}


@app.get("/header", response_model=None)
async def header(value: str, response: api.Response) -> Any:
    response.headers["x-echo"] = value
    return "sent"


@app.get("/set-cookie", response_model=None)
async def set_cookie(value: str, response: api.Response) -> Any:
    response.set_cookie("echo", value, path=value)
    return "sent"


@app.get("/public")
async def public(kind: str) -> Public:
    if kind == "subclass":
        return Private(name="a")
    if kind == "mutated":
        made = Public(name="a")
        made.__dict__["password"] = "SECRET"  # noqa: S105
        return made
    return {"name": "a", "password": "SECRET"}  # type: ignore[return-value] # on purpose


@app.get("/publics")
async def publics(kind: str) -> dict[str, list[Public]]:
    return {"all": [await public(kind)]}


@app.websocket("/typed")
async def typed(socket: api.WebSocket, number: int) -> None:
    await socket.accept()
    await socket.send_json(number)


def pooled() -> Iterator[int]:
    count("opened")
    yield 1
    count("closed")


@app.get("/threads")
def threads(pooled: Annotated[int, api.Depends(pooled)]) -> int:
    time.sleep(0.01)
    return pooled


@app.put("/threads/{number}")
async def set_threads(number: int) -> None:
    anyio.to_thread.current_default_thread_limiter().total_tokens = number


def varying() -> Iterator[str]:
    reset = variable.set("set")
    yield variable.get()
    try:
        variable.reset(reset)
    except ValueError:
        count("mixed")


@app.get("/reset")
def reset(varying: Annotated[str, api.Depends(varying)]) -> str:
    return varying


async def outer() -> AsyncIterator[None]:
    count("opened")
    try:
        yield
    finally:
        count("closed")


async def inner(outer: Annotated[None, api.Depends(outer)]) -> AsyncIterator[None]:
    yield
    raise LookupError("a teardown that fails")


@app.get("/teardown")
async def teardown(inner: Annotated[None, api.Depends(inner)]) -> str:
    return "fine"


def said() -> Iterator[None]:
    os.write(2, b"soak: opened\n")  # at once, whatever other threads write
    try:
        yield
    finally:
        os.write(2, b"soak: closed\n")  # at once, whatever other threads write


@app.get("/slow")
async def slow(seconds: float, said: Annotated[None, api.Depends(said)]) -> str:
    await asyncio.sleep(seconds)
    return "slow"
