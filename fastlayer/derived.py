"""A route as it is in a router that includes it: under a prefix, with the options of the layers around it."""

from typing import Any

from starlette.middleware import Middleware
from starlette.routing import BaseRoute, Host, Mount, Route, Router, WebSocketRoute

from .middleware.body_limit import BodyLimitMiddleware
from .middleware.form_limits import FormLimitsMiddleware
from .middleware.shared import wrapped
from .options import Options
from .routes import APIRoute, APIWebSocketRoute


class IncludedMount(Mount):
    """A mount under another prefix, behind the layers' middleware. Shows the mounted routes."""

    def __init__(self, prefix: str, mount: Mount, middleware: list[Middleware]) -> None:
        super().__init__(prefix + mount.path, mount.app, name=mount.name)
        self.app = wrapped(mount.app, middleware)
        self.mount = mount

    @property
    def routes(self) -> list[BaseRoute]:
        return self.mount.routes


def derived_route(route: BaseRoute, prefix: str, outer: Options, own: Options, provider: Any) -> BaseRoute | None:
    """The route as it is in the parent; None for a kind that cannot be included.

    `outer` is what the parent and the inclusion say; `own`, which API routes have in them already, what the included
    router says.
    """
    if isinstance(route, (APIRoute, APIWebSocketRoute)):
        return route.included(prefix, outer, provider)
    made: Any = None
    is_first = not hasattr(route, "original_route")  # else the inclusion before this one has applied `own`
    layers = [*layers_of(outer), *(layers_of(own) if is_first else ())]
    if isinstance(route, Route):
        made = type(route)(
            prefix + route.path,
            route.endpoint,
            methods=sorted(route.methods or ()) or None,
            name=route.name,
            include_in_schema=route.include_in_schema,
        )
        made.app = wrapped(route.app, layers)
    elif isinstance(route, WebSocketRoute):
        made = type(route)(prefix + route.path, route.endpoint, name=route.name)
        made.app = wrapped(route.app, layers)
    elif isinstance(route, Mount):
        made = IncludedMount(prefix, route, layers)
    elif isinstance(route, Host):
        app = Router([Mount(prefix, app=route.app)]) if prefix else route.app
        made = Host(route.host, app=wrapped(app, layers), name=route.name)
    if made is not None:
        made.original_route = getattr(route, "original_route", route)
    return made  # type: ignore[no-any-return]  # a Starlette route


def layers_of(options: Options) -> list[Middleware]:
    """The options that can be told to any ASGI app, as middleware, outermost first."""
    layers: list[Middleware] = list(options.get("middleware") or ())
    if options.get("max_body_size") is not None:
        layers.insert(0, Middleware(BodyLimitMiddleware, max_body_size=options["max_body_size"]))
    if options.get("form_limits"):
        layers.insert(0, Middleware(FormLimitsMiddleware, limits=options["form_limits"]))
    return layers
