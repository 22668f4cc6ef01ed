"""RouteContext: a route as tools walk it, with the path and options it has where it is served."""

from collections.abc import Iterable, Iterator
from typing import Any

from starlette.routing import BaseRoute


class RouteContext:
    """One served route. `original_route` is the object the user registered; all else is as it is where it is served."""

    def __init__(self, route: Any) -> None:
        self._served = route

    @property
    def route(self) -> Any:
        return self.original_route

    @property
    def original_route(self) -> Any:
        return getattr(self._served, "original_route", self._served)

    @property
    def path(self) -> str | None:
        return getattr(self._served, "path", None)

    @property
    def path_format(self) -> str | None:
        return getattr(self._served, "path_format", None)

    @property
    def name(self) -> str | None:
        return getattr(self._served, "name", None)

    @property
    def methods(self) -> set[str] | None:
        return getattr(self._served, "methods", None)

    @property
    def endpoint(self) -> Any:
        return getattr(self._served, "endpoint", None)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._served, name)

    def __repr__(self) -> str:
        return f"RouteContext({self._served!r})"


def iter_route_contexts(routes: Iterable[BaseRoute | RouteContext]) -> Iterator[RouteContext]:
    """The routes, each as it is where it is served; mounts and hosts are given as they are, not walked into."""
    for route in routes:
        yield route if isinstance(route, RouteContext) else RouteContext(route)
