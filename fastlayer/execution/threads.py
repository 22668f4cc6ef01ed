"""Worker threads for sync steps: one visit for consecutive ones, with context variables carried both ways."""

from collections.abc import Callable
from concurrent.futures import CancelledError
from contextvars import Context, copy_context
from threading import Lock
from typing import Any, TypeVar

from anyio import CancelScope, CapacityLimiter, get_cancelled_exc_class
from anyio.to_thread import run_sync

from .exchange import Exchange

T = TypeVar("T")


async def run_in_thread(exchange: Exchange, function: Callable[..., T], *args: Any) -> T:
    """What `function(exchange, *args)` returned in a worker thread (AnyIO's limiter, 40 at a time by default).

    All visits of one request share a context, so that what a sync dependency sets is seen by what runs after it,
    and a token made in its set-up can be reset in its teardown.
    """
    context = exchange.context
    if context is None:
        context = exchange.context = copy_context()
    else:
        adopt(copy_context(), context)
    try:
        return await _visit(context, None, function, exchange, *args)
    finally:
        spread(context)


async def _visit(context: Context, limiter: CapacityLimiter | None, function: Callable[..., T], *args: Any) -> T:
    """What the function returned in a worker thread; no cancellation leaves a thread behind that still runs it.

    AnyIO's cancellation waits for the thread, but `asyncio.Task.cancel()`, a server's last resort, does not: what a
    dependency opened after that, nobody would close.
    """
    running = Lock()
    left = False

    def guarded() -> T:
        with running:
            if left:
                raise CancelledError
            return context.run(function, *args)

    try:
        return await run_sync(guarded, limiter=limiter)
    except BaseException:
        while not running.acquire(blocking=False):
            try:
                with CancelScope(shield=True):
                    await run_sync(_pass_through, running, limiter=CapacityLimiter(1))
            except get_cancelled_exc_class():
                continue
        left = True
        running.release()
        raise


def _pass_through(lock: Lock) -> None:
    with lock:
        pass


def adopt(outer: Context, inner: Context) -> None:
    """Bring what was set outside since into the context of the worker visits."""
    inner.run(_set_all, outer)


def spread(context: Context) -> None:
    """Bring what a worker visit set into the current context."""
    _set_all(context)


def _set_all(source: Context) -> None:
    for variable, value in source.items():
        if variable.get(_UNSET) is not value:
            variable.set(value)


_UNSET: Any = object()


async def run_in_own_thread(context: Context, function: Callable[..., T], *args: Any) -> T:
    """What the function returned in a thread that does not count against the limiter, shielded from cancellation.

    For teardown: requests that wait for a thread to get in must never keep out those that have to get out first.
    """
    shield: Any = CancelScope(shield=True)  # which swallows nothing, as its type would have it
    adopt(copy_context(), context)
    try:
        with shield:
            return await _visit(context, CapacityLimiter(1), function, *args)
    finally:
        spread(context)
