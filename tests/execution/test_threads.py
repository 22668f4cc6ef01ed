"""Where sync code runs: which thread, how many visits, in which context; and that threads cannot starve."""

import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, NamedTuple

import anyio
import anyio.lowlevel
import anyio.to_thread
import pytest
from pydantic import BaseModel

from fastlayer import Depends, FastLayer

from ..in_memory import call

pytestmark = pytest.mark.anyio


@pytest.fixture
async def one_thread() -> AsyncIterator[anyio.CapacityLimiter]:
    """The limiter of worker threads, set to a single one."""
    limiter = anyio.to_thread.current_default_thread_limiter()
    before, limiter.total_tokens = limiter.total_tokens, 1
    yield limiter
    limiter.total_tokens = before


def here() -> int:
    return threading.get_ident()


async def test_consecutive_sync_steps_share_one_visit_to_a_worker_thread() -> None:
    app = FastLayer()

    def first() -> int:
        return here()

    def second(value: int = Depends(first)) -> list[int]:
        return [value, here()]

    @app.get("/")
    def endpoint(value: list[int] = Depends(second)) -> list[int]:
        return [*value, here()]

    used = (await call(app)).json()
    assert len(set(used)) == 1
    assert used[0] != here()


async def test_one_visit_takes_one_thread_once(one_thread: anyio.CapacityLimiter) -> None:
    """Somebody waits for the only thread; between two visits he would get it."""
    app = FastLayer()
    events: list[str] = []
    waiting = threading.Event()

    def first() -> None:
        events.append("first")
        assert waiting.wait(30)

    @app.get("/", dependencies=[Depends(first), Depends(lambda: events.append("second"))])
    def endpoint() -> None:
        events.append("endpoint")

    async def compete() -> None:
        while not events:
            await anyio.lowlevel.checkpoint()
        async with anyio.create_task_group() as inner:
            inner.start_soon(anyio.to_thread.run_sync, events.append, "competitor")
            while not one_thread.statistics().tasks_waiting:
                await anyio.lowlevel.checkpoint()
            waiting.set()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(compete)
        tasks.start_soon(call, app)
    assert events == ["first", "second", "endpoint", "competitor"]


async def test_an_async_step_in_between_runs_on_the_event_loop() -> None:
    app = FastLayer()

    def before() -> int:
        return here()

    async def between(value: int = Depends(before)) -> list[int]:
        return [value, here()]

    @app.get("/")
    def endpoint(value: list[int] = Depends(between)) -> list[int]:
        return [*value, here()]

    first, second, third = (await call(app)).json()
    assert second == here()
    assert first != here() != third


class Plain:
    def __init__(self) -> None:
        self.thread = here()


class Model(BaseModel):
    q: int = 1


@dataclass
class Data:
    q: int = 1


class Named(NamedTuple):
    q: int = 1


@pytest.mark.parametrize("cheap", [Model, Data, Named])
async def test_constructors_that_only_store_need_no_thread(one_thread: anyio.CapacityLimiter, cheap: Any) -> None:
    app = FastLayer()

    @app.get("/")
    async def endpoint(value: Any = Depends(cheap)) -> int:
        return int(value.q)

    async with one_thread:  # nobody else gets a thread now
        with anyio.fail_after(30):
            assert (await call(app, query="q=3")).json() == 3


async def test_other_constructors_run_in_a_worker_thread() -> None:
    app = FastLayer()

    @app.get("/")
    async def endpoint(value: Plain = Depends()) -> bool:
        return value.thread != here()

    assert (await call(app)).json() is True


async def test_a_dependency_may_say_that_it_needs_no_thread() -> None:
    app = FastLayer()

    def trivial() -> int:
        return here()

    left: list[int] = []

    def generator() -> Iterator[int]:
        yield here()
        left.append(here())

    @contextmanager
    def manager() -> Iterator[int]:
        yield here()
        left.append(here())

    @app.get("/")
    async def endpoint(
        a: int = Depends(trivial, thread=False),
        b: int = Depends(generator, thread=False),
        c: int = Depends(manager, thread=False),
        d: int = Depends(trivial, thread=False, max_concurrency=1, use_cache=False),
        e: int = Depends(generator, thread=False, max_concurrency=1, use_cache=False),
        f: int = Depends(here),
    ) -> list[bool]:
        return [value == here() for value in (a, b, c, d, e, f)]

    assert (await call(app)).json() == [True, True, True, True, True, False]
    assert left == [here()] * 3


