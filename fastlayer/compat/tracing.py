"""Routes that let tracing packages see inside requests, while one of those packages wants it."""

from collections.abc import Callable
from typing import Any, ClassVar
from weakref import WeakSet

from ..routes import APIRoute, Handler


class Traceable:
    """An application whose routes are compiled anew when tracing begins or ends."""

    instances: ClassVar[WeakSet["Traceable"]] = WeakSet()
    router: Any


def follow(trace: Callable[[Any], Handler] | None) -> None:
    """Have all routes handled by what `trace` makes of them, from their next request on; None ends that."""
    APIRoute.trace = trace
    for app in list(Traceable.instances):
        for route in app.router.routes:
            if isinstance(route, APIRoute):
                route.recompile()
