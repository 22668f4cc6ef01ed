"""Visits to worker threads: what `anyio.to_thread.run_sync` does, on asyncio in half its time. Knows no requests.

AnyIO's visit takes two more turns of the event loop and a cancel scope: 140 µs against 75 µs for a function that does
nothing (uvloop, two cores). The threads here are AnyIO's in every other respect: its limiter counts them, and
`anyio.from_thread` finds its way back from them. On trio AnyIO's own threads run.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractContextManager, suppress
from contextvars import Context, ContextVar, copy_context
from functools import partial
from queue import Empty, SimpleQueue
from threading import Thread
from types import ModuleType
from typing import Any, Generic, TypeVar

from anyio import CancelScope, CapacityLimiter, WouldBlock
from anyio.lowlevel import RunVar
from anyio.to_thread import current_default_thread_limiter, run_sync

from .cancellation import UNKNOWN, enclosing_scope

try:
    import sniffio as _sniffio
except ModuleNotFoundError:  # AnyIO does without it too
    sniffio: ModuleType | None = None
else:
    sniffio = _sniffio

T = TypeVar("T")

IDLE_SECONDS = 10.0
"""How long a thread waits for its next visit before it ends, in seconds; AnyIO's figure."""


async def run_in_worker(function: Callable[[], T], *, counted: bool = True) -> T:
    """What the function returned in a worker thread.

    A visit that was begun is waited for, also by a task that was cancelled: nothing the function opens is left to a
    thread that nobody knows of.

    - `counted`: whether it takes one of the default limiter's places (40 unless somebody set another number). One that
      takes none closes something: it is begun, too, if the task was cancelled before a thread came to it.
    """
    scope = enclosing_scope()
    crew = None if scope is UNKNOWN else _crews.get()
    if crew is _NOT_YET:
        crew = await _sign_on()
    if crew is None:
        return await run_sync(function, limiter=None if counted else CapacityLimiter(1))
    visit = _Visit(function, crew.loop.create_future(), scope, not counted)
    if not counted:
        return await crew.run(visit)
    try:
        crew.limiter.acquire_on_behalf_of_nowait(visit)
    except WouldBlock:
        await crew.limiter.acquire_on_behalf_of(visit)
    try:
        return await crew.run(visit)
    finally:
        crew.limiter.release_on_behalf_of(visit)


def worker_context() -> Context:
    """A copy of the current context for code in a worker thread, where no event loop runs."""
    context = copy_context()
    if ASYNC_LIBRARY is not None:
        context.run(ASYNC_LIBRARY.set, None)
    return context


ASYNC_LIBRARY: ContextVar[str | None] | None = None if sniffio is None else sniffio.current_async_library_cvar
"""Where sniffio looks up which library's event loop runs; set by `anyio.run`, so in tests mostly."""


_NOT_YET: Any = object()

_crews: "RunVar[_Crew | None]" = RunVar("fastlayer worker threads", _NOT_YET)
"""The threads of each event loop; None once it is shut down, and where AnyIO has to lend its own."""


async def _sign_on() -> "_Crew | None":
    """The threads of this event loop, on its first visit."""
    crew = None
    try:  # not public names: should they go, this steps aside
        from anyio._backends._asyncio import AsyncIOBackend
        from anyio._core._eventloop import claim_worker_thread, threadlocals
    except ImportError:
        pass
    else:
        loop = asyncio.get_running_loop()
        crew = _Crew(loop, partial(claim_worker_thread, AsyncIOBackend, loop), threadlocals)
        await anext(crew.shift)
    _crews.set(crew)
    return crew


class _Visit(Generic[T]):
    """One function on its way through a thread; the scope is what `from_thread.check_cancelled` asks about."""

    __slots__ = ("ended", "function", "future", "must_run", "scope")

    def __init__(self, function: Callable[[], T], future: "asyncio.Future[T]", scope: Any, must_run: bool) -> None:
        self.function = function
        self.future = future
        self.scope = scope
        self.must_run = must_run
        self.ended = False


class _Crew:
    """The worker threads of one event loop, and what AnyIO keeps about it."""

    def __init__(self, loop: asyncio.AbstractEventLoop, claim: Any, threadlocals: Any) -> None:
        self.loop = loop
        self.claim: Callable[[], AbstractContextManager[Any]] = claim
        self.threadlocals = threadlocals
        self.limiter = current_default_thread_limiter()
        self.idle: list[_Worker] = []
        self.dismissed = False
        self.shift = self.until_shutdown()

    async def run(self, visit: "_Visit[T]") -> T:
        worker = self.idle.pop() if self.idle else self.hire()
        worker.visits.put(visit)
        try:
            return await visit.future
        except asyncio.CancelledError:
            if not visit.ended:
                await self.see_out(visit)
            raise

    async def see_out(self, visit: _Visit[Any]) -> None:
        """Wait for the thread, however often the task that waits is cancelled."""
        with CancelScope(shield=True):
            while not visit.ended:
                visit.future = self.loop.create_future()
                with suppress(BaseException):  # a further cancellation; or what the function raised, for nobody
                    await visit.future

    def ended(self, worker: "_Worker", visit: _Visit[Any], value: Any, error: BaseException | None) -> None:
        """Called on the event loop when the function returned or raised."""
        if self.dismissed:
            worker.visits.put(None)
        else:
            self.idle.append(worker)
        visit.ended = True
        if visit.future.done():
            return
        if error is None:
            visit.future.set_result(value)
        elif isinstance(error, StopIteration):  # which a future cannot hold (PEP 479 for threads)
            visit.future.set_exception(_wrapped(error))
        else:
            visit.future.set_exception(error)

    def hire(self) -> "_Worker":
        worker = _Worker(self)
        worker.start()
        return worker

    async def until_shutdown(self) -> AsyncGenerator[None, None]:
        """Suspended until the event loop shuts its asynchronous generators down, as every runner has it do."""
        try:
            yield
        finally:
            _crews.set(None)
            self.dismissed = True
            for worker in self.idle:
                worker.visits.put(None)


class _Worker(Thread):
    """A thread that runs what comes to it, one visit at a time."""

    def __init__(self, crew: _Crew) -> None:
        super().__init__(name="FastLayer worker thread")
        self.crew = crew
        self.visits: SimpleQueue[_Visit[Any] | None] = SimpleQueue()

    def run(self) -> None:
        crew = self.crew
        with crew.claim():
            while (visit := self.next_visit()) is not None:
                crew.threadlocals.current_cancel_scope = visit.scope
                value = error = None
                try:
                    if visit.must_run or not visit.future.cancelled():
                        value = visit.function()
                except BaseException as exc:
                    error = exc
                try:
                    crew.loop.call_soon_threadsafe(crew.ended, self, visit, value, error)
                except RuntimeError:  # the event loop was closed meanwhile: nobody waits
                    return
                crew.threadlocals.current_cancel_scope = None
                del visit, value, error  # nothing of a request stays alive in an idle thread

    def next_visit(self) -> _Visit[Any] | None:
        try:
            return self.visits.get(timeout=IDLE_SECONDS)
        except Empty:
            try:
                self.crew.idle.remove(self)
            except ValueError:  # somebody has just picked this thread
                return self.visits.get()
            return None


def _wrapped(error: StopIteration) -> RuntimeError:
    wrapped = RuntimeError("a function in a worker thread raised StopIteration")
    wrapped.__cause__ = error
    return wrapped
