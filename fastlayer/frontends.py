"""What stands around a router's frontends: the dependencies, limits and handlers of the layers they are in."""

from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from .frontend import Guard, Respond
from .options import Options
from .routes import APIRoute

_RESPOND_KEY = "fastlayer.frontend_respond"
_KEYS = ("dependencies", "middleware", "exception_handlers", "max_body_size")


def guard(layers: Callable[[], Options], provider: Any) -> Guard:
    """A guard that treats the file as the answer of an operation with the options of the layers.

    They are asked for at the first request, since routers may be changed before.
    """
    route: APIRoute | None = None
    decided = False

    async def guarded(scope: Scope, receive: Receive, send: Send, respond: Respond) -> None:
        nonlocal route, decided
        if not decided:
            route, decided = _operation(layers(), provider), True
        if route is None:
            await (await respond())(scope, receive, send)
            return
        scope[_RESPOND_KEY] = respond
        await route.app(scope, receive, send)

    return guarded


def _operation(layers: Options, provider: Any) -> APIRoute | None:
    """The operation; None where there is nothing to run."""
    options: Any = {key: layers[key] for key in _KEYS if layers.get(key) not in (None, [], {})}
    if not options:
        return None
    return APIRoute(
        "/",
        _file,
        methods=("GET", "HEAD"),
        dependency_overrides_provider=provider,
        include_in_schema=False,
        merge_injected=True,
        **options,
    )


async def _file(request: Request) -> Response:
    response: Response = await request.scope[_RESPOND_KEY]()
    return response
