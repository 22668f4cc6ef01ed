"""Visits to worker threads: results, errors, cancellation, the limiter, and the threads' own lifetimes."""

import asyncio
import contextlib
import gc
import threading
import weakref
from collections.abc import Callable
from typing import Any

import anyio
import anyio.from_thread
import anyio.lowlevel
import anyio.to_thread
import pytest
import sniffio

from fastlayer import workers
from fastlayer.workers import run_in_worker, worker_context

anywhere = pytest.mark.anyio


def crew_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "FastLayer worker thread"]


def join_all() -> None:
    for thread in crew_threads():
        thread.join(30)


def raising(error: BaseException) -> Callable[[], Any]:
    def function() -> Any:
        raise error

    return function


@anywhere
async def test_a_function_runs_in_another_thread_and_its_result_comes_back() -> None:
    assert await run_in_worker(threading.get_ident) != threading.get_ident()


@anywhere
@pytest.mark.parametrize("error", [ValueError("no"), KeyboardInterrupt("no"), asyncio.CancelledError("no")])
async def test_what_the_function_raises_comes_back(error: BaseException) -> None:
    with pytest.raises(type(error), match="no") as caught:
        await run_in_worker(raising(error))
    assert caught.value is error or isinstance(error, asyncio.CancelledError)


@anywhere
async def test_a_stop_iteration_comes_back_as_the_cause_of_a_runtime_error() -> None:
    stop = StopIteration("over")
    with pytest.raises((RuntimeError, StopIteration)) as caught:
        await run_in_worker(raising(stop))
    assert caught.value is stop or caught.value.__cause__ is stop


def test_visits_one_after_the_other_use_one_thread() -> None:
    async def main() -> int:
        return len({await run_in_worker(threading.get_ident) for _ in range(20)})

    assert asyncio.run(main()) == 1


@anywhere
async def test_visits_at_the_same_time_use_several_threads_up_to_the_limiters_number() -> None:
    limiter = anyio.to_thread.current_default_thread_limiter()
    before, limiter.total_tokens = limiter.total_tokens, 3
    inside = 0
    most = 0
    lock = threading.Lock()
    three = threading.Barrier(3)

    def count() -> None:
        nonlocal inside, most
        with lock:
            inside += 1
            most = max(most, inside)
        three.wait(30)
        with lock:
            inside -= 1

    async with anyio.create_task_group() as tasks:
        for _ in range(9):
            tasks.start_soon(run_in_worker, count)
    limiter.total_tokens = before
    assert most <= 3
    assert limiter.borrowed_tokens == 0


@anywhere
async def test_uncounted_visits_pass_a_limiter_that_has_no_place_left() -> None:
    limiter = anyio.to_thread.current_default_thread_limiter()
    before, limiter.total_tokens = limiter.total_tokens, 1
    async with limiter:
        with anyio.fail_after(30):
            assert await run_in_worker(lambda: 3, counted=False) == 3
    limiter.total_tokens = before


@anywhere
async def test_a_cancelled_visit_is_waited_for() -> None:
    begun, go_on = threading.Event(), threading.Event()
    ended: list[bool] = []

    def function() -> None:
        begun.set()
        assert go_on.wait(30)
        ended.append(True)

    async def visit() -> None:
        try:
            await run_in_worker(function)
        finally:
            assert ended == [True]

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(visit)
        while not begun.is_set():
            await anyio.lowlevel.checkpoint()
        tasks.cancel_scope.cancel()
        with anyio.CancelScope(shield=True):
            for _ in range(5):
                await anyio.lowlevel.checkpoint()
            go_on.set()
    assert ended == [True]
    assert anyio.to_thread.current_default_thread_limiter().borrowed_tokens == 0


def test_a_task_that_is_cancelled_again_and_again_waits_all_the_same() -> None:
    begun, go_on = threading.Event(), threading.Event()
    ended: list[bool] = []

    def function() -> None:
        begun.set()
        assert go_on.wait(30)
        ended.append(True)
        raise ValueError("nobody asks any more")

    async def main() -> None:
        task = asyncio.create_task(run_in_worker(function))
        while not begun.is_set():
            await anyio.lowlevel.checkpoint()
        for _ in range(3):
            task.cancel()
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        assert not task.done()
        go_on.set()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert ended == [True]

    asyncio.run(main())


