"""The decorators that routers and applications share, on top of the `add_...` methods each of them has."""

from collections.abc import Callable, Collection, Sequence
from typing import Any, TypeVar

from typing_extensions import Unpack

from .options import RouteOptions

F = TypeVar("F", bound=Callable[..., Any])
Paths = str | Sequence[str]


class Registration:
    """Decorators for operations, sockets, events and exception handlers."""

    add_api_route: Callable[..., None]
    add_api_websocket_route: Callable[..., None]
    add_route: Callable[..., None]
    add_websocket_route: Callable[..., None]
    add_event_handler: Callable[..., None]
    add_exception_handler: Callable[..., None]

    def api_route(
        self, path: Paths, *more: str, methods: Collection[str] | None = None, **options: Unpack[RouteOptions]
    ) -> Callable[[F], F]:
        """Decorate an endpoint that answers several methods, under one path or several."""
        paths = (path,) if isinstance(path, str) else tuple(path)

        def register(endpoint: F) -> F:
            for one in (*paths, *more):
                self.add_api_route(one, endpoint, methods=methods, **options)
            return endpoint

        return register

    def get(self, path: Paths, *more: str, **options: Unpack[RouteOptions]) -> Callable[[F], F]:
        """Decorate the endpoint of GET operations; also several paths."""
        return self.api_route(path, *more, methods=["GET"], **options)

    def put(self, path: Paths, *more: str, **options: Unpack[RouteOptions]) -> Callable[[F], F]:
        """Decorate the endpoint of PUT operations; also several paths."""
        return self.api_route(path, *more, methods=["PUT"], **options)

    def post(self, path: Paths, *more: str, **options: Unpack[RouteOptions]) -> Callable[[F], F]:
        """Decorate the endpoint of POST operations; also several paths."""
        return self.api_route(path, *more, methods=["POST"], **options)

    def delete(self, path: Paths, *more: str, **options: Unpack[RouteOptions]) -> Callable[[F], F]:
        """Decorate the endpoint of DELETE operations; also several paths."""
        return self.api_route(path, *more, methods=["DELETE"], **options)

    def options(self, path: Paths, *more: str, **options: Unpack[RouteOptions]) -> Callable[[F], F]:
        """Decorate the endpoint of OPTIONS operations; also several paths."""
        return self.api_route(path, *more, methods=["OPTIONS"], **options)

    def head(self, path: Paths, *more: str, **options: Unpack[RouteOptions]) -> Callable[[F], F]:
        """Decorate the endpoint of HEAD operations; also several paths."""
        return self.api_route(path, *more, methods=["HEAD"], **options)

    def patch(self, path: Paths, *more: str, **options: Unpack[RouteOptions]) -> Callable[[F], F]:
        """Decorate the endpoint of PATCH operations; also several paths."""
        return self.api_route(path, *more, methods=["PATCH"], **options)

    def trace(self, path: Paths, *more: str, **options: Unpack[RouteOptions]) -> Callable[[F], F]:
        """Decorate the endpoint of TRACE operations; also several paths."""
        return self.api_route(path, *more, methods=["TRACE"], **options)

    def query(self, path: Paths, *more: str, **options: Unpack[RouteOptions]) -> Callable[[F], F]:
        """Decorate the endpoint of QUERY operations: safe like GET, with a body like POST; also several paths."""
        return self.api_route(path, *more, methods=["QUERY"], **options)

    def websocket(
        self, path: str, name: str | None = None, *, dependencies: Sequence[Any] | None = None
    ) -> Callable[[F], F]:
        """Decorate a WebSocket endpoint."""

        def register(endpoint: F) -> F:
            self.add_api_websocket_route(path, endpoint, name, dependencies=dependencies)
            return endpoint

        return register

    def route(
        self,
        path: str,
        methods: Collection[str] | None = None,
        name: str | None = None,
        include_in_schema: bool = True,
    ) -> Callable[[F], F]:
        """Decorate a plain Starlette endpoint: a function from request to response."""

        def register(endpoint: F) -> F:
            self.add_route(path, endpoint, methods=methods, name=name, include_in_schema=include_in_schema)
            return endpoint

        return register

    def websocket_route(self, path: str, name: str | None = None) -> Callable[[F], F]:
        """Decorate a plain Starlette WebSocket endpoint."""

        def register(endpoint: F) -> F:
            self.add_websocket_route(path, endpoint, name=name)
            return endpoint

        return register

    def on_event(self, event_type: str) -> Callable[[F], F]:
        """Decorate a function to call at "startup" or "shutdown"."""

        def register(function: F) -> F:
            self.add_event_handler(event_type, function)
            return function

        return register

    def exception_handler(self, exc_class_or_status_code: int | type[Exception]) -> Callable[[F], F]:
        """Decorate a function `(request, exception) -> response` for an exception class or a status code."""

        def register(handler: F) -> F:
            self.add_exception_handler(exc_class_or_status_code, handler)
            return handler

        return register
