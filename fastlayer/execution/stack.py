"""The outermost frame of an app: Starlette's server-error and exception middleware in one, where nobody is between.

With user middleware the stack is built as Starlette would; this is the same meaning without the frames, which cost
12 µs a request.
"""

from copy import copy
from typing import Any, TypeVar

from starlette.middleware.errors import ServerErrorMiddleware
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.routing import Router
from starlette.types import ASGIApp, Receive, Scope, Send

from .errors import STARTED_KEY

_FAILURE_KEY = "fastlayer.failure"

Middleware = TypeVar("Middleware", ServerErrorMiddleware, ExceptionMiddleware)


def folded(router: Router, errors: ServerErrorMiddleware, exceptions: ExceptionMiddleware, handlers: Any) -> ASGIApp:
    """The router behind both, in one frame. `handlers`: what routes look up, by class and by status."""
    dispatch = (
        router.app if type(router).__call__ is Router.__call__ and router.middleware_stack == router.app else router
    )

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await whole(scope, receive, send)
            return
        scope["starlette.exception_handlers"] = handlers
        try:
            await dispatch(scope, receive, send)
        except Exception as exc:
            failure = exc
        else:
            return
        await _fail(failure, scope, receive, send)

    async def _fail(failure: Exception, scope: Scope, receive: Receive, send: Send) -> None:
        """Let Starlette's own classes answer what no route answered; routes note a response that has begun."""
        if scope.get(STARTED_KEY):
            raise failure
        scope[_FAILURE_KEY] = failure
        await failing(scope, receive, send)

    whole = _around(errors, exceptions)
    failing = _around(errors, _around(exceptions, _fail_again))
    return app


def _around(middleware: Middleware, app: ASGIApp) -> Middleware:
    """The middleware, with the same handlers, in front of another app."""
    other = copy(middleware)
    other.app = app
    return other


async def _fail_again(scope: Scope, receive: Receive, send: Send) -> None:
    raise scope.pop(_FAILURE_KEY)
