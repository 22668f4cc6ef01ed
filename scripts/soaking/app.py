"""The application under load: every value it hands out carries the token of the request it was made for.

It counts what dependencies and generators open and close. It may only know names that FastAPI and FastLayer share.
"""
# mypy: disable-error-code="no-untyped-def,untyped-decorator,valid-type,name-defined"

import asyncio
import gc
import os
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from contextvars import ContextVar
from importlib import import_module
from typing import Annotated, Any

from starlette.requests import Request
from starlette.responses import StreamingResponse

FRAMEWORK = os.environ.get("SOAK_FRAMEWORK", "fastlayer")
api: Any = import_module(FRAMEWORK)
sse: Any = import_module(f"{FRAMEWORK}.sse")
security: Any = import_module(f"{FRAMEWORK}.security")
Application: Any = getattr(api, {"fastapi": "FastAPI"}.get(FRAMEWORK, "FastLayer"))

current: ContextVar[str] = ContextVar("current", default="nobody")
counts = {"opened": 0, "closed": 0, "mixed": 0}
lock = threading.Lock()
longest = 0.0  # CPU seconds the loop's thread spent between two turns of a task that only sleeps


def count(what: str) -> None:
    with lock:
        counts[what] += 1


async def watch() -> None:
    """Measure what keeps the loop: CPU time of its thread, which other processes do not add to."""
    global longest
    before = time.thread_time()
    while True:
        await asyncio.sleep(0.01)
        now = time.thread_time()
        longest, before = max(longest, now - before), now


@asynccontextmanager
async def lifespan(app: Any) -> AsyncIterator[None]:
    watching = asyncio.create_task(watch())
    yield
    watching.cancel()


app = Application(lifespan=lifespan)


def token(authorization: Annotated[str, api.Header()]) -> str:
    return authorization.removeprefix("Bearer ")


Token = Annotated[str, api.Depends(token)]


async def remembered(token: Token) -> AsyncIterator[str]:
    count("opened")
    reset = current.set(token)
    await asyncio.sleep(0)
    try:
        yield token
    finally:
        if current.get() != token:
            count("mixed")
        current.reset(reset)
        count("closed")


def session(token: Token, remembered: Annotated[str, api.Depends(remembered)]) -> Iterator[list[str]]:
    count("opened")
    seen = [token, remembered, current.get()]
    try:
        yield seen
    finally:
        if set(seen) != {token}:
            count("mixed")
        count("closed")


Session = Annotated[list[str], api.Depends(session)]


async def scoped(scopes: security.SecurityScopes, session: Session) -> str:
    await asyncio.sleep(0)
    return f"{scopes.scope_str}:{session[0]}"


async def everything(
    request: Request, token: Token, session: Session, scoped: Annotated[str, api.Security(scoped, scopes=["s"])]
) -> list[str]:
    await asyncio.sleep(0)
    return [token, *session, scoped.removeprefix("s:"), current.get(), request.headers.get("x-token", "")]


Everything = Annotated[list[str], api.Depends(everything)]


@app.get("/async")
async def asynchronous(values: Everything, q: str) -> list[str]:
    return [*values, q, current.get()]


@app.get("/sync")
def synchronous(values: Everything, session: Session, q: str) -> list[str]:
    return [*values, *session, q, current.get()]


@app.post("/body")
async def body(values: Everything, q: Annotated[str, api.Body(embed=True)]) -> list[str]:
    return [*values, q, current.get()]


@app.post("/upload")
async def upload(values: Everything, name: Annotated[str, api.Form()], file: api.UploadFile) -> list[str]:
    content = (await file.read()).decode().strip()
    return [*values, name, content, file.filename]


@app.get("/refused")
async def refused(values: Everything) -> None:
    raise api.HTTPException(418, values)


@app.get("/later")
async def later(values: Everything, tasks: api.BackgroundTasks) -> list[str]:
    count("opened")
    tasks.add_task(count, "closed")
    return values


async def counted(values: list[str]) -> AsyncIterator[str]:
    count("opened")
    try:
        for value in values:
            await asyncio.sleep(0)
            yield value
    finally:
        count("closed")


@app.get("/lines")
async def lines(values: Everything) -> AsyncIterator[str]:
    async for value in counted(values):
        yield value


@app.get("/events", response_class=sse.EventSourceResponse)
def events(values: Everything) -> Iterator[str]:
    count("opened")
    try:
        yield from values
    finally:
        count("closed")


@app.get("/raw")
async def raw(values: Everything) -> StreamingResponse:
    return StreamingResponse(f"{value}\n" async for value in counted(values))


@app.get("/endless")
async def endless(values: Everything) -> AsyncIterator[list[str]]:
    count("opened")
    try:
        while True:
            await asyncio.sleep(0.001)
            yield values
    finally:
        count("closed")


@app.get("/endless-events", response_class=sse.EventSourceResponse)
def endless_events(values: Everything) -> Iterator[list[str]]:
    count("opened")
    try:
        while True:
            time.sleep(0.001)
            yield values
    finally:
        count("closed")


@app.websocket("/socket")
async def socket(socket: api.WebSocket, token: Token, session: Session) -> None:
    await socket.accept()
    count("opened")
    try:
        async for text in socket.iter_text():
            await socket.send_json([token, *session, text, current.get()])
    finally:
        count("closed")


@app.get("/state")
async def state() -> dict[str, Any]:
    """What this worker holds now."""
    gc.collect()
    return {
        "pid": os.getpid(),
        **counts,
        "kibibytes": resident(),
        "objects": len(gc.get_objects()),
        "descriptors": len(os.listdir("/dev/fd")),
        "loop_seconds": longest,
    }


def resident() -> int:
    """Return the resident memory in KiB, 0 where the system does not say."""
    try:
        with open("/proc/self/status") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))
    except OSError:
        return 0
