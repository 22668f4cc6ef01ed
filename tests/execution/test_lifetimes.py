"""What a dependency opened is closed in reverse, exactly once, with the exception in flight thrown in."""

import asyncio
import logging
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from contextvars import Context, ContextVar
from typing import Any

import anyio
import anyio.lowlevel
import pytest

from fastlayer import Depends, FastLayer, FastLayerError, HTTPException, Security

from .. import yielding
from ..in_memory import call, http_scope
from ..yielding import KINDS, of_kind, watched

pytestmark = pytest.mark.anyio


class Broken(Exception):
    pass


def serving(*dependencies: Any, endpoint: Callable[..., Any] | None = None, scope: Any = None) -> FastLayer:
    """An app with one route, which depends on these in order."""
    app = FastLayer()
    app.get("/", dependencies=[Depends(one, scope=scope) for one in dependencies])(endpoint or (lambda: None))
    return app


async def raising() -> None:
    raise Broken


# --- kinds of what can be closed ------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("fails", [False, True])
async def test_decorated_context_managers_are_entered_and_left(kind: str, fails: bool) -> None:
    events: list[str] = []

    @contextmanager
    def sync() -> Iterator[str]:
        try:
            yield "value"
        finally:
            events.append("closed")

    @asynccontextmanager
    async def asynchronous() -> AsyncIterator[str]:
        try:
            yield "value"
        finally:
            events.append("closed")

    app = FastLayer()

    @app.get("/")
    async def endpoint(value: str = Depends(sync if kind == "sync" else asynchronous)) -> str:
        events.append(value)
        if fails:
            raise Broken
        return value

    answer = await call(app)
    assert events == ["value", "closed"]
    assert isinstance(answer.raised, Broken) is fails


@pytest.mark.parametrize("kind", KINDS)
async def test_a_context_manager_that_swallows_the_exception_is_an_error_that_says_so(kind: str) -> None:
    @contextmanager
    def sync() -> Iterator[None]:
        try:
            yield
        except Broken:
            pass

    @asynccontextmanager
    async def asynchronous() -> AsyncIterator[None]:
        try:
            yield
        except Broken:
            pass

    answer = await call(serving(sync if kind == "sync" else asynchronous, endpoint=raising))
    assert isinstance(answer.raised, FastLayerError)
    assert "keeps it to itself" in str(answer.raised)


# --- exceptions -----------------------------------------------------------------------------------------------


def generators(body: Callable[[], Any], after: Callable[[], Any] = lambda: None) -> list[Any]:
    """A sync and an async dependency that call `body` where an exception is thrown in, `after` where none is."""

    def yielding() -> Iterator[None]:
        try:
            yield
        except Broken:
            body()
        else:
            after()

    return [of_kind(kind, yielding) for kind in KINDS]


def refuse() -> None:
    raise HTTPException(409, "conflict")


@pytest.mark.parametrize("index", [0, 1])
@pytest.mark.parametrize("scope", ["function", "response", "request"])
async def test_a_dependency_can_turn_an_exception_into_an_answer(index: int, scope: str) -> None:
    answer = await call(serving(generators(refuse)[index], endpoint=raising, scope=scope))
    assert (answer.status, answer.json()) == (409, {"detail": "conflict"})


@pytest.mark.parametrize("index", [0, 1])
async def test_a_swallowed_exception_is_an_error_that_names_the_dependency_and_the_remedy(index: int) -> None:
    dependency = generators(lambda: None)[index]
    answer = await call(serving(dependency, endpoint=raising))
    error = answer.raised
    assert isinstance(error, FastLayerError)
    assert f"{dependency.__name__} ({yielding.__file__}:" in str(error)
    assert "caught Broken()" in str(error)
    assert "`raise` again, or raise an HTTPException" in str(error)
    assert isinstance(error.__cause__, Broken)
    assert answer.status == 500


@pytest.mark.parametrize("index", [0, 1])
async def test_an_http_exception_after_the_yield_answers_if_nothing_was_sent(index: int) -> None:
    answer = await call(serving(generators(lambda: None, refuse)[index], scope="function"))
    assert answer.status == 409
    assert len(answer.messages) == 2


@pytest.mark.parametrize("index", [0, 1])
@pytest.mark.parametrize("scope", ["response", "request"])
async def test_an_http_exception_after_the_answer_is_too_late_and_raised_to_the_server(index: int, scope: str) -> None:
    answer = await call(serving(generators(lambda: None, refuse)[index], scope=scope))
    assert answer.status == 200
    assert isinstance(answer.raised, RuntimeError)
    assert isinstance(answer.raised.__cause__, HTTPException)