async def test_an_application_may_run_all_sync_code_on_the_event_loop() -> None:
    app = FastLayer(sync_in_thread=False)

    left: list[int] = []

    def generator() -> Iterator[int]:
        yield here()
        left.append(here())

    @app.get("/")
    def endpoint(value: int = Depends(here), other: int = Depends(generator)) -> list[int]:
        return [value, other, here()]

    assert set((await call(app)).json()) == {here()}
    assert left == [here()]


async def test_the_teardown_of_a_sync_dependency_does_not_undo_what_was_set_since() -> None:
    app = FastLayer()
    variable: ContextVar[str] = ContextVar("variable", default="unset")
    seen: list[str] = []

    async def outer() -> AsyncIterator[None]:
        yield
        seen.append(variable.get())

    def inner(value: None = Depends(outer)) -> Iterator[None]:
        variable.set("inner")
        yield
        seen.append(variable.get())

    @app.get("/")
    async def endpoint(value: None = Depends(inner)) -> None:
        variable.set("endpoint")

    await call(app)
    assert seen == ["endpoint", "endpoint"]


async def test_context_variables_go_into_the_thread_and_come_back() -> None:
    app = FastLayer()
    variable: ContextVar[list[str]] = ContextVar("variable")

    async def before() -> None:
        variable.set(["before"])

    def sync() -> None:
        variable.set([*variable.get(), "sync"])

    async def after() -> None:
        variable.set([*variable.get(), "after"])

    @app.get("/", dependencies=[Depends(before), Depends(sync), Depends(after)])
    def endpoint() -> list[str]:
        return variable.get()

    assert (await call(app)).json() == ["before", "sync", "after"]


async def test_context_variables_of_one_request_are_not_seen_by_the_next() -> None:
    app = FastLayer()
    variable: ContextVar[str] = ContextVar("variable", default="unset")

    def sets(value: str) -> str:
        seen = variable.get()
        variable.set(value)
        return seen

    @app.get("/")
    def endpoint(seen: str = Depends(sets)) -> list[str]:
        return [seen, variable.get()]

    answers: list[Any] = []

    async def one(value: str) -> None:
        answers.append((await call(app, query={"value": value})).json())

    async with anyio.create_task_group() as tasks:  # a task each, as servers do
        for number in range(20):
            tasks.start_soon(one, str(number))
    assert sorted(answers) == sorted(["unset", str(number)] for number in range(20))


async def test_a_hundred_requests_on_five_threads_all_finish() -> None:
    """Teardown never waits for a thread behind requests that wait for that teardown.

    Each request holds a place of a pool of two while it is open, and opening waits for a place in the thread: were
    teardowns queued behind openings, five threads would wait for ever.
    """
    app = FastLayer()
    places = threading.Semaphore(2)
    starved = threading.Event()
    opened, closed = [], []

    def session() -> Iterator[int]:
        if starved.is_set() or not places.acquire(timeout=10):
            starved.set()
            raise TimeoutError("starved")
        opened.append(1)
        try:
            yield 1
        finally:
            closed.append(1)
            places.release()

    @app.get("/")
    def endpoint(value: int = Depends(session)) -> int:
        return value

    limiter = anyio.to_thread.current_default_thread_limiter()
    before, limiter.total_tokens = limiter.total_tokens, 5
    statuses: list[int] = []

    async def one() -> None:
        statuses.append((await call(app)).status)

    try:
        with anyio.fail_after(50):
            async with anyio.create_task_group() as tasks:
                for _ in range(100):
                    tasks.start_soon(one)
    finally:
        limiter.total_tokens = before
    assert statuses == [200] * 100
    assert len(opened) == len(closed) == 100
