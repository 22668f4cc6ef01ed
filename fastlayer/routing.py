"""APIRouter: registers operations, includes other routers live, and dispatches through a table."""

from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from types import MappingProxyType
from typing import Any, TypeVar

from starlette.datastructures import URL
from starlette.responses import RedirectResponse
from starlette.routing import BaseRoute, Host, Match, Mount, Route, Router, WebSocketRoute
from starlette.types import ASGIApp, Receive, Scope, Send
from typing_extensions import Unpack

from .exceptions import FastLayerError
from .inclusion import Inclusion, RouteList
from .lifespans import Lifespan, RouterLifespan, merged
from .options import Options, RouteOptions, combine, written
from .route_contexts import RouteContext as RouteContext
from .route_contexts import iter_route_contexts as iter_route_contexts
from .routes import APIRoute as APIRoute
from .routes import APIWebSocketRoute as APIWebSocketRoute
from .paths import parse_path
from .table import Found, Tables, build_tables

F = TypeVar("F", bound=Callable[..., Any])

HTTP_METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace", "query")


class RouterError(FastLayerError, AssertionError):
    """A router is declared or included in a way that cannot work. Also an AssertionError, as FastAPI's users expect."""


def checked_prefix(prefix: str) -> str:
    """The prefix itself.

    Raises:
        RouterError: it does not begin with a slash, or ends with one.
    """
    if prefix and not prefix.startswith("/"):
        raise RouterError(f"A path prefix must start with '/': {prefix!r}. Write {'/' + prefix!r}.")
    if prefix.endswith("/"):
        raise RouterError(
            f"A path prefix must not end with '/', as the routes will start with '/': {prefix!r}. Write"
            f" {prefix.rstrip('/')!r}."
        )
    return prefix