@pytest.mark.parametrize("kind", KINDS)
async def test_an_outer_dependency_sees_what_an_inner_one_raised_instead(kind: str) -> None:
    seen: list[BaseException] = []

    async def outer() -> AsyncIterator[None]:
        try:
            yield
        except Exception as exc:
            seen.append(exc)
            raise

    inner = generators(refuse)[0 if kind == "sync" else 1]
    assert (await call(serving(outer, inner, endpoint=raising))).status == 409
    assert [type(exc) for exc in seen] == [HTTPException]
    assert isinstance(seen[0].__context__, Broken)


async def test_all_teardowns_run_and_their_errors_are_logged_as_a_group(caplog: pytest.LogCaptureFixture) -> None:
    closed: list[str] = []

    def failing(name: str) -> Callable[..., Any]:
        async def dependency() -> AsyncIterator[None]:
            try:
                yield
            finally:
                closed.append(name)
                raise ValueError(name)

        return dependency

    with caplog.at_level(logging.ERROR, "fastlayer"):
        answer = await call(serving(failing("a"), failing("b"), failing("c")))
    assert closed == ["c", "b", "a"]
    assert isinstance(answer.raised, ValueError)
    (record,) = [record for record in caplog.records if record.exc_info and record.name.startswith("fastlayer")]
    assert record.exc_info is not None
    group = record.exc_info[1]
    assert isinstance(group, BaseExceptionGroup)
    assert [str(error) for error in group.exceptions] == ["c", "b", "a"]


@pytest.mark.parametrize("index", [0, 1])
async def test_what_was_opened_is_closed_when_a_later_dependency_fails(index: int) -> None:
    closed: list[str] = []
    dependency = generators(lambda: closed.append("with"), lambda: closed.append("without"))[index]
    await call(serving(dependency, raising))
    assert closed == ["with"]


async def test_what_fails_to_open_is_not_closed() -> None:
    closed: list[str] = []

    async def never_opens() -> AsyncIterator[None]:
        try:
            raise Broken
            yield
        finally:
            closed.append("own finally")

    async def opens() -> AsyncIterator[None]:
        try:
            yield
        finally:
            closed.append("opens")

    answer = await call(serving(opens, never_opens))
    assert isinstance(answer.raised, Broken)
    assert closed == ["own finally", "opens"]


@pytest.mark.parametrize("kind", KINDS)
async def test_the_end_of_an_iteration_that_an_endpoint_raises_is_thrown_in_as_it_is(kind: str) -> None:
    """A generator may not let it out as it is (PEP 479): it comes back wrapped, and is still the same failure."""
    seen: list[BaseException | None] = []
    inner, outer = (watched(kind, lambda: None, seen.append) for _ in range(2))

    def endpoint() -> None:
        raise StopAsyncIteration("x")

    answer = await call(serving(outer, inner, endpoint=endpoint))
    assert [type(exc) for exc in seen] == [StopAsyncIteration, StopAsyncIteration]
    assert answer.status == 500


def not_a_yield_sync() -> Iterator[None]:
    if threading.active_count() < 0:
        yield


async def not_a_yield_async() -> AsyncIterator[None]:
    if threading.active_count() < 0:
        yield


def two_yields_sync() -> Iterator[int]:
    yield 1
    yield 2


async def two_yields_async() -> AsyncIterator[int]:
    yield 1
    yield 2


def two_yields_on_error_sync() -> Iterator[int]:
    try:
        yield 1
    except Broken:
        yield 2


async def two_yields_on_error_async() -> AsyncIterator[int]:
    try:
        yield 1
    except Broken:
        yield 2


@pytest.mark.parametrize(
    ("dependency", "message"),
    [
        (not_a_yield_sync, "ended without a `yield`"),
        (not_a_yield_async, "ended without a `yield`"),
        (two_yields_sync, "has a second `yield`"),
        (two_yields_async, "has a second `yield`"),
        (two_yields_on_error_sync, "has a second `yield`"),
        (two_yields_on_error_async, "has a second `yield`"),
    ],
)
async def test_a_dependency_yields_exactly_once(dependency: Any, message: str) -> None:
    endpoint = raising if "error" in dependency.__name__ else None
    answer = await call(serving(dependency, endpoint=endpoint, scope="function"))
    assert isinstance(answer.raised, FastLayerError)
    assert message in str(answer.raised)
    assert f"{dependency.__name__} ({__file__}:" in str(answer.raised)


# --- cancellation ---------------------------------------------------------------------------------------------


