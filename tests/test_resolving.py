"""Dependencies of scope "app", overrides that restore themselves, and resolving outside requests."""

import threading
from collections.abc import AsyncIterator, Iterator
from typing import Annotated, Any

import pytest

from fastlayer import Depends, FastLayer, FastLayerError, Request
from fastlayer.resolving import UnusedOverrideWarning
from fastlayer.testclient import TestClient

pytestmark = pytest.mark.anyio


def test_scope_app_is_opened_in_order_shared_and_closed_in_reverse() -> None:
    events: list[str] = []

    async def settings() -> AsyncIterator[dict[str, int]]:
        events.append("open settings")
        yield {"size": 5}
        events.append("close settings")

    def pool(settings: Annotated[dict[str, int], Depends(settings, scope="app")]) -> Iterator[list[int]]:
        events.append("open pool")
        yield [settings["size"]]
        events.append("close pool")

    app = FastLayer()

    @app.get("/")
    def read(pool: Annotated[list[int], Depends(pool, scope="app")]) -> list[int]:
        pool.append(len(pool))
        return pool

    with TestClient(app) as client:
        assert events == ["open settings", "open pool"]
        assert client.get("/").json() == [5, 1]
        assert client.get("/").json() == [5, 1, 2]
    assert events == ["open settings", "open pool", "close pool", "close settings"]


def test_scope_app_without_a_lifespan_is_a_clear_error() -> None:
    def pool() -> int:
        return 1

    app = FastLayer()

    @app.get("/")
    def read(pool: Annotated[int, Depends(pool, scope="app")]) -> int:
        return pool

    with pytest.raises(FastLayerError, match=r"pool .*scope=\"app\".*no lifespan ran"):
        TestClient(app).get("/")


def test_scope_app_is_overridable_before_start_up() -> None:
    def pool() -> str:
        return "real"

    app = FastLayer()

    @app.get("/")
    def read(pool: Annotated[str, Depends(pool, scope="app")]) -> str:
        return pool

    with app.override({pool: lambda: "fake"}), TestClient(app) as client:
        assert client.get("/").json() == "fake"


def test_overriding_scope_app_after_start_up_is_reported() -> None:
    def pool() -> str:
        return "real"

    app = FastLayer()

    @app.get("/")
    def read(pool: Annotated[str, Depends(pool, scope="app")]) -> str:
        return pool

    with (
        TestClient(app) as client,
        pytest.warns(UnusedOverrideWarning, match=r"pool is overridden, but .* is open already") as warned,
        app.override({pool: lambda: "fake"}),
    ):
        assert client.get("/").json() == "real"
    assert warned[0].filename == __file__


def test_scope_app_cannot_depend_on_the_request() -> None:
    def pool(request: Request) -> str:
        return request.url.path

    app = FastLayer()

    @app.get("/")
    def read(pool: Annotated[str, Depends(pool, scope="app")]) -> str:
        return pool

    with pytest.raises(FastLayerError, match=r"'request' of pool .*scope=\"app\""), TestClient(app):
        pass


def _app() -> tuple[FastLayer, Any, Any]:
    app = FastLayer()

    def name() -> str:
        return "original"

    def unused() -> None: ...

    @app.get("/")
    def read(name: Annotated[str, Depends(name)]) -> str:
        return name

    return app, name, unused


def test_override_restores_what_was_there_and_nests() -> None:
    app, name, _ = _app()
    client = TestClient(app)
    app.dependency_overrides[name] = lambda: "outer"

    with app.override({name: lambda: "first"}):
        with app.override({name: lambda: "second"}):
            assert client.get("/").json() == "second"
        assert client.get("/").json() == "first"
    assert client.get("/").json() == "outer"
    del app.dependency_overrides[name]
    assert client.get("/").json() == "original"


def test_override_restores_after_an_exception() -> None:
    app, name, _ = _app()

    with pytest.raises(ZeroDivisionError), app.override({name: lambda: "other"}):
        raise ZeroDivisionError
    assert app.dependency_overrides == {}


