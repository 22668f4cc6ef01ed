"""APIRouter: registers operations and includes other routers, live."""

import os
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Protocol

from starlette.datastructures import URLPath
from starlette.routing import BaseRoute, Mount, Router
from starlette.types import ASGIApp, Receive, Scope, Send
from typing_extensions import Unpack

from .derived import derived_route
from .dispatch import Dispatcher
from .exceptions import FastLayerError
from .execution.inherited import INHERITING
from .frontend import CheckDir, Fallback, FrontendGroup
from .frontends import guard
from .inclusion import Inclusion
from .lifespans import Lifespan, RouterLifespan, merged
from .operation import route_options
from .options import Options, RouteOptions, SharedOptions, combine, written
from .registration import Registration
from .route_contexts import RouteContext as RouteContext
from .route_contexts import iter_route_contexts as iter_route_contexts
from .routes import APIRoute as APIRoute
from .routes import APIWebSocketRoute as APIWebSocketRoute
from .routes import socket_options
from .urls import path_of


class RouterError(FastLayerError, AssertionError):
    """A router is declared or included in a way that cannot work. Also an AssertionError, as FastAPI's users expect."""


class MakesRouter(Protocol):
    """A class that can be included like a router, because it makes one."""

    @classmethod
    def as_router(cls) -> "APIRouter": ...


# The options that are attributes of a router, which may be changed until a route is registered: name -> option.
_ATTRIBUTES = {
    "tags": "tags",
    "dependencies": "dependencies",
    "responses": "responses",
    "callbacks": "callbacks",
    "deprecated": "deprecated",
    "include_in_schema": "include_in_schema",
    "default_response_class": "response_class",
    "generate_unique_id_function": "generate_unique_id_function",
    "strict_content_type": "strict_content_type",
    "max_body_size": "max_body_size",
    "form_limits": "form_limits",
}


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