class Gate:
    """A place where a sync function waits and says that it does."""

    def __init__(self) -> None:
        self.reached = threading.Event()
        self.open = threading.Event()

    def wait(self) -> None:
        self.reached.set()
        assert self.open.wait(30)

    async def until_reached(self) -> None:
        await anyio.to_thread.run_sync(self.reached.wait, 30, limiter=anyio.CapacityLimiter(1))


def waiting(gate: Gate, stage: str, events: list[str]) -> FastLayer:
    """An app whose sync dependency, or its endpoint, waits at the gate."""

    def dependency() -> Iterator[None]:
        events.append("open")
        if stage == "set-up":
            gate.wait()
        try:
            yield
        finally:
            if stage == "teardown":
                gate.wait()
            events.append("close")

    def endpoint() -> None:
        if stage == "operation":
            gate.wait()
            events.append("operation ended")

    return serving(dependency, endpoint=endpoint)


def expected_of(stage: str) -> list[str]:
    return ["open", *(["operation ended"] if stage == "operation" else []), "close"]


@pytest.mark.parametrize("stage", ["set-up", "operation", "teardown"])
async def test_a_sync_dependency_is_closed_once_when_the_request_is_cancelled(stage: str) -> None:
    gate = Gate()
    events: list[str] = []
    app = waiting(gate, stage, events)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(call, app)
        await gate.until_reached()
        tasks.cancel_scope.cancel()
        gate.open.set()
    assert events == expected_of(stage)


@pytest.mark.parametrize("stage", ["operation", "teardown"])
async def test_an_async_teardown_is_not_cut_short_by_cancellation(stage: str) -> None:
    events: list[str] = []
    reached = anyio.Event()

    async def dependency() -> AsyncIterator[None]:
        events.append("open")
        try:
            yield
        finally:
            if stage == "teardown":
                reached.set()
            for _ in range(3):
                await anyio.lowlevel.checkpoint()
            events.append("close")

    async def endpoint() -> None:
        if stage == "operation":
            reached.set()
            await anyio.sleep_forever()

    app = serving(dependency, endpoint=endpoint)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(call, app)
        await reached.wait()
        tasks.cancel_scope.cancel()
    assert events == ["open", "close"]


async def test_a_timeout_in_the_endpoint_closes_what_was_opened() -> None:
    events: list[str] = []

    async def dependency() -> AsyncIterator[None]:
        try:
            yield
        finally:
            await anyio.lowlevel.checkpoint()
            events.append("close")

    async def endpoint() -> str:
        with anyio.move_on_after(0):
            await anyio.sleep_forever()
        return "timed out"

    assert (await call(serving(dependency, endpoint=endpoint))).json() == "timed out"
    assert events == ["close"]


async def test_a_dependency_may_hold_a_task_group_open() -> None:
    events: list[str] = []

    async def worker() -> None:
        try:
            await anyio.sleep_forever()
        finally:
            events.append("worker ended")

    async def tasks() -> AsyncIterator[anyio.abc.TaskGroup]:
        async with anyio.create_task_group() as group:
            yield group
            group.cancel_scope.cancel()

    app = FastLayer()

    @app.get("/")
    async def endpoint(group: Any = Depends(tasks)) -> str:
        group.start_soon(worker)
        await anyio.lowlevel.checkpoint()
        return "started"

    assert (await call(app)).json() == "started"
    assert events == ["worker ended"]


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_native_cancellation_closes_what_was_opened(anyio_backend: str) -> None:
    """What a server does at shutdown: `task.cancel()`, which no cancel scope knows of."""
    events: list[str] = []
    reached = asyncio.Event()

    async def dependency() -> AsyncIterator[None]:
        try:
            yield
        finally:
            events.append("close")

    async def endpoint() -> None:
        reached.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(call(serving(dependency, endpoint=endpoint)))
    await reached.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert events == ["close"]


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
@pytest.mark.parametrize("stage", ["set-up", "operation", "teardown"])
@pytest.mark.parametrize("times", [1, 2])
async def test_native_cancellation_waits_for_the_thread_and_closes_what_it_opened(stage: str, times: int) -> None:
    gate = Gate()
    events: list[str] = []
    task = asyncio.create_task(call(waiting(gate, stage, events)))
    await gate.until_reached()
    for _ in range(times):
        task.cancel()
        for _ in range(5):
            await anyio.lowlevel.checkpoint()
    waits = not task.done()
    gate.open.set()
    assert waits
    with pytest.raises(asyncio.CancelledError):
        await task
    assert events == expected_of(stage)


