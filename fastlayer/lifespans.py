"""Lifespans: a context manager around the life of an app, with start-up and shutdown functions beside it."""

import asyncio
import inspect
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, contextmanager, nullcontext
from typing import Any

from starlette.routing import BaseRoute, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from .concurrency import contextmanager_in_threadpool
from .logger import logger

Lifespan = Callable[[Any], AbstractAsyncContextManager[Any]]
State = Mapping[str, Any] | None

CLOSING_SECONDS = 10
"""How long a shutdown waits at most for cancelled requests to close what they opened."""


def never_starting(error: Exception) -> ASGIApp:
    """An application that tells the server so, and answers every scope with `error`.

    Raising alone would not do: servers take an exception before the first message for an application without a
    lifespan, and serve it.
    """

    async def refuse(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await receive()
            await send({"type": "lifespan.startup.failed", "message": str(error)})
        raise error

    return refuse


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
        self.original = lifespan
        self.lifespan = None if lifespan is None else as_context_manager(lifespan)

    @asynccontextmanager
    async def __call__(self, app: Any) -> AsyncIterator[State]:
        async with AsyncExitStack() as stack:
            state = None
            if self.lifespan is not None:
                state = await stack.enter_async_context(self.lifespan(app))
            try:
                for function in self.router.on_startup:
                    await _call(function)
            except BaseException:
                await self._give_up()
                raise
            try:
                yield state
            finally:
                await self._shut_down()

    async def _shut_down(self) -> None:
        """Call every shutdown function, in order, also when another one fails."""
        async with AsyncExitStack() as stack:
            for function in reversed(self.router.on_shutdown):
                stack.push_async_callback(_call, function)

    async def _give_up(self) -> None:
        """Close what the start-up functions opened before one failed; that failure is the one to be seen."""
        try:
            await self._shut_down()
        except Exception:
            logger.exception("A shutdown function failed after start-up had failed")


async def _call(function: Callable[[], Any]) -> None:
    result = function()
    if inspect.isawaitable(result):
        await result


def merged(outer: Lifespan, inner: Lifespan) -> Lifespan:
    """Both, the outer one around the inner; their states joined, the outer one winning."""

    @asynccontextmanager
    async def lifespan(app: Any) -> AsyncIterator[State]:
        async with outer(app) as first, inner(app) as second:
            yield _joined(first, second)

    return lifespan


def _joined(outer: State, inner: State) -> State:
    return None if outer is None and inner is None else {**(inner or {}), **(outer or {})}


def with_mounted(lifespan: Lifespan, routes: Iterable[BaseRoute], own: Any) -> Lifespan:
    """The lifespan, with those of the Starlette and FastLayer applications mounted among the routes inside it.

    An application whose lifespan `own` is already, as its documentation may have told the user, is left out.
    """

    @asynccontextmanager
    async def around(app: Any) -> AsyncIterator[State]:
        async with AsyncExitStack() as stack:
            state: State = await stack.enter_async_context(lifespan(app))
            for mounted, router in mounted_apps(routes):
                inner: AbstractAsyncContextManager[Any] = nullcontext()
                if own is None or own not in (router.lifespan_context, getattr(mounted, "lifespan", None)):
                    inner = router.lifespan_context(mounted)
                if hasattr(mounted, "mounted_in"):  # an application of ours: its dependencies are opened with it
                    inner = mounted.mounted_in(app, inner)
                state = _joined(state, await stack.enter_async_context(inner))
            yield state

    return around


def mounted_apps(routes: Iterable[BaseRoute]) -> Iterator[tuple[Any, Router]]:
    """The applications mounted among the routes, each once, and their routers."""
    seen: set[int] = set()
    for listed in routes:
        route: Any = listed
        while hasattr(route, "mount"):  # as it was before it was included, without the layers around
            route = route.mount
        app = getattr(route, "app", None) if not hasattr(route, "endpoint") else None
        while app is not None and not isinstance(getattr(app, "router", app), Router):
            app = getattr(app, "app", None)  # middleware around it
        if app is None or id(app) in seen:
            continue
        seen.add(id(app))
        router = getattr(app, "router", app)
        yield app, router
        if not hasattr(app, "mounted_lifespans"):  # Starlette's, which leaves what is mounted in it alone
            yield from mounted_apps(router.routes)


async def cancelled_requests_ended(app: Any) -> None:
    """Wait until the requests the server has cancelled have closed what they opened, `CLOSING_SECONDS` at most.

    After its grace period a server cancels what is still running, shuts the application down, and ends its process:
    a teardown that needs a thread, or only awaits, would never come to its end.
    """
    try:
        current = asyncio.current_task()
    except RuntimeError:  # trio, whose servers wait for what they cancel
        return
    tasks = [
        task for task in asyncio.all_tasks() if task is not current and task.cancelling() and _is_inside(task, app)
    ]
    if tasks:
        await asyncio.wait(tasks, timeout=CLOSING_SECONDS)


def _is_inside(task: asyncio.Task[Any], app: Any) -> bool:
    """Whether one of the coroutines the task is suspended in is a method of the app: it serves a request.

    Looking from outside, at shutdown only, requests pay nothing for it.
    """
    coroutine: Any = task.get_coro()
    while coroutine is not None:
        frame = getattr(coroutine, "cr_frame", None)
        if frame is not None and frame.f_locals.get("self") is app:
            return True
        coroutine = getattr(coroutine, "cr_await", None)
    return False
