"""Sync context managers from async code: order, context variables, cancellation, starvation."""

import asyncio
import contextlib
import threading
from collections.abc import Iterator
from contextvars import ContextVar

import anyio
import anyio.lowlevel
import anyio.to_thread
import pytest

from fastlayer.concurrency import contextmanager_in_threadpool

variable: ContextVar[str] = ContextVar("variable", default="unset")
pytestmark = pytest.mark.anyio


async def test_enter_and_exit_run_off_the_event_loop_and_hand_the_value_over() -> None:
    threads: list[int] = []

    @contextlib.contextmanager
    def resource() -> Iterator[str]:
        threads.append(threading.get_ident())
        yield "value"
        threads.append(threading.get_ident())

    async with contextmanager_in_threadpool(resource()) as value:
        assert value == "value"
        assert len(threads) == 1
    assert len(threads) == 2
    assert threading.get_ident() not in threads


async def test_an_error_reaches_the_context_manager_which_may_swallow_it() -> None:
    seen: list[BaseException] = []

    @contextlib.contextmanager
    def resource(swallow: bool) -> Iterator[None]:
        try:
            yield
        except ValueError as error:
            seen.append(error)
            if not swallow:
                raise

    async with contextmanager_in_threadpool(resource(True)):
        raise ValueError("one")
    with pytest.raises(ValueError, match="two"):
        async with contextmanager_in_threadpool(resource(False)):
            raise ValueError("two")
    assert [str(error) for error in seen] == ["one", "two"]


async def test_a_context_variable_can_be_reset_on_the_way_out() -> None:
    @contextlib.contextmanager
    def resource() -> Iterator[None]:
        token = variable.set("set")
        try:
            yield
        finally:
            variable.reset(token)

    async with contextmanager_in_threadpool(resource()):
        pass
    assert variable.get() == "unset"


async def test_a_cancelled_body_still_closes_the_resource() -> None:
    closed = threading.Event()
    opened = anyio.Event()

    @contextlib.contextmanager
    def resource() -> Iterator[None]:
        try:
            yield
        finally:
            closed.set()

    async def hold() -> None:
        async with contextmanager_in_threadpool(resource()):
            opened.set()
            await anyio.sleep_forever()

    async with anyio.create_task_group() as group:
        group.start_soon(hold)
        await opened.wait()
        group.cancel_scope.cancel()
    assert closed.is_set()


async def test_a_scope_cancelled_while_entering_closes_what_it_opened() -> None:
    entering, proceed, closed = threading.Event(), threading.Event(), threading.Event()

    @contextlib.contextmanager
    def resource() -> Iterator[None]:
        entering.set()
        proceed.wait(5)
        try:
            yield
        finally:
            closed.set()

    async def hold() -> None:
        async with contextmanager_in_threadpool(resource()):
            await anyio.sleep_forever()

    async with anyio.create_task_group() as group:
        group.start_soon(hold)
        await anyio.to_thread.run_sync(entering.wait, 5)
        group.cancel_scope.cancel()
        proceed.set()
    assert closed.is_set()


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_a_task_cancelled_by_asyncio_while_entering_closes_what_it_opened() -> None:
    entering, proceed, closed = threading.Event(), threading.Event(), threading.Event()

    @contextlib.contextmanager
    def resource() -> Iterator[None]:
        entering.set()
        proceed.wait(5)
        try:
            yield
        finally:
            closed.set()

    async def hold() -> None:
        async with contextmanager_in_threadpool(resource()):
            pass

    task = asyncio.create_task(hold())
    await asyncio.to_thread(entering.wait, 5)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    proceed.set()
    assert await asyncio.to_thread(closed.wait, 5)


async def test_exits_do_not_wait_for_the_threads_that_entries_wait_for() -> None:
    limiter = anyio.to_thread.current_default_thread_limiter()
    before, limiter.total_tokens = limiter.total_tokens, 5
    slots = threading.Semaphore(5)
    left: list[int] = []

    @contextlib.contextmanager
    def resource() -> Iterator[None]:
        slots.acquire()
        try:
            yield
        finally:
            slots.release()

    async def use(number: int) -> None:
        async with contextmanager_in_threadpool(resource()):
            await anyio.lowlevel.checkpoint()
        left.append(number)

    try:
        with anyio.fail_after(20):
            async with anyio.create_task_group() as group:
                for number in range(100):
                    group.start_soon(use, number)
    finally:
        limiter.total_tokens = before
    assert len(left) == 100
