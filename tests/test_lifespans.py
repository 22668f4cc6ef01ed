"""Lifespans: beside events, merged, of mounted applications, and when start-up fails."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from typing import Any, TypedDict

import pytest
from starlette.applications import Starlette
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route

from fastlayer import APIRouter, Depends, FastLayer
from fastlayer.lifespans import CLOSING_SECONDS
from fastlayer.testclient import TestClient

from .in_memory import call, running

events: list[str] = []


@pytest.fixture(autouse=True)
def forget_events() -> None:
    events.clear()


def living(name: str, **state: Any) -> Callable[[Any], AbstractAsyncContextManager[Any]]:
    """A lifespan that notes its begin and end."""

    @asynccontextmanager
    async def lifespan(app: Any) -> AsyncIterator[dict[str, Any]]:
        events.append(f"{name} up")
        try:
            yield state
        finally:
            events.append(f"{name} down")

    return lifespan


def test_events_run_beside_a_lifespan_inside_it() -> None:
    app = FastLayer(lifespan=living("app"), on_startup=[lambda: events.append("start")])

    @app.on_event("shutdown")
    async def stop() -> None:
        events.append("stop")

    with TestClient(app):
        assert events == ["app up", "start"]
    assert events == ["app up", "start", "stop", "app down"]


def test_lifespans_of_included_routers_are_inside_the_apps_and_its_state_wins() -> None:
    app = FastLayer(lifespan=living("app", who="app", app=1))
    app.include_router(APIRouter(lifespan=living("router", who="router", router=1)))

    @app.get("/")
    def state(request: Request) -> dict[str, Any]:
        return {name: getattr(request.state, name) for name in ("who", "app", "router")}

    with TestClient(app) as client:
        assert client.get("/").json() == {"who": "app", "app": 1, "router": 1}
    assert events == ["app up", "router up", "router down", "app down"]


def test_state_is_typed() -> None:
    class State(TypedDict):
        who: str

    app = FastLayer(lifespan=living("app", who="me"))

    @app.get("/")
    def read(request: Request[State]) -> str:
        return request.state["who"]

    with TestClient(app) as client:
        assert client.get("/").json() == "me"


def test_lifespans_of_mounted_applications_run_inside() -> None:
    deepest = Starlette(lifespan=living("deepest"))
    old = Starlette(routes=[Mount("/deep", deepest)], lifespan=living("old", old=1))
    app = FastLayer(lifespan=living("app"))
    sub = FastLayer(lifespan=living("sub", sub=1))
    app.mount("/sub", sub)
    app.mount("/twice", sub)
    app.mount("/old", old)
    old.routes.append(Route("/", lambda request: PlainTextResponse(str(request.state.old))))

    with TestClient(app) as client:
        assert client.get("/old/").text == "1"
    ups = ["app up", "sub up", "old up", "deepest up"]
    assert events == [*ups, *(up.replace("up", "down") for up in reversed(ups))]


def test_mounts_of_included_routers_count_also_behind_middleware() -> None:
    router = APIRouter(max_body_size=5)
    router.mount("/old", Starlette(lifespan=living("old")))
    outer = APIRouter(max_body_size=7)
    outer.include_router(router)
    app = FastLayer()
    app.include_router(outer, prefix="/v1")

    with TestClient(app):
        assert events == ["old up"]


def test_a_mounted_lifespan_that_is_the_apps_own_runs_once() -> None:
    shared = living("shared")
    app = FastLayer(lifespan=shared)
    app.mount("/old", Starlette(lifespan=shared))

    with TestClient(app):
        assert events == ["shared up"]


def test_mounted_lifespans_can_be_left_alone() -> None:
    app = FastLayer(mounted_lifespans=False)
    app.mount("/old", Starlette(lifespan=living("old")))

    with TestClient(app):
        assert events == []


class NoDatabaseError(Exception):
    pass


def fail() -> None:
    raise NoDatabaseError("cannot connect")


def test_a_start_up_failure_stops_with_the_original_error_and_closes_what_was_opened() -> None:
    app = FastLayer(lifespan=living("app"), on_startup=[lambda: events.append("start"), fail])
    app.on_event("shutdown")(lambda: events.append("stop"))
    app.include_router(APIRouter(lifespan=living("router")))

    with pytest.raises(NoDatabaseError, match="cannot connect"), TestClient(app):
        pytest.fail("the server must not start")
    assert events == ["app up", "start", "stop", "app down"]


def test_a_failure_in_a_mounted_application_stops_the_server_too() -> None:
    app = FastLayer(lifespan=living("app"))
    app.mount("/sub", FastLayer(on_startup=[fail]))

    with pytest.raises(NoDatabaseError), TestClient(app):
        pytest.fail("the server must not start")
    assert events == ["app up", "app down"]


def test_a_shutdown_function_that_fails_does_not_hide_the_failure_of_start_up(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fail_too() -> None:
        raise KeyError("nothing to close")

    app = FastLayer(on_startup=[fail], on_shutdown=[fail_too, lambda: events.append("stop")])

    with pytest.raises(NoDatabaseError), TestClient(app):
        pytest.fail("the server must not start")
    assert events == ["stop"]
    assert "nothing to close" in caplog.text


def test_generator_functions_are_lifespans_as_they_are() -> None:
    async def slow(app: Any) -> AsyncIterator[dict[str, Any]]:
        events.append("async up")
        yield {"slow": 1}
        events.append("async down")

    def plain(app: Any) -> Iterator[dict[str, Any]]:
        events.append("plain up")
        yield {"plain": 2}
        events.append("plain down")

    app = FastLayer(lifespan=slow)  # type: ignore[arg-type]  # a generator function, which Starlette took as well
    app.include_router(APIRouter(lifespan=plain))  # type: ignore[arg-type]  # the same

    @app.get("/")
    def state(request: Request) -> list[int]:
        return [request.state.slow, request.state.plain]

    with TestClient(app) as client:
        assert client.get("/").json() == [1, 2]
    assert events == ["async up", "plain up", "plain down", "async down"]


def test_an_application_mounted_behind_middleware_has_its_lifespan_too() -> None:
    app = FastLayer()
    app.mount("/old", GZipMiddleware(GZipMiddleware(Starlette(lifespan=living("old")))))
    app.mount("/plain", PlainTextResponse("no application"))

    with TestClient(app):
        assert events == ["old up"]
    assert events == ["old up", "old down"]


@pytest.mark.anyio
async def test_a_router_without_an_application_lives_like_one() -> None:
    router = APIRouter(lifespan=living("router", who="me"))
    async with running(router) as state:
        assert events == ["router up"]
        assert state == {"who": "me"}
    assert events == ["router up", "router down"]


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_a_shutdown_waits_until_cancelled_requests_have_closed_what_they_opened(kind: str) -> None:
    release = threading.Event()
    begun = asyncio.Event()

    def sync() -> Iterator[None]:
        try:
            yield
        finally:
            release.wait()
            events.append("closed")

    async def asynchronous() -> AsyncIterator[None]:
        try:
            yield
        finally:
            await asyncio.to_thread(release.wait)
            events.append("closed")

    app = FastLayer(lifespan=living("app"))

    @app.get("/", dependencies=[Depends(sync if kind == "sync" else asynchronous)])
    async def endpoint() -> None:
        begun.set()
        await asyncio.sleep(3600)

    async def served() -> None:
        """As uvicorn does after its grace period: cancel what runs, then shut down, and end when that is done."""
        async with running(app):
            request = asyncio.create_task(call(app))
            await begun.wait()
            request.cancel()
            asyncio.get_running_loop().call_later(0.05, release.set)
        assert request.cancelled()

    asyncio.run(served())
    assert events == ["app up", "closed", "app down"]


def test_a_shutdown_waits_for_no_task_that_serves_no_request() -> None:
    app = FastLayer()

    async def stubborn() -> None:
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(3600)
        await asyncio.sleep(3600)

    async def served() -> float:
        other = asyncio.create_task(stubborn())
        async with running(app):
            await asyncio.sleep(0)
            other.cancel()
            begin = time.monotonic()
        other.cancel()
        return time.monotonic() - begin

    assert asyncio.run(served()) < CLOSING_SECONDS