# --- one context for set-up and teardown ------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("scope", ["function", "response", "request"])
async def test_a_context_variable_set_before_the_yield_can_be_reset_after_it(kind: str, scope: Any) -> None:
    variable: ContextVar[str] = ContextVar("variable", default="unset")
    events: list[str] = []

    def dependency() -> Iterator[None]:
        token = variable.set("set")
        yield
        variable.reset(token)
        events.append("reset")

    app = FastLayer()

    @app.get("/")
    async def endpoint(value: Any = Depends(of_kind(kind, dependency), scope=scope)) -> str:
        return variable.get()

    answer = await call(app)
    assert answer.raised is None
    assert answer.json() == "set"
    assert events == ["reset"]


def test_a_request_without_any_context_variable_resets_what_a_sync_dependency_set() -> None:
    variable: ContextVar[str] = ContextVar("variable", default="unset")
    events: list[str] = []

    def sync() -> Iterator[None]:
        token = variable.set("set")
        yield
        variable.reset(token)
        events.append("reset")

    app = FastLayer()

    @app.get("/")
    def endpoint(value: Any = Depends(sync)) -> str:
        return variable.get()

    sent: list[Any] = []

    async def request() -> None:
        async def receive() -> Any:
            return {"type": "http.request"}

        async def send(message: Any) -> None:
            sent.append(message)

        await app(http_scope("GET", "/"), receive, send)

    # As under a server, where a request's task starts with an empty context.
    Context().run(asyncio.run, request())
    assert events == ["reset"]
    assert sent[1]["body"] == b'"set"'


# --- max_concurrency --------------------------------------------------------------------------------------------


class InUse:
    """Counts how many are in use at once; thread-safe."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.now = 0
        self.most = 0

    def enter(self) -> None:
        with self.lock:
            self.now += 1
            self.most = max(self.most, self.now)

    def leave(self) -> None:
        with self.lock:
            self.now -= 1


@pytest.mark.parametrize("kind", ["coroutine", "function", "generator", "async generator"])
@pytest.mark.parametrize("marker", [Depends, Security])
async def test_max_concurrency_bounds_how_many_are_in_use_at_once(kind: str, marker: Any) -> None:
    used = InUse()

    async def coroutine() -> None:
        used.enter()
        await anyio.lowlevel.checkpoint()
        used.leave()

    def function() -> None:
        used.enter()
        used.leave()

    def generator() -> Iterator[None]:
        used.enter()
        try:
            yield
        finally:
            used.leave()

    async def async_generator() -> AsyncIterator[None]:
        used.enter()
        try:
            yield
        finally:
            used.leave()

    kinds = {
        "coroutine": coroutine,
        "function": function,
        "generator": generator,
        "async generator": async_generator,
    }
    app = FastLayer()

    @app.get("/")
    async def endpoint(value: Any = marker(kinds[kind], max_concurrency=2)) -> str:
        await anyio.lowlevel.checkpoint()
        return "ok"

    answers: list[Any] = []

    async def one() -> None:
        answers.append((await call(app)).json())

    async with anyio.create_task_group() as tasks:
        for _ in range(12):
            tasks.start_soon(one)
    assert answers == ["ok"] * 12
    assert used.now == 0
    assert 1 <= used.most <= 2


async def test_a_place_is_given_back_when_opening_fails() -> None:
    app = FastLayer()

    async def fails() -> AsyncIterator[None]:
        raise HTTPException(503)
        yield

    @app.get("/", dependencies=[Depends(fails, max_concurrency=1)])
    async def endpoint() -> None: ...

    for _ in range(3):
        assert (await call(app)).status == 503


@pytest.mark.parametrize("kind", KINDS)
async def test_a_runtime_error_of_a_teardown_is_raised_as_it_is(kind: str) -> None:
    def dependency() -> Iterator[None]:
        yield
        raise RuntimeError("of the teardown")

    answer = await call(serving(of_kind(kind, dependency)))
    assert type(answer.raised) is RuntimeError
    assert str(answer.raised) == "of the teardown"


async def test_a_dependency_that_keeps_a_cancellation_does_not_undo_it() -> None:
    events: list[str] = []

    async def keeping() -> AsyncIterator[None]:
        try:
            yield
        except anyio.get_cancelled_exc_class():
            events.append("kept")

    async def endpoint() -> None:
        cancelled.cancel()
        await anyio.sleep_forever()

    with anyio.CancelScope() as cancelled:
        await call(serving(keeping, endpoint=endpoint))
        events.append("went on")
    assert cancelled.cancelled_caught
    assert events == ["kept"]
