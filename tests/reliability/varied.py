"""An application of varied operations, for a tester of APIs that knows nothing but its document."""

import uuid
from collections.abc import AsyncIterator
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, StrictInt

from fastlayer import (
    Body,
    Cookie,
    Depends,
    FastLayer,
    Form,
    HTTPException,
    Path,
    Query,
    Security,
    UploadFile,
)
from fastlayer.responses import PlainTextResponse, RedirectResponse, Response
from fastlayer.security import APIKeyHeader, HTTPBasic, HTTPBearer, SecurityScopes
from fastlayer.sse import EventSourceResponse


class Colour(StrEnum):
    red = "red"
    blue = "blue"


class Strict(BaseModel):
    """Whose schema says all: Pydantic's lax mode takes more than a JSON schema describes."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Item(Strict):
    name: Annotated[str, Field(min_length=1, max_length=20, pattern="^[a-z]+$")]
    price: Annotated[float, Field(ge=0, le=1000)] | None = None
    tags: Annotated[list[str], Field(max_length=5)] = []
    colour: Colour = Colour.red


class Cat(Strict):
    kind: Literal["cat"]
    lives: Annotated[int, Field(ge=0, le=9)]


class Dog(Strict):
    kind: Literal["dog"]
    good: bool = True


class Node(Strict):
    value: int
    children: list["Node"] = []


class Filter(BaseModel):
    limit: Annotated[int, Field(ge=1, le=100)] = 10
    order: Literal["up", "down"] = "up"


class Login(BaseModel):
    user: Annotated[str, Field(min_length=1)]
    password: Annotated[SecretStr, Field(min_length=1)]


class Problem(BaseModel):
    detail: Any


app = FastLayer(title="Varied", max_body_size=1_000_000, responses={400: {"model": Problem}})
UNAUTHORIZED: Any = {401: {"model": Problem}}
Number = Annotated[int, Path(ge=1, le=1000)]


@app.get("/items")
async def list_items(filter: Annotated[Filter, Query()]) -> list[Item]:
    return [Item(name="a")] * filter.limit


@app.post("/items", status_code=201)
async def create_item(item: Item) -> Item:
    return item


@app.get("/items/{number}")
async def read_item(number: Number) -> Item:
    return Item(name="a")


@app.put("/items/{number}")
async def replace_item(number: Number, item: Item, note: Annotated[str, Body(max_length=5)] = "") -> Item:
    return item


@app.patch("/items/{number}")
async def change_item(number: Number, changes: Annotated[dict[str, StrictInt], Body()]) -> dict[str, int]:
    return changes


@app.delete("/items/{number}", status_code=204)
async def delete_item(number: Number) -> None: ...


@app.get("/sync/{name}")
def sync(name: Annotated[str, Path(min_length=1, max_length=10)], colour: Colour = Colour.red) -> Colour:
    return colour


@app.get("/identities/{identity}")
async def identity(identity: uuid.UUID) -> uuid.UUID:
    return identity


@app.get("/years/{year}")
async def year(year: Annotated[str, Path(pattern=r"^[0-9]{4}$")], days: Annotated[int, Query(ge=-9, le=9)] = 0) -> int:
    return days


@app.get("/numbers")
async def numbers(n: Annotated[list[int], Query(max_length=3)], flag: bool = False) -> list[int]:
    return n


@app.get("/choice")
async def choice(value: Literal["a", "b"] | None = None, ratio: Annotated[float, Query(ge=0, lt=1)] = 0) -> float:
    return ratio


@app.get("/cookies")
async def cookies(size: Annotated[int, Cookie(ge=0, le=5)] = 0) -> int:
    return size


@app.post("/animals")
async def animal(animal: Annotated[Cat | Dog, Body(discriminator="kind")]) -> Cat | Dog:
    return animal


@app.post("/trees")
async def tree(node: Node) -> Node:
    return node


@app.post("/any")
async def anything(data: Annotated[Any, Body()]) -> Any:
    return data


@app.post("/lists")
async def lists(numbers: Annotated[list[Annotated[StrictInt, Field(ge=0)]], Body(max_length=4)]) -> int:
    return len(numbers)


@app.post("/form")
async def form(name: Annotated[str, Form(min_length=1)], age: Annotated[int, Form(ge=0)] = 0) -> int:
    return age


@app.post("/login")
async def login(login: Annotated[Login, Form()]) -> str:
    return login.user


@app.post("/upload")
async def upload(file: UploadFile, note: Annotated[str, Form()] = "") -> int:
    return len(await file.read())


@app.get("/text", response_class=PlainTextResponse)
async def text() -> str:
    return "text"


@app.get("/lines")
async def lines(count: Annotated[int, Query(ge=0, le=3)] = 1) -> AsyncIterator[Item]:
    for _ in range(count):
        yield Item(name="a")


@app.get("/events", response_class=EventSourceResponse)
async def events(count: Annotated[int, Query(ge=0, le=3)] = 1) -> AsyncIterator[Item]:
    for _ in range(count):
        yield Item(name="a")


@app.get("/elsewhere", response_class=RedirectResponse, status_code=307)
async def elsewhere() -> str:
    return "/text"


@app.get("/missing/{number}", responses={404: {"model": Problem}})
async def missing(number: Number) -> int:
    raise HTTPException(404, "never here")


async def checked(scopes: SecurityScopes, key: Annotated[str, Security(APIKeyHeader(name="x-key"))]) -> str:
    if key != "key":
        raise HTTPException(401, scopes.scopes)
    return key


@app.get("/keyed", responses=UNAUTHORIZED)
async def keyed(key: Annotated[str, Security(checked, scopes=["read"])]) -> str:
    return key


@app.get("/bearer", responses=UNAUTHORIZED)
async def bearer(credentials: Annotated[Any, Depends(HTTPBearer())]) -> str:
    if credentials.credentials != "token":
        raise HTTPException(401, "another token", {"www-authenticate": "Bearer"})
    return str(credentials.scheme)


@app.get("/basic", responses=UNAUTHORIZED)
async def basic(credentials: Annotated[Any, Depends(HTTPBasic())]) -> str:
    if credentials.password != "pass":
        raise HTTPException(401, "another password", {"www-authenticate": "Basic"})
    return str(credentials.username)


@app.get("/empty", status_code=204, response_class=Response)
async def empty() -> None: ...