@pytest.mark.parametrize("first_left", [0, 1])
def test_overlapping_overrides_of_two_threads_are_each_taken_back(first_left: int) -> None:
    app, name, _ = _app()
    client = TestClient(app)
    blocks = [app.override({name: lambda: "0"}), app.override({name: lambda: "1"})]

    def in_thread(step: Any) -> None:
        thread = threading.Thread(target=step)
        thread.start()
        thread.join()

    for block in blocks:
        in_thread(block.__enter__)
    assert client.get("/").json() == "1"
    in_thread(lambda: blocks[first_left].__exit__(None, None, None))
    assert client.get("/").json() == str(1 - first_left)
    in_thread(lambda: blocks[1 - first_left].__exit__(None, None, None))
    assert client.get("/").json() == "original"


def test_override_restores_in_a_dict_that_somebody_put_in_the_place_of_the_first() -> None:
    app, name, _ = _app()
    with app.override({name: lambda: "other"}):
        app.dependency_overrides = {}
    assert app.dependency_overrides == {}


def test_override_refuses_what_asks_for_what_it_replaces() -> None:
    app, name, _ = _app()

    def wrapping(value: Annotated[str, Depends(name)]) -> str:
        return value

    with pytest.raises(FastLayerError, match="form a cycle"), app.override({name: wrapping}):
        pass
    assert app.dependency_overrides == {}


def test_override_is_seen_by_requests_from_other_threads() -> None:
    app, name, _ = _app()
    answers: list[str] = []

    with app.override({name: lambda: "other"}):
        threads = [threading.Thread(target=lambda: answers.append(TestClient(app).get("/").json())) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert answers == ["other"] * 3


def test_overriding_what_no_route_uses_is_reported() -> None:
    app, _, unused = _app()

    with (
        pytest.warns(UnusedOverrideWarning, match="unused is overridden, but no route") as warned,
        app.override({unused: lambda: None}),
    ):
        pass
    assert warned[0].filename == __file__


async def test_an_unhashable_dependency_does_not_disturb_overriding_another() -> None:
    class Unhashable:
        __hash__ = None  # type: ignore[assignment]  # what a class with __eq__ has

        def __call__(self) -> str:
            return "unhashable"

    app, name, _ = _app()

    @app.get("/unhashable")
    def read(value: Annotated[str, Depends(Unhashable())]) -> str:
        return value

    with app.override({name: lambda: "other"}), TestClient(app) as client:
        assert client.get("/unhashable").json() == "unhashable"


def test_override_takes_only_callables() -> None:
    app, name, _ = _app()

    with pytest.raises(FastLayerError, match="callables"), app.override({name: "other"}):  # type: ignore[dict-item]
        pass


async def test_a_function_is_called_outside_requests_with_its_dependencies() -> None:
    events: list[str] = []

    async def session() -> AsyncIterator[list[str]]:
        events.append("open")
        yield ["session"]
        events.append("close")

    def repository(session: Annotated[list[str], Depends(session)], prefix: str = "r") -> str:
        return prefix + session[0]

    async def job(
        number: int,
        repository: Annotated[str, Depends(repository)],
        session: Annotated[list[str], Depends(session)],
    ) -> tuple[int, str, list[str]]:
        return number, repository, session

    app = FastLayer()
    async with app.dependencies() as scope:
        first = await scope.call(job, number=1)
        second = await scope.call(job, number=2)
        assert events == ["open"]
    assert first == (1, "rsession", ["session"])
    assert second[2] is first[2]
    assert events == ["open", "close"]


async def test_what_only_a_request_has_is_an_error_that_names_it() -> None:
    def needs_request(request: Request) -> None: ...

    async def needs_parameter(page: int) -> None: ...

    async with FastLayer().dependencies() as scope:
        with pytest.raises(FastLayerError, match="'request' of needs_request"):
            await scope.call(needs_request)
        with pytest.raises(FastLayerError, match=r"'query\.page'"):
            await scope.call(needs_parameter)


async def test_an_exception_reaches_what_is_open_outside_requests() -> None:
    seen: list[str] = []

    async def session() -> AsyncIterator[None]:
        try:
            yield
        except ZeroDivisionError:
            seen.append("rollback")
            raise

    async def job(session: Annotated[None, Depends(session)]) -> None: ...

    with pytest.raises(ZeroDivisionError):
        async with FastLayer().dependencies() as scope:
            await scope.call(job)
            raise ZeroDivisionError
    assert seen == ["rollback"]
