"""The names of FastAPI's router tree, which programs ask `isinstance` about. Here included routes stand flat."""

from collections.abc import Iterable, Iterator, MutableMapping
from typing import Any

from starlette.routing import BaseRoute

SCOPE_KEY = "fastapi"
_SCOPE_MISSING: Any = object()


class IncludedRouter(BaseRoute):
    """Never made: what a router has stands in the list of the router it was included in."""


class RouterIncludeContext:
    """Never made: what an inclusion adds is in the options of the routes."""


class EffectiveRouteContext:
    """Never made: an included route is itself what it is where it is served."""


def iter_included_route_candidates(routes: Iterable[Any]) -> Iterator[Any]:
    """The routes, those of included routers among them."""
    yield from routes


def iter_routes_with_context(routes: Iterable[Any]) -> Iterator[tuple[Any, None]]:
    """Each route, as it is where it is served, without a context: it needs none."""
    for route in routes:
        yield route, None


def restore_fastapi_scope_key(scope: MutableMapping[str, Any], key: str, previous: Any) -> None:
    """Put a value of FastAPI's own part of the scope back, or take it out where there was none."""
    shared = scope.get(SCOPE_KEY)
    if not isinstance(shared, dict):
        return
    if previous is _SCOPE_MISSING:
        shared.pop(key, None)
    else:
        shared[key] = previous
