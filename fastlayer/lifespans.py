"""Lifespans: a context manager around the life of an app, with start-up and shutdown functions beside it."""

import inspect
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, contextmanager
from typing import Any

from .concurrency import contextmanager_in_threadpool

Lifespan = Callable[[Any], AbstractAsyncContextManager[Any]]


def as_context_manager(lifespan: Callable[[Any], Any]) -> Lifespan:
    """The lifespan as an async context manager function; generator functions are accepted as they are."""
    if inspect.isasyncgenfunction(lifespan):
        return asynccontextmanager(lifespan)
    if inspect.isgeneratorfunction(lifespan):
        make = contextmanager(lifespan)
        return lambda app: contextmanager_in_threadpool(make(app))
    return lifespan


class RouterLifespan:
    """A router's own lifespan and its start-up and shutdown functions, which run inside it."""

    def __init__(self, router: Any, lifespan: Callable[[Any], Any] | None) -> None:
        self.router = router
        self.lifespan = None if lifespan is None else as_context_manager(lifespan)

    @asynccontextmanager
    async def __call__(self, app: Any) -> AsyncIterator[Mapping[str, Any] | None]:
        async with AsyncExitStack() as stack:
            state = None
            if self.lifespan is not None:
                state = await stack.enter_async_context(self.lifespan(app))
            for function in self.router.on_startup:
                await _call(function)
            try:
                yield state
            finally:
                for function in self.router.on_shutdown:
                    await _call(function)


async def _call(function: Callable[[], Any]) -> None:
    result = function()
    if inspect.isawaitable(result):
        await result


def merged(outer: Lifespan, inner: Lifespan) -> Lifespan:
    """Both, the outer one around the inner; their states joined, the inner one winning."""

    @asynccontextmanager
    async def lifespan(app: Any) -> AsyncIterator[Mapping[str, Any] | None]:
        async with outer(app) as first, inner(app) as second:
            yield None if first is None and second is None else {**(first or {}), **(second or {})}

    return lifespan
