"""Routes that let tracing packages see inside requests, while one of those packages wants it."""

from collections.abc import Callable
from typing import Any
from weakref import WeakSet

from ..routes import APIRoute, Handler

# The applications of this process, whose compiled routes have to be compiled anew. Not a cache: forgetting one would
# leave it untraced.
applications: "WeakSet[Any]" = WeakSet()


def follow(trace: Callable[[Any], Handler] | None) -> None:
    """Have all routes handled by what `trace` makes of them, from their next request on; None ends that."""
    APIRoute.trace = trace
    for app in list(applications):
        for route in app.router.routes:
            if isinstance(route, APIRoute):
                route.recompile()
