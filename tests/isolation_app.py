"""The application of `test_isolation`: every value it hands out carries the token of the request it was made for."""

import threading
from collections.abc import AsyncIterator, Iterator
from contextvars import ContextVar
from typing import Annotated, Any

import anyio.lowlevel

from fastlayer import Body, Depends, FastLayer, Header, Request, Security
from fastlayer.security import SecurityScopes
from fastlayer.sse import EventSourceResponse

app = FastLayer()
current: ContextVar[str] = ContextVar("current", default="nobody")
counts = {"opened": 0, "closed": 0}
lock = threading.Lock()


def count(what: str) -> None:
    with lock:
        counts[what] += 1


def token(authorization: Annotated[str, Header()]) -> str:
    return authorization.removeprefix("Bearer ")


Token = Annotated[str, Depends(token)]


async def remembered(token: Token) -> AsyncIterator[str]:
    count("opened")
    reset = current.set(token)
    await anyio.lowlevel.checkpoint()
    try:
        yield token
    finally:
        assert current.get() == token, "a context variable of another request"
        current.reset(reset)
        count("closed")


def session(token: Token, remembered: Annotated[str, Depends(remembered)]) -> Iterator[list[str]]:
    count("opened")
    seen = [token, remembered, current.get()]
    try:
        yield seen
    finally:
        assert set(seen) == {token}, "a value of another request"
        count("closed")


Session = Annotated[list[str], Depends(session)]


async def scoped(scopes: SecurityScopes, session: Session) -> str:
    await anyio.lowlevel.checkpoint()
    return f"{scopes.scope_str}:{session[0]}"


async def everything(
    request: Request, token: Token, session: Session, scoped: Annotated[str, Security(scoped, scopes=["s"])]
) -> list[str]:
    await anyio.lowlevel.checkpoint()
    return [token, *session, scoped.removeprefix("s:"), current.get(), request.headers["x-token"]]


Everything = Annotated[list[str], Depends(everything)]


@app.get("/async")
async def asynchronous(values: Everything, q: str) -> list[str]:
    return [*values, q, current.get()]


@app.get("/sync")
def synchronous(values: Everything, session: Session, q: str) -> list[str]:
    return [*values, *session, q, current.get()]


@app.post("/body")
async def body(values: Everything, q: Annotated[str, Body(embed=True)], x_token: Annotated[str, Header()]) -> Any:
    return [*values, q, x_token, current.get()]


@app.get("/lines")
async def lines(values: Everything) -> AsyncIterator[str]:
    for value in values:
        await anyio.lowlevel.checkpoint()
        yield value


@app.get("/events", response_class=EventSourceResponse)
def events(values: Everything) -> Iterator[str]:
    yield from values


@app.get("/counts")
async def get_counts() -> dict[str, int]:
    return counts