@anywhere
async def test_a_thread_finds_its_way_back_to_the_event_loop() -> None:
    async def there() -> int:
        await anyio.lowlevel.checkpoint()
        return threading.get_ident()

    def function() -> tuple[int, int]:
        return anyio.from_thread.run(there), anyio.from_thread.run_sync(threading.get_ident)

    here = threading.get_ident()
    assert await run_in_worker(function) == (here, here)


@anywhere
async def test_a_thread_may_ask_whether_its_visit_was_cancelled() -> None:
    seen: list[str] = []
    begun, go_on = threading.Event(), threading.Event()

    def function() -> None:
        anyio.from_thread.check_cancelled()
        seen.append("going on")
        begun.set()
        assert go_on.wait(30)
        try:
            anyio.from_thread.check_cancelled()
        except BaseException:
            seen.append("cancelled")
            raise

    with anyio.CancelScope() as scope:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(run_in_worker, function)
            while not begun.is_set():
                await anyio.lowlevel.checkpoint()
            scope.cancel()
            go_on.set()
    assert seen == ["going on", "cancelled"]


@anywhere
async def test_code_in_a_thread_may_run_an_event_loop_of_its_own() -> None:
    async def inner() -> str:
        return sniffio.current_async_library()

    context = worker_context()
    assert await run_in_worker(lambda: context.run(anyio.run, inner)) == "asyncio"


def test_the_threads_end_with_their_event_loop() -> None:
    before = set(crew_threads())

    async def main() -> list[threading.Thread]:
        async with anyio.create_task_group() as tasks:
            together = threading.Barrier(3)
            for _ in range(3):
                tasks.start_soon(run_in_worker, lambda: together.wait(30))
        return [thread for thread in crew_threads() if thread not in before]

    started = asyncio.run(main())
    assert len(started) == 3
    for thread in started:
        thread.join(30)
        assert not thread.is_alive()


def test_nothing_keeps_an_event_loop_alive_that_has_ended() -> None:
    async def main() -> "weakref.ref[asyncio.AbstractEventLoop]":
        await run_in_worker(lambda: None)
        return weakref.ref(asyncio.get_running_loop())

    loop = asyncio.run(main())
    join_all()
    gc.collect()
    assert loop() is None


def test_an_idle_thread_keeps_nothing_of_its_last_visit() -> None:
    class Something:
        pass

    async def main() -> None:
        something = Something()
        gone = anyio.Event()
        weakref.finalize(something, asyncio.get_running_loop().call_soon_threadsafe, gone.set)

        def function(held: Something = something) -> None:
            pass

        await run_in_worker(function)
        del something, function
        with anyio.fail_after(30):
            await gone.wait()

    asyncio.run(main())


def test_a_thread_that_was_idle_for_long_ends_and_the_next_visit_has_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "IDLE_SECONDS", 0.01)

    async def main() -> None:
        first = await run_in_worker(threading.current_thread)
        await asyncio.to_thread(first.join, 30)
        assert not first.is_alive()
        assert await run_in_worker(threading.current_thread) is not first

    asyncio.run(main())


def test_a_loop_that_is_closed_without_being_shut_down_leaves_no_thread_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "IDLE_SECONDS", 0.01)
    loop = asyncio.new_event_loop()
    begun, go_on = threading.Event(), threading.Event()

    def function() -> threading.Thread:
        begun.set()
        go_on.wait(30)
        return threading.current_thread()

    idle = loop.run_until_complete(run_in_worker(threading.current_thread))
    visit = loop.create_task(run_in_worker(function))
    with contextlib.suppress(TimeoutError):
        loop.run_until_complete(asyncio.wait_for(asyncio.shield(visit), 0.05))
    assert begun.wait(30)
    busy = [thread for thread in crew_threads() if thread.is_alive()]
    loop.close()
    go_on.set()
    for thread in [idle, *busy]:
        thread.join(30)
        assert not thread.is_alive()
    visit._log_destroy_pending = False  # type: ignore[attr-defined]  # it is left on purpose


def test_without_anyios_private_names_anyio_does_it(monkeypatch: pytest.MonkeyPatch) -> None:
    import anyio._core._eventloop

    monkeypatch.delattr(anyio._core._eventloop, "claim_worker_thread")
    thread = asyncio.run(run_in_worker(threading.current_thread))
    assert "FastLayer" not in thread.name
