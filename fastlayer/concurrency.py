"""Sync code called from async code: one call, an iterator, a context manager. Knows worker threads, not requests."""

from collections.abc import AsyncGenerator
from contextlib import AbstractContextManager, asynccontextmanager
from types import TracebackType
from typing import TypeVar

from anyio import CancelScope
from starlette.concurrency import iterate_in_threadpool as iterate_in_threadpool
from starlette.concurrency import run_in_threadpool as run_in_threadpool
from starlette.concurrency import run_until_first_complete as run_until_first_complete

from .workers import run_in_worker, worker_context

T = TypeVar("T")


@asynccontextmanager
async def contextmanager_in_threadpool(cm: AbstractContextManager[T]) -> AsyncGenerator[T, None]:
    """Return `cm` as an async context manager whose `__enter__` and `__exit__` run in worker threads.

    - Both run in one copy of the caller's context, so that a `ContextVar.reset(token)` on the way out works.
    - Exits have a thread of their own: requests that wait for a free thread to get in must not be able to keep out
      those that have to get out before anyone gets in.
    - An exit is never cut short by cancellation, and a cancelled entry closes what it opened.
    """
    context = worker_context()
    opened: list[T] = []

    async def leave(kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> bool:
        def close() -> bool | None:
            return context.run(cm.__exit__, kind, error, tb)

        swallowed: bool | None = None
        with CancelScope(shield=True):
            swallowed = await run_in_worker(close, counted=False)
        return bool(swallowed)

    def enter() -> None:
        opened.append(context.run(cm.__enter__))

    try:
        await run_in_worker(enter)
    except BaseException as error:
        if opened:  # and then cancelled
            await leave(type(error), error, error.__traceback__)
        raise
    try:
        yield opened[0]
    except BaseException as error:
        if not await leave(type(error), error, error.__traceback__):
            raise
    else:
        await leave(None, None, None)
