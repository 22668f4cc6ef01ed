"""Bounds on forms for everything inside an application, mounted ones too. What a route says itself wins."""

from collections.abc import Mapping

from starlette.types import ASGIApp, Receive, Scope, Send

from fastlayer.limits import FORM_LIMITS_KEY


class FormLimitsMiddleware:
    """Leave the limits in the scope, for whoever reads a form."""

    def __init__(self, app: ASGIApp, limits: Mapping[str, int]) -> None:
        self.app = app
        self.limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope[FORM_LIMITS_KEY] = {**scope.get(FORM_LIMITS_KEY, {}), **self.limits}
        await self.app(scope, receive, send)