class APIRouter(Router):
    """A group of operations with options in common.

    `prefix` leads every path; the other `options` are those of RouteOptions that apply to all routes inside. Routes
    may be added before and after the router is included, however often and deep.
    """

    default_dependency_scope = "response"

    def __init__(
        self,
        *,
        prefix: str = "",
        default_response_class: Any = None,
        routes: Sequence[BaseRoute] | None = None,
        redirect_slashes: bool = True,
        default: ASGIApp | None = None,
        dependency_overrides_provider: Any = None,
        route_class: type[APIRoute] = APIRoute,
        on_startup: Sequence[Callable[[], Any]] | None = None,
        on_shutdown: Sequence[Callable[[], Any]] | None = None,
        lifespan: Lifespan | None = None,
        **options: Unpack[RouteOptions],
    ) -> None:
        given: Options = written(_class_option(options, default_response_class), where="APIRouter()")
        self.on_startup = list(on_startup or ())
        self.on_shutdown = list(on_shutdown or ())
        self._tables: Tables | None = None
        self.routes_version = 0
        self._inclusions: list[tuple[APIRouter, Inclusion]] = []
        super().__init__(routes=routes, redirect_slashes=redirect_slashes, default=default)
        self.lifespan_context = RouterLifespan(self, lifespan)
        self.prefix = checked_prefix(prefix)
        self.dependency_overrides_provider = dependency_overrides_provider
        self.route_class = route_class
        self.tags = given.pop("tags", [])
        self.dependencies = given.pop("dependencies", [])
        self.responses = given.pop("responses", {})
        self.callbacks = given.pop("callbacks", [])
        self.deprecated = given.pop("deprecated", None)
        self.include_in_schema = given.pop("include_in_schema", True)
        self.default_response_class = given.pop("response_class", None)
        self.generate_unique_id_function = given.pop("generate_unique_id_function", None)
        self.strict_content_type = given.pop("strict_content_type", None)
        self.max_body_size = given.pop("max_body_size", None)
        self.form_limits = given.pop("form_limits", {})
        self._more_options = given

    # --- routes -----------------------------------------------------------------------------------------------

    @property  # type: ignore[override]  # Starlette keeps a plain list
    def routes(self) -> RouteList:
        """The routes, those of included routers among them: one flat, live list."""
        return self._routes

    @routes.setter
    def routes(self, routes: Iterable[BaseRoute]) -> None:
        if isinstance(getattr(self, "_routes", None), RouteList):
            self._routes[:] = routes
        else:
            self._routes = RouteList(routes, self._mark_routes_changed)

    def _mark_routes_changed(self) -> None:
        self._tables = None
        self.routes_version += 1

    def layer(self) -> Options:
        """The options this router gives to its routes, as its attributes are now."""
        shared: Options = {
            "tags": self.tags,
            "dependencies": self.dependencies,
            "responses": self.responses,
            "callbacks": self.callbacks,
            "deprecated": self.deprecated,
            "include_in_schema": self.include_in_schema,
            "response_class": self.default_response_class,
            "generate_unique_id_function": self.generate_unique_id_function,
            "strict_content_type": self.strict_content_type,
            "max_body_size": self.max_body_size,
            "form_limits": self.form_limits,
        }
        return {**self._more_options, **{key: value for key, value in shared.items() if value not in (None, [], {})}}

    def add_api_route(
        self,
        path: str,
        endpoint: Callable[..., Any],
        *,
        methods: Collection[str] | None = None,
        route_class_override: type[APIRoute] | None = None,
        **options: Unpack[RouteOptions],
    ) -> None:
        """Register an operation.

        Raises:
            FastLayerError: something about it cannot work; the message says where.
        """
        route_class = route_class_override or self.route_class
        merged_options: Any = combine(self.layer(), written(options, where=f"The route {path!r}"))
        if merged_options.get("auto_head") and methods and "GET" in methods:
            methods = [*methods, "HEAD"]
        route = route_class(
            self.prefix + path,
            endpoint,
            methods=methods,
            dependency_overrides_provider=self.dependency_overrides_provider,
            **merged_options,
        )
        self.routes.append(route)

    def api_route(
        self, path: str, *more: str, methods: Collection[str] | None = None, **options: Unpack[RouteOptions]
    ) -> Callable[[F], F]:
        """Decorate an endpoint that answers several methods, under one path or several."""

        def register(endpoint: F) -> F:
            for one in (path, *more):
                self.add_api_route(one, endpoint, methods=methods, **options)
            return endpoint

        return register

    def _operation(self, method: str, path: str | Sequence[str], more: Sequence[str], options: Any) -> Callable[[F], F]:
        paths = (path,) if isinstance(path, str) else tuple(path)
        return self.api_route(*paths, *more, methods=[method], **options)

    def get(self, path: str | Sequence[str], *more: str, **options: Unpack[RouteOptions]) -> Callable[[F], F]:
        """Decorate the endpoint of GET operations; also several paths."""
        return self._operation("GET", path, more, options)

    def put(self, path: str | Sequence[str], *more: str, **options: Unpack[RouteOptions]) -> Callable[[F], F]:
        """Decorate the endpoint of PUT operations; also several paths."""
        return self._operation("PUT", path, more, options)

    def post(self, path: str | Sequence[str], *more: str, **options: Unpack[RouteOptions]) -> Callable[[F], F]:
        """Decorate the endpoint of POST operations; also several paths."""
        return self._operation("POST", path, more, options)

    def delete(self, path: str | Sequence[str], *more: str, **options: Unpack[RouteOptions]) -> Callable[[F], F]:
        """Decorate the endpoint of DELETE operations; also several paths."""
        return self._operation("DELETE", path, more, options)

    def options(self, path: str | Sequence[str], *more: str, **options: Unpack[RouteOptions]) -> Callable[[F], F]:
        """Decorate the endpoint of OPTIONS operations; also several paths."""
        return self._operation("OPTIONS", path, more, options)

    def head(self, path: str | Sequence[str], *more: str, **options: Unpack[RouteOptions]) -> Callable[[F], F]:
        """Decorate the endpoint of HEAD operations; also several paths."""
        return self._operation("HEAD", path, more, options)

    def patch(self, path: str | Sequence[str], *more: str, **options: Unpack[RouteOptions]) -> Callable[[F], F]:
        """Decorate the endpoint of PATCH operations; also several paths."""
        return self._operation("PATCH", path, more, options)

    def trace(self, path: str | Sequence[str], *more: str, **options: Unpack[RouteOptions]) -> Callable[[F], F]:
        """Decorate the endpoint of TRACE operations; also several paths."""
        return self._operation("TRACE", path, more, options)

    def query(self, path: str | Sequence[str], *more: str, **options: Unpack[RouteOptions]) -> Callable[[F], F]:
        """Decorate the endpoint of QUERY operations: safe like GET, with a body like POST; also several paths."""
        return self._operation("QUERY", path, more, options)

    def add_api_websocket_route(
        self,
        path: str,
        endpoint: Callable[..., Any],
        name: str | None = None,
        *,
        dependencies: Sequence[Any] | None = None,
    ) -> None:
        """Register a WebSocket endpoint."""
        route = APIWebSocketRoute(
            self.prefix + path,
            endpoint,
            name=name,
            dependencies=[*self.dependencies, *(dependencies or ())],
            dependency_overrides_provider=self.dependency_overrides_provider,
        )
        self.routes.append(route)

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

    # --- events -----------------------------------------------------------------------------------------------

    def add_event_handler(self, event_type: str, func: Callable[[], Any]) -> None:
        """Call `func` at "startup" or "shutdown", beside the lifespan."""
        if event_type not in ("startup", "shutdown"):
            raise FastLayerError(f"There is no event {event_type!r}: choose 'startup' or 'shutdown'.")
        (self.on_startup if event_type == "startup" else self.on_shutdown).append(func)

    def on_event(self, event_type: str) -> Callable[[F], F]:
        """Decorate a function to call at "startup" or "shutdown"."""

        def register(func: F) -> F:
            self.add_event_handler(event_type, func)
            return func

        return register

    # --- inclusion --------------------------------------------------------------------------------------------

    def include_router(
        self,
        router: "APIRouter",
        *,
        prefix: str = "",
        default_response_class: Any = None,
        **options: Unpack[RouteOptions],
    ) -> None:
        """Serve another router's routes here as well, under a prefix and with more options. Stays live.

        Raises:
            RouterError: it contains this router, or a path would be empty.
        """
        if router is self:
            raise RouterError("Cannot include the same APIRouter instance into itself. Did you mean another router?")
        if _contains(router, self):
            raise RouterError("Cannot include a router that already includes this router: the paths would be endless.")
        checked_prefix(prefix)
        if not prefix:
            _refuse_empty_paths(router)
        included = written(_class_option(options, default_response_class), where="include_router()")

        def derive(route: BaseRoute) -> BaseRoute | None:
            return derived_route(route, self.prefix + prefix, combine(self.layer(), included), self)

        self._inclusions.append((router, Inclusion(derive, self.routes, router.routes)))
        self.lifespan_context = merged(self.lifespan_context, router.lifespan_context)

    async def lifespan(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The lifespan, with the app's dependencies of scope "app" open inside it."""
        open_app_scope = getattr(scope.get("app"), "open_app_scope", None)
        if open_app_scope is None or scope["app"].router is not self:
            await super().lifespan(scope, receive, send)
            return

        @asynccontextmanager
        async def with_dependencies(app: Any) -> AsyncIterator[Any]:
            async with self.lifespan_context(app) as state, open_app_scope():
                yield state

        await Router(lifespan=with_dependencies).lifespan(scope, receive, send)

    # --- requests ---------------------------------------------------------------------------------------------

    def tables(self) -> Tables:
        """The index over the routes, built when the first request after a change comes."""
        if self._tables is None:
            self._tables = build_tables(described(route) for route in self.routes)
        return self._tables

    async def app(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand the request to the first route that matches it, else to the first that matches its path."""
        if "router" not in scope:
            scope["router"] = self
        kind = scope["type"]
        if kind == "lifespan":
            await self.lifespan(scope, receive, send)
            return
        tables = self._tables or self.tables()
        path = route_path(scope) if scope.get("root_path") else scope["path"]
        partial: Found | None = None
        partial_scope: Scope = {}
        for found in (tables.http if kind == "http" else tables.websocket).candidates(path):
            _, route, methods, params = found
            if params is None:
                match, child_scope = asked(route, scope)
                if match is Match.FULL:
                    scope.update(child_scope)
                    await route.handle(scope, receive, send)
                    return
                if match is Match.PARTIAL and partial is None:
                    partial, partial_scope = found, child_scope
            elif methods is None or scope["method"] in methods:
                scope["route"] = route
                scope["endpoint"] = route.endpoint
                scope["path_params"] = {**scope.get("path_params", _NOTHING), **params}
                await route.app(scope, receive, send)
                return
            elif partial is None:
                partial = found
        if partial is not None:
            _, route, _, params = partial
            if params is None:
                scope.update(partial_scope)
            else:
                enter(scope, route, params)
            await route.handle(scope, receive, send)
            return
        await self.unmatched(scope, receive, send, path)

    async def unmatched(self, scope: Scope, receive: Receive, send: Send, path: str) -> None:
        """Redirect to the path with or without its slash at the end where that matches, else 404."""
        if scope["type"] == "http" and self.redirect_slashes and path != "/":
            target = dict(scope)
            target["path"] = scope["path"].rstrip("/") if path.endswith("/") else scope["path"] + "/"
            if self._would_match(target):
                await RedirectResponse(url=str(URL(scope=target)))(scope, receive, send)
                return
        await self.default(scope, receive, send)

    def _would_match(self, scope: Scope) -> bool:
        found = self.tables().http.candidates(route_path(scope))
        return any(params is not None or asked(route, scope)[0] is not Match.NONE for _, route, _, params in found)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Never a match: a router is not a route of its own."""
        return Match.NONE, {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)


_NOTHING: Mapping[str, Any] = MappingProxyType({})


def route_path(scope: Scope) -> str:
    """The path below the `root_path`."""
    path: str = scope["path"]
    root = scope.get("root_path")
    if root and path.startswith(root) and path[len(root) : len(root) + 1] in ("", "/"):
        return path[len(root) :]
    return path


def enter(scope: Scope, route: Any, params: Mapping[str, Any]) -> None:
    """Tell the scope which route was chosen."""
    scope["route"] = route
    scope["endpoint"] = route.endpoint
    scope["path_params"] = {**scope.get("path_params", _NOTHING), **params}


def asked(route: Any, scope: Scope) -> tuple[Match, Scope]:
    """What the route itself says; one that was included is asked as the object it was, with where it is in the scope."""
    return route.matches(scope)  # type: ignore[no-any-return]  # BaseRoute


def described(route: BaseRoute) -> tuple[BaseRoute, Any, frozenset[str] | None, str | None]:
    """What the table must know of a route."""
    kind = type(route)
    if isinstance(route, APIRoute) and kind.matches is APIRoute.matches and kind.handle is APIRoute.handle:
        return route, route.template, frozenset(route.methods), "http"
    if isinstance(route, APIWebSocketRoute) and kind.matches is APIWebSocketRoute.matches:
        return route, route.template, None, "websocket"
    if isinstance(route, Route) and kind.matches is Route.matches and kind.handle is Route.handle:
        return route, parse_path(route.path), None if route.methods is None else frozenset(route.methods), "http"
    return route, None, None, None


def _class_option(options: Mapping[str, Any], response_class: Any) -> dict[str, Any]:
    given = dict(options)
    if response_class is not None:
        given["response_class"] = response_class
    return given


def _contains(router: APIRouter, other: APIRouter) -> bool:
    return any(child is other or _contains(child, other) for child, _ in router._inclusions)


def _refuse_empty_paths(router: APIRouter) -> None:
    for route in router.routes:
        if getattr(route, "path", None) == "" and not isinstance(route, Mount):
            raise FastLayerError(
                f"Prefix and path cannot be both empty (path operation: {getattr(route, 'name', route)}). Give the"
                " route or the inclusion a path."
            )


def derived_route(route: BaseRoute, prefix: str, outer: Options, parent: APIRouter) -> BaseRoute | None:
    """The route as it is in the parent; None for a kind that cannot be included."""
    provider = parent.dependency_overrides_provider
    made: Any = None
    if isinstance(route, (APIRoute, APIWebSocketRoute)):
        return route.included(prefix, outer, provider)
    if isinstance(route, Route):
        made = type(route)(
            prefix + route.path,
            route.endpoint,
            methods=sorted(route.methods or ()) or None,
            name=route.name,
            include_in_schema=route.include_in_schema,
        )
    elif isinstance(route, WebSocketRoute):
        made = type(route)(prefix + route.path, route.endpoint, name=route.name)
    elif isinstance(route, Mount):
        made = Mount(prefix + route.path, app=route.app, name=route.name)
    elif isinstance(route, Host):
        made = Host(route.host, app=Router([Mount(prefix, app=route.app)]) if prefix else route.app, name=route.name)
    if made is not None:
        made.original_route = getattr(route, "original_route", route)
    return made  # type: ignore[no-any-return]  # a Starlette route
