"""Dependencies of scope "app", overrides that restore themselves, and resolving outside requests."""

import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, nullcontext
from contextvars import ContextVar
from typing import Annotated, Any

import anyio
import anyio.lowlevel
import pytest

from fastlayer import BackgroundTasks, Depends, FastLayer, FastLayerError, Outcome, Request
from fastlayer.resolving import UnusedOverrideWarning
from fastlayer.testclient import TestClient

from .in_memory import call, running

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


def test_what_was_opened_is_closed_when_a_later_dependency_of_scope_app_fails() -> None:
    events: list[str] = []

    async def opened() -> AsyncIterator[None]:
        events.append("open")
        try:
            yield
        finally:
            events.append("close")

    def failing(value: Annotated[None, Depends(opened, scope="app")]) -> None:
        raise ZeroDivisionError

    app = FastLayer()
    app.get("/", dependencies=[Depends(failing, scope="app")])(lambda: None)
    with pytest.raises(ZeroDivisionError), TestClient(app):
        pass
    assert events == ["open", "close"]


def test_an_override_may_bring_dependencies_of_scope_app_but_not_ask_for_the_request() -> None:
    app, name, _ = _app()

    def pool() -> str:
        return "pool"

    def other(pool: Annotated[str, Depends(pool, scope="app")]) -> str:
        return pool

    def asking(request: Request) -> str:
        return request.url.path

    with app.override({name: other}), TestClient(app) as client:
        assert client.get("/").json() == "pool"
    with (
        app.override({name: other}),
        app.override({pool: asking}),
        pytest.raises(FastLayerError, match=r"'request' of asking .* by pool, which has scope=\"app\""),
        TestClient(app),
    ):
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


def test_what_is_below_an_overridden_dependency_or_its_override_is_used() -> None:
    def database() -> str:
        return "database"

    def user(database: Annotated[str, Depends(database)]) -> str:
        return database

    def session() -> str:
        return "session"

    def fake_user(session: Annotated[str, Depends(session)]) -> str:
        return session

    app = FastLayer()
    app.get("/", dependencies=[Depends(user)])(lambda: None)
    with app.override({user: fake_user, database: session}), app.override({session: lambda: "fake"}):
        assert len(app.dependency_overrides) == 3


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


def _pool(events: list[str]) -> Any:
    async def pool() -> AsyncIterator[str]:
        events.append("open")
        yield "pool"
        events.append("close")

    return pool


async def test_scope_app_is_the_applications_own_outside_requests_while_it_runs() -> None:
    events: list[str] = []
    pool = _pool(events)
    app = FastLayer()

    @app.get("/")
    async def read(pool: Annotated[str, Depends(pool, scope="app")]) -> str:
        return pool

    async with running(app), app.dependencies() as scope:
        assert await scope.call(read) == "pool"
        assert events == ["open"]
    assert events == ["open", "close"]


async def test_scope_app_is_opened_for_a_script_and_closed_last() -> None:
    events: list[str] = []
    pool = _pool(events)

    async def session(pool: Annotated[str, Depends(pool, scope="app")]) -> AsyncIterator[str]:
        yield pool
        events.append("close session")

    async def job(session: Annotated[str, Depends(session)]) -> str:
        return session

    async with FastLayer().dependencies() as scope:
        assert [await scope.call(job), await scope.call(job)] == ["pool", "pool"]
    assert events == ["open", "close session", "close"]


async def test_a_lifespan_and_a_background_task_resolve_dependencies_too() -> None:
    seen: list[str] = []
    app = FastLayer()

    def value() -> str:
        return "value"

    def note(where: str, value: Annotated[str, Depends(value)]) -> None:
        seen.append(f"{where} {value}")

    @asynccontextmanager
    async def lifespan(app: FastLayer) -> AsyncIterator[None]:
        async with app.dependencies() as scope:
            await scope.call(note, where="lifespan")
            yield

    app = FastLayer(lifespan=lifespan)

    async def task() -> None:
        async with app.dependencies() as scope:
            await scope.call(note, where="background")

    @app.get("/")
    async def start(tasks: BackgroundTasks) -> None:
        tasks.add_task(task)

    async with running(app):
        await call(app)
    assert seen == ["lifespan value", "background value"]


async def test_overlapping_calls_do_not_mix() -> None:
    def doubled(number: int) -> int:
        return 2 * number

    async def tripled(number: int) -> int:
        await anyio.lowlevel.checkpoint()
        return 3 * number

    current: ContextVar[int] = ContextVar("current")
    closed: list[int] = []

    async with FastLayer().dependencies() as scope:

        async def job(number: int) -> None:
            def opened() -> Iterator[int]:
                token = current.set(number)
                yield doubled(number)
                current.reset(token)
                closed.append(number)

            async def own() -> int:
                return await tripled(number)

            async def use(a: Annotated[int, Depends(opened)], b: Annotated[int, Depends(own)]) -> list[int]:
                await anyio.lowlevel.checkpoint()
                return [a, b, current.get()]

            assert await scope.call(use) == [2 * number, 3 * number, number]

        async with anyio.create_task_group() as tasks:
            for number in range(50):
                tasks.start_soon(job, number)
    assert sorted(closed) == [*range(50)]


@pytest.mark.parametrize("fails", [False, True])
async def test_an_outcome_outside_requests_says_what_was_raised(fails: bool) -> None:
    seen: list[Any] = []

    async def session(outcome: Outcome) -> AsyncIterator[None]:
        try:
            yield
        finally:
            seen.append((outcome.status_code, type(outcome.exception), outcome.ok))

    def job(session: Annotated[None, Depends(session)]) -> None:
        if fails:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError) if fails else nullcontext():
        async with FastLayer().dependencies() as scope:
            await scope.call(job)
    assert seen == [(None, ZeroDivisionError if fails else type(None), not fails)]


async def test_an_override_decides_whether_a_request_is_needed() -> None:
    def user(request: Request) -> str:
        return request.url.path

    def plain() -> str:
        return "nobody"

    def job(user: Annotated[str, Depends(user)]) -> str:
        return user

    app = FastLayer()
    async with app.dependencies() as scope:
        with pytest.raises(FastLayerError, match="'request' of user"):
            await scope.call(job)
        app.dependency_overrides[user] = plain
        assert await scope.call(job) == "nobody"
    app.dependency_overrides[plain] = user
    async with app.dependencies() as scope:
        with pytest.raises(FastLayerError, match="'request' of user"):

            def other(user: Annotated[str, Depends(plain)]) -> None: ...

            del app.dependency_overrides[user]
            await scope.call(other)
