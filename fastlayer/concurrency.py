"""Sync code called from async code: one call, an iterator, a context manager. Knows worker threads, not requests."""

from collections.abc import AsyncGenerator
from contextlib import AbstractContextManager, asynccontextmanager
from contextvars import copy_context
from threading import Lock
from types import TracebackType
from typing import Generic, TypeVar

from anyio import CancelScope, CapacityLimiter
from anyio.to_thread import run_sync
from starlette.concurrency import iterate_in_threadpool as iterate_in_threadpool
from starlette.concurrency import run_in_threadpool as run_in_threadpool
from starlette.concurrency import run_until_first_complete as run_until_first_complete

T = TypeVar("T")


class _Opening(Generic[T]):
    """A context manager being entered in a thread whose caller may be gone by the time it is open.

    Whoever comes second closes: the thread, if the caller left while it was opening; else the caller.
    """

    def __init__(self, cm: AbstractContextManager[T]) -> None:
        self.cm = cm
        self.lock = Lock()
        self.opened = False
        self.left: BaseException | None = None

    def enter(self) -> T:
        value = self.cm.__enter__()
        with self.lock:
            self.opened = True
            left = self.left
        if left is not None:
            self.cm.__exit__(type(left), left, left.__traceback__)
        return value

    def leave(self, error: BaseException) -> bool:
        """Return whether it was already open, so that the caller has to close it."""
        with self.lock:
            self.left = error
            return self.opened


@asynccontextmanager
async def contextmanager_in_threadpool(cm: AbstractContextManager[T]) -> AsyncGenerator[T, None]:
    """Return `cm` as an async context manager whose `__enter__` and `__exit__` run in worker threads.

    - Both run in one copy of the caller's context, so that a `ContextVar.reset(token)` on the way out works.
    - Exits have a thread of their own: requests that wait for a free thread to get in must not be able to keep out
      those that have to get out before anyone gets in.
    - An exit is never cut short by cancellation, and a cancelled entry closes what it opened.
    """
    context = copy_context()
    opening = _Opening(cm)

    async def leave(kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> bool:
        def close() -> bool | None:
            return context.run(cm.__exit__, kind, error, tb)

        swallowed: bool | None = None
        with CancelScope(shield=True):
            swallowed = await run_sync(close, limiter=CapacityLimiter(1))
        return bool(swallowed)

    try:
        value = await run_sync(context.run, opening.enter)
    except BaseException as error:
        if opening.leave(error):
            await leave(type(error), error, error.__traceback__)
        raise
    try:
        yield value
    except BaseException as error:
        if not await leave(type(error), error, error.__traceback__):
            raise
    else:
        await leave(None, None, None)
