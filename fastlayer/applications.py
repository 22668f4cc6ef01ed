"""FastLayer: a Starlette application with a router of operations, dependency overrides, and an OpenAPI document."""

import os
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar

from starlette.applications import Starlette
from starlette.datastructures import State, URLPath
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.errors import ServerErrorMiddleware
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.requests import Request
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Receive, Scope, Send
from typing_extensions import Unpack

from . import params
from .derived import layers_of
from .diagnostics import report
from .documentation import Documentation
from .error_policy import ErrorPolicy, policy_handlers
from .exception_handlers import (
    http_exception_handler,
    request_validation_exception_handler,
    websocket_request_validation_exception_handler,
)
from .exceptions import FastLayerError, RequestValidationError, WebSocketRequestValidationError
from .execution.errors import refusing
from .execution.inherited import hand_on
from .execution.stack import folded
from .frontend import CheckDir, Fallback
from .lifespans import Lifespan, never_starting, with_mounted
from .limits import FormLimits, checked_body_size
from .middleware.body_limit import BodyTooLargeMiddleware
from .middleware.function import FunctionMiddleware
from .middleware.shared import behind
from .options import LayerOptions, RouteOptions, SharedOptions, written
from .registration import Registration
from .resolving import Resolving
from .routing import APIRouter, MakesRouter
from .telemetry import TelemetryConfig, instrument
from .types import OpenAPICorrection

F = TypeVar("F", bound=Callable[..., Any])


class FastLayer(Documentation, Resolving, Registration, Starlette):
    """An API. `options` are those of RouteOptions that apply to all its routes.

    `mounted_lifespans` (yes, if nothing is said) runs the lifespans of mounted FastLayer and Starlette applications
    inside the app's own. `errors_inside_middleware` (no) answers unhandled errors inside the middleware, so that CORS
    headers are on a 500 too. `inherit_overrides` (no) lets the dependency overrides of the application it is mounted in
    hold here too, where this one has none of its own for the same. `telemetry` configures OpenTelemetry.
    """

    default_dependency_scope: params.Scope = "response"
    opens_exception_groups = True
    """Whether the handler of its single member answers an exception group; FastAPI has no handler for groups."""
    checks_path_params = True
    """Whether a `Path()` parameter the path has no place for is refused; FastAPI answers 422 to every request."""
    mounted_lifespans = True

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
        openapi_corrections: Collection[OpenAPICorrection] = (),
        max_body_size: int | None = None,
        form_limits: FormLimits | None = None,
        sync_in_thread: bool = True,
        problem_details: bool = False,
        validation_errors: ErrorPolicy | None = None,
        strict: bool = False,
        silence: Collection[str] = (),
        telemetry: TelemetryConfig | None = None,
        mounted_lifespans: bool | None = None,
        errors_inside_middleware: bool = False,
        inherit_overrides: bool = False,
        **options: Unpack[LayerOptions],
    ) -> None:
        self.debug, self.state, self.root_path = debug, State(), root_path
        self.title, self.version, self.summary, self.description = title, version, summary, description
        self.terms_of_service, self.contact, self.license_info = terms_of_service, contact, license_info
        self.openapi_url, self.openapi_version, self.openapi_tags = openapi_url, openapi_version, openapi_tags
        self.openapi_external_docs = openapi_external_docs
        self.openapi_corrections = frozenset(openapi_corrections)
        self.servers, self.root_path_in_servers = servers or [], root_path_in_servers
        self.separate_input_output_schemas = separate_input_output_schemas
        self.docs_url, self.redoc_url, self.scalar_url = docs_url, redoc_url, scalar_url
        self.docs_csp_nonce = docs_csp_nonce
        self.swagger_ui_oauth2_redirect_url = swagger_ui_oauth2_redirect_url
        self.swagger_ui_init_oauth = swagger_ui_init_oauth
        self.swagger_ui_parameters = swagger_ui_parameters
        self.problem_details, self.validation_errors = problem_details, validation_errors
        self.max_body_size = checked_body_size(max_body_size)
        self.sync_in_thread = sync_in_thread
        self.strict, self.silence = strict, frozenset(silence)
        self.telemetry, self.is_traced = telemetry, False
        self.errors_inside_middleware, self.inherit_overrides = errors_inside_middleware, inherit_overrides
        if mounted_lifespans is not None:
            self.mounted_lifespans = mounted_lifespans
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
            **written(options, where="FastLayer()"),
        )
        if self.mounted_lifespans:
            self.router.lifespan_context = with_mounted(self.router.lifespan_context, self.router.routes, lifespan)
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
        around_errors = partial(ServerErrorMiddleware, handler=handler and refusing(handler), debug=self.debug)
        checked = {key: refusing(one) for key, one in by_class.items()}
        exceptions = ExceptionMiddleware(self.router, handlers=checked, debug=self.debug)
        layers = layers_of({"max_body_size": self.max_body_size, "form_limits": self.router.form_limits})
        if self.may_fold():
            own = ExceptionMiddleware(self.router, handlers=by_class)  # routes check the answers themselves
            handlers = own._exception_handlers, own._status_handlers
            return behind(folded(self.router, around_errors(self.router), exceptions, handlers), layers)
        app: ASGIApp = around_errors(exceptions) if self.errors_inside_middleware else exceptions
        return around_errors(behind(app, [*layers, Middleware(BodyTooLargeMiddleware), *self.user_middleware]))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI application."""
        if self.root_path:
            scope["root_path"] = self.root_path
        if self.inherit_overrides:
            hand_on(scope)
        scope["app"] = self
        await (self.middleware_stack or self.prepare())(scope, receive, send)

    def prepare(self) -> ASGIApp:
        """The app behind its middleware and telemetry; made when the first scope comes, after all registration.

        A strict app with findings gives one that does not start, anew for every scope.
        """
        try:
            report(self)
        except Exception as error:
            return never_starting(error)
        stack = self.build_middleware_stack()
        self.middleware_stack = instrument(stack, self.telemetry)
        self.is_traced = self.middleware_stack is not stack
        return self.middleware_stack

    def may_fold(self) -> bool:
        """Whether Starlette's default middleware may be one frame: nobody is between."""
        return not self.user_middleware

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

    def add_websocket_route(self, path: str, route: Callable[..., Any], name: str | None = None) -> None:
        """Register a plain Starlette WebSocket endpoint."""
        self.router.add_websocket_route(path, route, name=name)

    def include_router(
        self,
        router: APIRouter | type[MakesRouter],
        *,
        prefix: str = "",
        default_response_class: Any = None,
        **options: Unpack[SharedOptions],
    ) -> None:
        """Serve a router's routes, or a controller's; see `APIRouter.include_router`."""
        self.router.include_router(router, prefix=prefix, default_response_class=default_response_class, **options)

    def frontend(
        self,
        path: str,
        *,
        directory: str | os.PathLike[str],
        fallback: Fallback = "auto",
        check_dir: CheckDir = "auto",
    ) -> None:
        """Serve the files of a directory where no route answers; see `APIRouter.frontend`."""
        self.router.frontend(path, directory=directory, fallback=fallback, check_dir=check_dir)

    def add_event_handler(self, event_type: str, func: Callable[[], Any]) -> None:
        """Call `func` at "startup" or "shutdown"."""
        self.router.add_event_handler(event_type, func)

    def url_path_for(self, name: str | Callable[..., Any], /, **path_params: Any) -> URLPath:
        """The path of the route with this name, or of this endpoint; see `APIRouter.url_path_for`."""
        path: URLPath = self.router.url_path_for(name, **path_params)
        return path

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
