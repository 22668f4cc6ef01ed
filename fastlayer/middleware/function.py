"""A function `(request, call_next) -> response` as ASGI middleware: what `@app.middleware("http")` installs.

Decides once how the function is run and knows nothing of either way.
"""

from starlette.middleware.base import BaseHTTPMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from fastlayer.middleware.inline import CallNext, Dispatch, Exchange
from fastlayer.middleware.inlining import why_not_inline
from fastlayer.responses import check_headers


class FunctionMiddleware:
    """Run `dispatch(request, call_next)` around every HTTP request; other scopes pass through.

    The meaning is that of Starlette's `BaseHTTPMiddleware(app, dispatch=...)`. A function that awaits `call_next` and
    edits or replaces the response runs inline, without tasks and streams; any other one runs in Starlette's class.

    `task_reason` says why the function needs Starlette's way, and is empty if it runs inline.
    """

    def __init__(self, app: ASGIApp, dispatch: Dispatch) -> None:
        self.app = app
        self.dispatch_func = dispatch
        self.task_reason = why_not_inline(dispatch)
        self._exact = BaseHTTPMiddleware(app, dispatch=_refusing(dispatch)) if self.task_reason else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
        elif self._exact is not None:
            await self._exact(scope, receive, send)
        else:
            await Exchange(self.app, self.dispatch_func, scope, receive, send).run()


def _refusing(dispatch: Dispatch) -> Dispatch:
    """The function, whose response is refused if a header of it would begin another."""

    async def answered(request: Request, call_next: CallNext) -> Response:
        response = await dispatch(request, call_next)
        check_headers(getattr(response, "raw_headers", ()))
        return response

    return answered