class APIRouter(Registration, Dispatcher):
    """A group of operations with options in common.

    `prefix` leads every path; the other `options` are those of RouteOptions that apply to all routes inside. Routes
    may be added before and after the router is included, however often and deep. Included, it has the dependency
    overrides of the application; mounted, only with `inherit_overrides`.

    Raises, when made:
        FastLayerError: an option cannot work, or `inherit_overrides` beside a provider of overrides.
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
        inherit_overrides: bool = False,
        **options: Unpack[SharedOptions],
    ) -> None:
        given: Options = written(_class_option(options, default_response_class), where="APIRouter()")
        self.on_startup = list(on_startup or ())
        self.on_shutdown = list(on_shutdown or ())
        self._inclusions: list[tuple[APIRouter, Inclusion, Callable[[], tuple[str, Options]]]] = []
        self._low_priority_routes: list[BaseRoute] = []
        self._frontend_routes: FrontendGroup | None = None
        super().__init__(routes=routes, redirect_slashes=redirect_slashes, default=default)
        self.lifespan_context: Lifespan = RouterLifespan(self, lifespan)
        self.prefix = checked_prefix(prefix)
        self.dependency_overrides_provider = _provider(dependency_overrides_provider, inherits=inherit_overrides)
        self.route_class = route_class
        self.exception_handlers: dict[Any, Callable[..., Any]] = dict(given.pop("exception_handlers", {}))
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

    def _mark_routes_changed(self) -> None:
        """Say that something beside the route list changed."""
        self._routes.touch()

    def layer(self) -> Options:
        """The options this router gives to its routes, as its attributes are now."""
        shared = {option: getattr(self, name) for name, option in _ATTRIBUTES.items()}
        said = {key: value for key, value in shared.items() if value not in (None, [], {})}
        return {**self._more_options, **said, "exception_handlers": self.exception_handlers}

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
        combined: Any = combine(self.layer(), route_options(path, endpoint, options))
        route = route_class(
            self.prefix + path,
            endpoint,
            methods=methods,
            dependency_overrides_provider=self.dependency_overrides_provider,
            **combined,
        )
        self.routes.append(route)

    def add_api_websocket_route(
        self,
        path: str,
        endpoint: Callable[..., Any],
        name: str | None = None,
        *,
        dependencies: Sequence[Any] | None = None,
    ) -> None:
        """Register a WebSocket endpoint."""
        options: Any = combine(socket_options(self.layer()), {"dependencies": list(dependencies or ())})
        route = APIWebSocketRoute(
            self.prefix + path,
            endpoint,
            name=name,
            dependency_overrides_provider=self.dependency_overrides_provider,
            **options,
        )
        self.routes.append(route)

    def add_exception_handler(
        self, exc_class_or_status_code: int | type[Exception], handler: Callable[..., Any]
    ) -> None:
        """Let `handler(request, exception)` answer errors raised by routes in here; nearer than an outer router's."""
        self.exception_handlers[exc_class_or_status_code] = handler

    def add_event_handler(self, event_type: str, func: Callable[[], Any]) -> None:
        """Call `func` at "startup" or "shutdown", beside the lifespan."""
        if event_type not in ("startup", "shutdown"):
            raise FastLayerError(f"There is no event {event_type!r}: choose 'startup' or 'shutdown'.")
        (self.on_startup if event_type == "startup" else self.on_shutdown).append(func)

    def frontend(
        self,
        path: str,
        *,
        directory: str | os.PathLike[str],
        fallback: Fallback = "auto",
        check_dir: CheckDir = "auto",
    ) -> None:
        """Serve the files of a directory below `path` where no route answers.

        `fallback` is the file for paths without one: "index.html" for navigation only, "404.html", "auto" for
        whichever is there, or None. `check_dir` says whether a missing directory is an error now; "auto": unless the
        environment is "development".
        """
        if self._frontend_routes is None:
            self._frontend_routes = FrontendGroup(guard=guard(self.layer, self.dependency_overrides_provider))
        self._frontend_routes.add_frontend_route(
            self.prefix + path, directory=directory, fallback=fallback, check_dir=check_dir
        )
        self._mark_routes_changed()

    # --- inclusion --------------------------------------------------------------------------------------------

    def include_router(
        self,
        router: "APIRouter | type[MakesRouter]",
        *,
        prefix: str = "",
        default_response_class: Any = None,
        **options: Unpack[SharedOptions],
    ) -> None:
        """Serve another router's routes, or a controller's, here as well, under a prefix and with more options.

        Stays live: routes added to the router later are served too.

        Raises:
            RouterError: it contains this router, or a path would be empty.
        """
        child: APIRouter = router if isinstance(router, APIRouter) else router.as_router()
        _refuse_cycles(self, child)
        checked_prefix(prefix)
        if not prefix:
            _refuse_empty_paths(child)
        included = written(_class_option(options, default_response_class), where="include_router()")
        gates = _gates(child)

        def place() -> tuple[str, Options]:
            return self.prefix + prefix, combine(self.layer(), included)

        def derive(route: BaseRoute) -> BaseRoute | None:
            at, outer = place()
            made = derived_route(route, at, outer, child.layer(), self.dependency_overrides_provider)
            if made is not None and (gates or getattr(route, "gates", ())):
                made.gates = (*gates, *getattr(route, "gates", ()))  # type: ignore[attr-defined]  # read by `matching`
            return made

        self._inclusions.append((child, Inclusion(derive, self.routes, child.routes), place))
        self.lifespan_context = merged(self.lifespan_context, child.lifespan_context)

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

    def low_priority_routes(self) -> Iterator[BaseRoute]:
        """Routes that come after all others, as they are here; an extension may add some."""
        yield from self._low_priority_routes
        for child, inclusion, _ in self._inclusions:
            for route in child.low_priority_routes():
                made = inclusion.derive(route)
                if made is not None:
                    yield made

    def frontends(
        self, prefix: str = "", outer: Options | None = None, provider: Any = None
    ) -> Iterator[tuple[str, FrontendGroup]]:
        """The frontends in here with their prefixes: this router's own, then those of the routers it includes."""
        group = self._frontend_routes
        provider = self.dependency_overrides_provider if outer is None else provider
        if group is not None and outer is None:
            yield prefix, group
        elif group is not None:
            layers = FrontendGroup(guard=guard(lambda: combine(outer or {}, self.layer()), provider))
            layers.routes = group.routes
            yield prefix, layers
        for child, _, place in self._inclusions:
            at, options = place()
            yield from child.frontends(prefix + at, combine(outer or {}, options), provider)

    def url_path_for(self, name: str | Callable[..., Any], /, **path_params: Any) -> URLPath:
        """The path of the route with this name, or of this endpoint.

        Raises:
            NoMatchFound: there is none that takes these parameters.
        """
        if isinstance(name, str):
            return super().url_path_for(name, **path_params)
        return path_of(self.routes, name, path_params)


def _provider(given: Any, *, inherits: bool) -> Any:
    if inherits and given is not None:
        raise RouterError(
            "APIRouter() got dependency_overrides_provider and inherit_overrides=True: choose where its overrides come"
            " from. A FastLayer as the provider takes inherit_overrides itself."
        )
    return INHERITING if inherits else given


def _class_option(options: Mapping[str, Any], response_class: Any) -> dict[str, Any]:
    given = dict(options)
    if response_class is not None:
        given["response_class"] = response_class
    return given


def _gates(router: APIRouter) -> tuple[APIRouter, ...]:
    """The router, if its class wants a say in whether and how requests for its routes are handled."""
    cls = type(router)
    is_usual = cls.matches is APIRouter.matches and cls.handle is APIRouter.handle
    return () if is_usual else (router,)


def _contains(router: APIRouter, other: APIRouter) -> bool:
    return any(child is other or _contains(child, other) for child, *_ in router._inclusions)


def _refuse_cycles(router: APIRouter, child: APIRouter) -> None:
    if child is router:
        raise RouterError(
            "Cannot include the same APIRouter instance into itself. Did you mean to include a different router?"
        )
    if _contains(child, router):
        raise RouterError("Cannot include a router that already includes this router: the paths would be endless.")


def _refuse_empty_paths(router: APIRouter) -> None:
    for route in router.routes:
        if getattr(route, "path", None) == "" and not isinstance(route, Mount):
            raise FastLayerError(
                f"Prefix and path cannot be both empty (path operation: {getattr(route, 'name', route)}). Give the"
                " route or the inclusion a path."
            )
