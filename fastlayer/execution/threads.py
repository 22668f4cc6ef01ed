"""Worker threads for sync steps: one visit for consecutive ones, with context variables carried both ways."""

from collections.abc import Callable
from contextvars import Context, copy_context
from typing import Any, TypeVar

from ..workers import ASYNC_LIBRARY, run_in_worker, worker_context
from .exchange import Exchange

T = TypeVar("T")


async def run_in_thread(exchange: Exchange, function: Callable[..., T], *args: Any) -> T:
    """What `function(exchange, *args)` returned in a worker thread (AnyIO's limiter, 40 at a time by default).

    All visits of one request share a context, so that what a sync dependency sets is seen by what runs after it,
    and a token made in its set-up can be reset in its teardown.
    """
    context = exchange.context
    if context is None:
        context = exchange.context = worker_context()
    else:
        adopt(copy_context(), context)
    try:
        return await run_in_worker(lambda: context.run(function, exchange, *args))
    finally:
        spread(context)


def adopt(outer: Context, inner: Context) -> None:
    """Bring what was set outside since into the context of the worker visits."""
    inner.run(_set_all, outer)


def spread(context: Context) -> None:
    """Bring what a worker visit set into the current context."""
    _set_all(context)


def _set_all(source: Context) -> None:
    for variable, value in source.items():
        if variable.get(_UNSET) is not value and variable is not ASYNC_LIBRARY:
            variable.set(value)


_UNSET: Any = object()


async def run_in_own_thread(context: Context, function: Callable[..., T], *args: Any) -> T:
    """What the function returned in a thread that does not count against the limiter. Whoever asks shields it.

    For teardown: requests that wait for a thread to get in must never keep out those that have to get out first.
    """
    adopt(copy_context(), context)
    try:
        return await run_in_worker(lambda: context.run(function, *args), counted=False)
    finally:
        spread(context)
