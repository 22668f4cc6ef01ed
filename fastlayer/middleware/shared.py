"""Middleware of a router: one instance around all routes inside, each of which is called as the app it wraps."""

from collections.abc import Iterable
from typing import Any

from starlette.middleware import Middleware
from starlette.types import ASGIApp, Receive, Scope, Send

_INNER_KEY = "fastlayer.inner_apps"


class SharedMiddleware(Middleware):
    """A middleware with one instance for all routes, so that what it keeps (a counter, a cache) is one."""

    def __init__(self, middleware: Middleware) -> None:
        cls, args, kwargs = middleware
        super().__init__(cls, *args, **kwargs)
        self._instance: ASGIApp | None = None

    def around(self, app: ASGIApp) -> ASGIApp:
        """The app behind the instance, which is made when the first route asks."""
        instance = self._instance
        if instance is None:
            instance = self._instance = self.cls(self._inner, *self.args, **self.kwargs)
        key = id(self)

        async def entered(scope: Scope, receive: Receive, send: Send) -> None:
            scope[_INNER_KEY] = {**scope.get(_INNER_KEY, {}), key: app}
            await instance(scope, receive, send)

        return entered

    async def _inner(self, scope: Scope, receive: Receive, send: Send) -> None:
        await scope[_INNER_KEY][id(self)](scope, receive, send)


def shared(middleware: Iterable[Any]) -> list[SharedMiddleware]:
    """The same, each with one instance."""
    return [one if isinstance(one, SharedMiddleware) else SharedMiddleware(one) for one in middleware]


def wrapped(app: ASGIApp, middleware: Iterable[Any]) -> ASGIApp:
    """The app behind the middleware, outermost first."""
    for one in reversed(shared(middleware)):
        app = one.around(app)
    return app


def behind(app: ASGIApp, middleware: Iterable[Middleware]) -> ASGIApp:
    """The app behind middleware of its own, outermost first."""
    for cls, args, kwargs in reversed([*middleware]):
        app = cls(app, *args, **kwargs)
    return app
