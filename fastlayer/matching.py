"""What the dispatcher asks of a route: whether the table can decide for it, and if not, what the route itself says.

A route that was included is asked, and called, as the object its user made, with the route as it is served in
`scope["fastapi"]["effective_route_context"]`; so are routers between, where their class overrides `matches` or
`handle`.
"""

from typing import Any

from starlette.routing import BaseRoute, Match, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .execution.errors import STARTED_KEY
from .paths import parse_path
from .routes import CONTEXT_KEY, APIRoute, APIWebSocketRoute
from .table import Described

INNER_KEY = "fastlayer.inner_app"


def route_path(scope: Scope) -> str:
    """The path below the `root_path`."""
    path: str = scope["path"]
    root = scope.get("root_path")
    if root and path.startswith(root) and path[len(root) : len(root) + 1] in ("", "/"):
        return path[len(root) :]
    return path


def described(route: BaseRoute) -> Described:
    """What the table must know of a route; no template where the route must be asked."""
    kind = type(route)
    if isinstance(route, Route) and not isinstance(route, APIRoute):
        if kind.matches is Route.matches and kind.handle is Route.handle and not getattr(route, "gates", ()):
            methods = None if route.methods is None else frozenset(route.methods)
            return Described(route, parse_path(route.path), methods, "http", app=noting_start(_app_of(route)))
    elif isinstance(route, APIRoute):
        is_usual = kind.matches is APIRoute.matches and kind.handle is APIRoute.handle
        template = route.template if is_usual and not getattr(route, "gates", ()) else None
        return Described(route, template, frozenset(route.methods or ()), "http", route.original_route is not route)
    elif isinstance(route, APIWebSocketRoute):
        is_usual = kind.matches is APIWebSocketRoute.matches and kind.handle is APIWebSocketRoute.handle
        template = route.template if is_usual and not getattr(route, "gates", ()) else None
        return Described(route, template, None, "websocket", route.original_route is not route)
    return Described(route, None)


def _app_of(route: Route) -> ASGIApp:
    """Calls the app the route has at the time; some programs put another in its place."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await route.app(scope, receive, send)

    return app


def noting_start(app: ASGIApp) -> ASGIApp:
    """The app, with a note in the scope when its response begins; API routes leave that note themselves.

    The frame around the application needs it: an error after the start can no longer be answered.
    """

    async def noting(scope: Scope, receive: Receive, send: Send) -> None:
        async def note(message: Message) -> None:
            if message["type"] == "http.response.start":
                scope[STARTED_KEY] = True
            await send(message)

        await app(scope, receive, note)

    return noting


def asked(route: Any, scope: Scope) -> tuple[Match, Scope]:
    """What the route itself says, and what its scope then needs."""
    gates = getattr(route, "gates", ())
    original = _original(route)
    if original is route and not gates:
        match, child_scope = route.matches(scope)
        return match, {"route": route, **child_scope}
    context = {**_shared(scope), CONTEXT_KEY: route}
    inside = {**scope, "fastapi": context}
    if any(gate.matches(inside)[0] is Match.NONE for gate in gates):
        return Match.NONE, {}
    match, child_scope = original.matches(inside)
    return match, {**child_scope, "route": route, "fastapi": {**context, **_shared(child_scope)}}


def handler_of(route: Any) -> ASGIApp:
    """What handles a request for the route, through the routers that want to."""
    original = _original(route)
    is_ours = isinstance(original, (APIRoute, APIWebSocketRoute))
    handler: ASGIApp = original.handle if is_ours else noting_start(original.handle)
    for gate in reversed(getattr(route, "gates", ())):
        handler = _through(gate, handler)
    return handler


def _through(gate: Any, handler: ASGIApp) -> ASGIApp:
    async def entered(scope: Scope, receive: Receive, send: Send) -> None:
        scope[INNER_KEY] = handler
        await gate.handle(scope, receive, send)

    return entered


def _original(route: Any) -> Any:
    return getattr(route, "original_route", route) if isinstance(route, (APIRoute, APIWebSocketRoute)) else route


def _shared(scope: Scope) -> dict[str, Any]:
    shared = scope.get("fastapi")
    return shared if isinstance(shared, dict) else {}
