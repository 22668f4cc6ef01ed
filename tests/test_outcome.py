"""Outcome: what became of a request, as dependencies see it after their `yield`."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from fastlayer import BackgroundTasks, Depends, FastLayer, HTTPException, Outcome, WebSocket
from fastlayer.exceptions import RequestValidationError
from fastlayer.responses import PlainTextResponse

from .in_memory import Socket, call

pytestmark = pytest.mark.anyio

Seen = list[tuple[int | None, type[BaseException] | None, bool]]


class Broken(Exception):
    pass


def observer(seen: Seen) -> Callable[..., Any]:
    async def session(outcome: Outcome) -> AsyncIterator[Outcome]:
        assert (outcome.status_code, outcome.exception, outcome.ok) == (None, None, True)
        try:
            yield outcome
        finally:
            exception = outcome.exception
            seen.append((outcome.status_code, None if exception is None else type(exception), outcome.ok))

    return session


@pytest.mark.parametrize(
    ("status", "exception", "ok"),
    [(None, None, True), (200, None, True), (399, None, True), (400, None, False), (None, Broken(), False)],
)
def test_an_outcome_is_ok_if_nothing_was_raised_and_the_status_is_below_400(
    status: Any, exception: Any, ok: bool
) -> None:
    assert Outcome(status, exception).ok is ok


@pytest.mark.parametrize("scope", ["function", "response", "request"])
@pytest.mark.parametrize("failure", [HTTPException(404), Broken()])
async def test_what_was_raised_is_known_in_every_scope(scope: Any, failure: Exception) -> None:
    seen: Seen = []
    app = FastLayer()

    @app.get("/", dependencies=[Depends(observer(seen), scope=scope)])
    async def endpoint() -> None:
        raise failure

    await call(app)
    assert seen == [(None, type(failure), False)]


@pytest.mark.parametrize("declared", [201, 418])
@pytest.mark.parametrize("scope", ["function", "response", "request"])
async def test_the_status_is_known_once_the_response_was_sent(scope: Any, declared: int) -> None:
    seen: Seen = []
    app = FastLayer()

    @app.get("/", status_code=declared, dependencies=[Depends(observer(seen), scope=scope)])
    async def endpoint() -> str:
        return "x"

    await call(app)
    assert seen == [(None, None, True) if scope == "function" else (declared, None, declared < 400)]


async def test_an_invalid_request_is_an_exception() -> None:
    seen: Seen = []
    app = FastLayer()

    @app.get("/", dependencies=[Depends(observer(seen))])
    async def endpoint(q: int) -> None: ...

    assert (await call(app)).status == 422
    assert seen == [(None, RequestValidationError, False)]


async def test_what_an_inner_dependency_made_of_an_exception_is_what_the_outer_one_sees() -> None:
    seen: Seen = []
    app = FastLayer()

    async def translate(outcome: Outcome = Depends(observer(seen))) -> AsyncIterator[None]:
        try:
            yield
        except Broken:
            raise HTTPException(409) from None

    @app.get("/", dependencies=[Depends(translate)])
    async def endpoint() -> None:
        raise Broken

    assert (await call(app)).status == 409
    assert seen == [(None, HTTPException, False)]


async def test_a_failed_background_task_is_seen_by_the_request_scope() -> None:
    seen: Seen = []
    app = FastLayer()

    def fails() -> None:
        raise Broken

    @app.get("/", dependencies=[Depends(observer(seen), scope="request")])
    async def endpoint(tasks: BackgroundTasks) -> None:
        tasks.add_task(fails)

    await call(app)
    assert seen == [(200, Broken, False)]


async def test_one_outcome_is_shared_by_all_who_ask() -> None:
    app = FastLayer()

    async def other(outcome: Outcome) -> Outcome:
        return outcome

    @app.get("/")
    async def endpoint(a: Outcome, b: Outcome = Depends(other)) -> bool:
        return a is b

    assert (await call(app)).json() is True


@pytest.mark.parametrize(("path", "failure"), [("/ok", None), ("/fails", Broken)])
async def test_a_websocket_has_an_outcome_too(path: str, failure: type[Exception] | None) -> None:
    seen: Seen = []
    app = FastLayer()

    @app.websocket("/ok", dependencies=[Depends(observer(seen))])
    async def ok(websocket: WebSocket) -> None:
        await websocket.accept()

    @app.websocket("/fails", dependencies=[Depends(observer(seen))])
    async def fails(websocket: WebSocket) -> None:
        raise Broken

    await Socket(app, path).run()
    assert seen == [(None, failure, failure is None)]


@pytest.mark.parametrize("status", [201, 409])
async def test_an_outcome_has_the_status_of_a_returned_response(status: int) -> None:
    app, seen = FastLayer(), Seen()

    @app.get("/", dependencies=[Depends(observer(seen), scope="response")])
    async def endpoint() -> PlainTextResponse:
        return PlainTextResponse("x", status_code=status)

    assert (await call(app)).status == status
    assert seen == [(status, None, status < 400)]
