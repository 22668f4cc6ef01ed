"""FastLayer: a Starlette application with a router of operations, dependency overrides, and an OpenAPI document."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, TypeVar

from starlette.applications import Starlette
from starlette.datastructures import State
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.body_limit import RequestBodyLimitMiddleware
from starlette.middleware.errors import ServerErrorMiddleware
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.requests import Request
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Receive, Scope, Send
from typing_extensions import Unpack

from . import params
from .diagnostics import report
from .documentation import Documentation
from .error_policy import ErrorPolicy, policy_handlers
from .exception_handlers import (
    http_exception_handler,
    request_validation_exception_handler,
    websocket_request_validation_exception_handler,
)
from .exceptions import FastLayerError, RequestValidationError, WebSocketRequestValidationError
from .execution.stack import folded
from .lifespans import Lifespan
from .limits import FormLimits, checked_body_size
from .middleware.function import FunctionMiddleware
from .options import RouteOptions
from .resolving import Resolving
from .routing import APIRouter

F = TypeVar("F", bound=Callable[..., Any])


class FastLayer(Documentation, Resolving, Starlette):
    """An API. `options` are those of RouteOptions that apply to all its routes."""

    default_dependency_scope: params.Scope = "response"
    checks_path_params = True
    """Whether a `Path()` parameter the path has no place for is refused; FastAPI answers 422 to every request."""

    def __init__(
        self,
        *,
        debug: bool = False,
        routes: Sequence[BaseRoute] | None = None,
        title: str = "FastLayer",
        summary: str | None = None,
        description: str = "",
        version: str = "0.1.0",
        openapi_url: str | None = "/openapi.json",
        openapi_tags: list[dict[str, Any]] | None = None,
        openapi_version: str = "3.1.0",
        servers: list[dict[str, Any]] | None = None,
        default_response_class: Any = None,
        redirect_slashes: bool = True,
        docs_url: str | None = "/docs",
        redoc_url: str | None = "/redoc",
        scalar_url: str | None = None,
        docs_csp_nonce: Callable[[Request], str] | str | None = None,
        swagger_ui_oauth2_redirect_url: str | None = "/docs/oauth2-redirect",
        swagger_ui_init_oauth: dict[str, Any] | None = None,
        swagger_ui_parameters: dict[str, Any] | None = None,
        middleware: Sequence[Middleware] | None = None,
        exception_handlers: Mapping[Any, Callable[..., Any]] | None = None,
        on_startup: Sequence[Callable[[], Any]] | None = None,
        on_shutdown: Sequence[Callable[[], Any]] | None = None,
        lifespan: Lifespan | None = None,
        terms_of_service: str | None = None,
        contact: dict[str, Any] | None = None,
        license_info: dict[str, Any] | None = None,
        root_path: str = "",
        root_path_in_servers: bool = True,
        webhooks: APIRouter | None = None,
        separate_input_output_schemas: bool = True,
        openapi_external_docs: dict[str, Any] | None = None,
        max_body_size: int | None = None,
        form_limits: FormLimits | None = None,
        sync_in_thread: bool = True,
        problem_details: bool = False,
        validation_errors: ErrorPolicy | None = None,
        strict: bool = False,
        silence: Collection[str] = (),
        **options: Unpack[RouteOptions],
    ) -> None:
        self.debug = debug
        self.title = title
        self.summary = summary
        self.description = description
        self.version = version
        self.terms_of_service = terms_of_service
        self.contact = contact
        self.license_info = license_info
        self.openapi_url = openapi_url
        self.openapi_tags = openapi_tags
        self.openapi_version = openapi_version
        self.openapi_external_docs = openapi_external_docs
        self.root_path_in_servers = root_path_in_servers
        self.docs_url = docs_url
        self.redoc_url = redoc_url
        self.scalar_url = scalar_url
        self.docs_csp_nonce = docs_csp_nonce
        self.swagger_ui_oauth2_redirect_url = swagger_ui_oauth2_redirect_url
        self.swagger_ui_init_oauth = swagger_ui_init_oauth
        self.swagger_ui_parameters = swagger_ui_parameters
        self.servers = servers or []
        self.separate_input_output_schemas = separate_input_output_schemas
        self.max_body_size = checked_body_size(max_body_size)
        self.sync_in_thread = sync_in_thread
        self.strict = strict
        self.silence = frozenset(silence)
        self.root_path = root_path
        self.state = State()
        self.webhooks = webhooks or APIRouter()
        self.dependency_overrides: dict[Callable[..., Any], Callable[..., Any]] = {}
        self.router = APIRouter(
            routes=routes,
            redirect_slashes=redirect_slashes,
            dependency_overrides_provider=self,
            on_startup=on_startup,
            on_shutdown=on_shutdown,
            lifespan=lifespan,
            default_response_class=default_response_class,
            form_limits=form_limits,
            **options,
        )
        self.problem_details = problem_details
        self.exception_handlers: dict[Any, Callable[..., Any]] = {
            HTTPException: http_exception_handler,
            RequestValidationError: request_validation_exception_handler,
            WebSocketRequestValidationError: websocket_request_validation_exception_handler,
            **policy_handlers(validation_errors, problems=problem_details),
            **(exception_handlers or {}),
        }
        self.user_middleware = list(middleware or ())
        self.middleware_stack: ASGIApp | None = None
        self.setup()

    # --- requests ---------------------------------------------------------------------------------------------

    def build_middleware_stack(self) -> ASGIApp:
        """The app behind its middleware; with none of the user's, behind one frame of ours."""
        by_class = dict(self.exception_handlers)
        handler = None
        for key in (500, Exception):
            handler = by_class.pop(key, handler)
        errors = ServerErrorMiddleware(self.router, handler=handler, debug=self.debug)
        exceptions = ExceptionMiddleware(self._limited(self.router), handlers=by_class, debug=self.debug)
        if not self.user_middleware and self.max_body_size is None:
            return folded(self.router, errors, exceptions)
        app: ASGIApp = exceptions
        for cls, args, kwargs in reversed(self.user_middleware):
            app = cls(app, *args, **kwargs)
        return ServerErrorMiddleware(app, handler=handler, debug=self.debug)

    def _limited(self, app: ASGIApp) -> ASGIApp:
        if self.max_body_size is None:
            return app
        return RequestBodyLimitMiddleware(app, max_body_size=self.max_body_size)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI application."""
        if self.root_path:
            scope["root_path"] = self.root_path
        scope["app"] = self
        if self.middleware_stack is None:
            report(self)
            self.middleware_stack = self.build_middleware_stack()
        await self.middleware_stack(scope, receive, send)

    # --- registration: the router's own methods, with the app in front -----------------------------------------

    def add_api_route(
        self,
        path: str,
        endpoint: Callable[..., Any],
        *,
        methods: Collection[str] | None = None,
        **options: Unpack[RouteOptions],
    ) -> None:
        """Register an operation; see `APIRouter.add_api_route`."""
        self.router.add_api_route(path, endpoint, methods=methods, **options)

    def api_route(
        self, path: str, *more: str, methods: Collection[str] | None = None, **options: Unpack[RouteOptions]
    ) -> Callable[[F], F]:
        """Decorate an endpoint that answers several methods."""
        return self.router.api_route(path, *more, methods=methods, **options)

    def get(self, path: str | Sequence[str], *more: str, **options: Unpack[RouteOptions]) -> Callable[[F], F]:
        """Decorate the endpoint of GET operations; also several paths."""
        return self.router.get(path, *more, **options)

    def put(self, path: str | Sequence[str], *more: str, **options: Unpack[RouteOptions]) -> Callable[[F], F]:
        """Decorate the endpoint of PUT operations; also several paths."""
        return self.router.put(path, *more, **options)

    def post(self, path: str | Sequence[str], *more: str, **options: Unpack[RouteOptions]) -> Callable[[F], F]:
        """Decorate the endpoint of POST operations; also several paths."""
        return self.router.post(path, *more, **options)

    def delete(self, path: str | Sequence[str], *more: str, **options: Unpack[RouteOptions]) -> Callable[[F], F]:
        """Decorate the endpoint of DELETE operations; also several paths."""
        return self.router.delete(path, *more, **options)

    def options(self, path: str | Sequence[str], *more: str, **options: Unpack[RouteOptions]) -> Callable[[F], F]:
        """Decorate the endpoint of OPTIONS operations; also several paths."""
        return self.router.options(path, *more, **options)

    def head(self, path: str | Sequence[str], *more: str, **options: Unpack[RouteOptions]) -> Callable[[F], F]:
        """Decorate the endpoint of HEAD operations; also several paths."""
        return self.router.head(path, *more, **options)

    def patch(self, path: str | Sequence[str], *more: str, **options: Unpack[RouteOptions]) -> Callable[[F], F]:
        """Decorate the endpoint of PATCH operations; also several paths."""
        return self.router.patch(path, *more, **options)

    def trace(self, path: str | Sequence[str], *more: str, **options: Unpack[RouteOptions]) -> Callable[[F], F]:
        """Decorate the endpoint of TRACE operations; also several paths."""
        return self.router.trace(path, *more, **options)

    def query(self, path: str | Sequence[str], *more: str, **options: Unpack[RouteOptions]) -> Callable[[F], F]:
        """Decorate the endpoint of QUERY operations; also several paths."""
        return self.router.query(path, *more, **options)

    def include_router(
        self,
        router: APIRouter,
        *,
        prefix: str = "",
        default_response_class: Any = None,
        **options: Unpack[RouteOptions],
    ) -> None:
        """Serve a router's routes; see `APIRouter.include_router`."""
        self.router.include_router(router, prefix=prefix, default_response_class=default_response_class, **options)

    def add_api_websocket_route(
        self,
        path: str,
        endpoint: Callable[..., Any],
        name: str | None = None,
        *,
        dependencies: Sequence[Any] | None = None,
    ) -> None:
        """Register a WebSocket endpoint."""
        self.router.add_api_websocket_route(path, endpoint, name, dependencies=dependencies)

    def websocket(
        self, path: str, name: str | None = None, *, dependencies: Sequence[Any] | None = None
    ) -> Callable[[F], F]:
        """Decorate a WebSocket endpoint."""
        return self.router.websocket(path, name, dependencies=dependencies)

    def route(
        self,
        path: str,
        methods: Collection[str] | None = None,
        name: str | None = None,
        include_in_schema: bool = True,
    ) -> Callable[[F], F]:
        """Decorate a plain Starlette endpoint."""
        return self.router.route(path, methods=methods, name=name, include_in_schema=include_in_schema)

    def websocket_route(self, path: str, name: str | None = None) -> Callable[[F], F]:
        """Decorate a plain Starlette WebSocket endpoint."""
        return self.router.websocket_route(path, name)

    def on_event(self, event_type: str) -> Callable[[F], F]:
        """Decorate a function to call at "startup" or "shutdown"."""
        return self.router.on_event(event_type)

    def add_event_handler(self, event_type: str, func: Callable[[], Any]) -> None:
        """Call `func` at "startup" or "shutdown"."""
        self.router.add_event_handler(event_type, func)

    def middleware(self, middleware_type: str) -> Callable[[F], F]:
        """Decorate a function `(request, call_next) -> response` that every HTTP request passes.

        Raises:
            FastLayerError: the type is not "http".
        """
        if middleware_type != "http":
            raise FastLayerError(f"There is no middleware type {middleware_type!r}: write @app.middleware('http').")

        def register(function: F) -> F:
            self.add_middleware(FunctionMiddleware, dispatch=function)
            return function

        return register

    def exception_handler(self, exc_class_or_status_code: int | type[Exception]) -> Callable[[F], F]:
        """Decorate a function `(request, exception) -> response` for an exception class or a status code."""

        def register(handler: F) -> F:
            self.add_exception_handler(exc_class_or_status_code, handler)
            return handler

        return register
