"""APIRoute and APIWebSocketRoute: Starlette's routes with an operation on them.

A route carries the attributes third parties read and edit. Its plan is compiled on its first request, so what they
edit before that is honoured. Requests are answered by `execution`; which route gets one is decided by `table`.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping
from copy import copy
from functools import partial
from inspect import cleandoc
from re import Pattern
from typing import Any, ClassVar, Self

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Match, Route, WebSocketRoute, compile_path, get_name
from starlette.types import ASGIApp, Receive, Scope, Send
from typing_extensions import Unpack

from . import operation as operations
from .datastructures import Default, DefaultPlaceholder
from .dependencies.analysis import get_body_field
from .dependencies.availability import refuse_unservable
from .dependencies.callables import endpoint_context
from .exceptions import FastLayerError
from .execution import handler as handling
from .execution.compile import Settings
from .execution.inherited import following
from .execution.traced import traced_app
from .execution.websockets import websocket_app
from .fields import ModelField
from .middleware.body_limit import BodyLimitMiddleware
from .middleware.shared import wrapped
from .operation_ids import generate_unique_id
from .options import Options, RouteOptions, as_edited, combine, written
from .paths import Template, parse_path

CONTEXT_KEY = "effective_route_context"
ALLOWED_KEY = "fastlayer.allowed_methods"  # in the scope of a request that matched by path only
Handler = Callable[[Request], Awaitable[Response]]


def plan_settings(provider: Any) -> Settings:
    """What the application decides for plans; the defaults for a provider that is none of ours."""
    decide = getattr(provider, "plan_settings", None)
    return Settings() if decide is None else decide()


class _Templated:
    """A path taken apart once; its regex, which the table does not need, made when somebody asks."""

    path: str
    template: Template | None  # None: somebody set a regex of their own, and the route must be asked
    _path_regex: Pattern[str] | None = None

    def set_path(self, path: str) -> None:
        self.path = path
        self.template = template = parse_path(path)
        self.path_format = template.format
        self.param_convertors = template.convertors
        self._path_regex = None

    @property
    def path_regex(self) -> Pattern[str]:
        if self._path_regex is None:
            self._path_regex = compile_path(self.path)[0]
        return self._path_regex

    @path_regex.setter
    def path_regex(self, regex: Pattern[str]) -> None:
        self._path_regex = regex
        self.template = None


def effective(route: Any, scope: Scope) -> Any:
    """The route as it is where it was included, if the router says so in the scope; else the route itself."""
    shared = scope.get("fastapi")
    found = shared.get(CONTEXT_KEY) if isinstance(shared, dict) else None
    return found if found is not None and getattr(found, "original_route", None) is route else route


class APIRoute(_Templated, Route):
    """One operation under one path; `options` are those of RouteOptions.

    Raises, when made:
        FastLayerError: a parameter, dependency, response model or option cannot work; the message says where.
    """

    trace: ClassVar[Callable[[Any], Handler] | None] = None
    """Makes the handler of a route instead of the direct app, while a program wants to see inside requests."""
    compiled: ASGIApp | None = None
    is_head_implied = False  # whether HEAD is answered because GET is, and no operation of its own

    def __init__(
        self,
        path: str,
        endpoint: Callable[..., Any],
        *,
        methods: Collection[str] | None = None,
        dependency_overrides_provider: Any = None,
        **options: Unpack[RouteOptions],
    ) -> None:
        self.set_path(path)
        self.endpoint = endpoint
        self.methods = {method.upper() for method in (methods or ("GET",))}
        self.dependency_overrides_provider = dependency_overrides_provider
        self.original_route: APIRoute = self
        self.include_prefix = ""
        self._analyse(operations.route_options(path, endpoint, options))

    # --- registration -----------------------------------------------------------------------------------------

    def _analyse(self, options: Options) -> None:
        self.name = options.get("name") or get_name(self.endpoint)
        self._set_options(options)
        self.operation = operations.analyse(self.path_format, self.endpoint, options)
        self._finish()

    def _signed(self) -> tuple[int, ...]:
        """What the analysis was made of; packages write signatures and add dependencies before a router is included."""
        signature = getattr(self.endpoint, "__signature__", None)
        return id(self.endpoint), id(signature), id(self.dependencies), len(self.dependencies)

    def _set_options(self, options: Options) -> None:
        """Keep the options and show them under the names third parties read."""
        self.options = options
        methods = self.methods or set()
        if options.get("auto_head") and "GET" in methods and "HEAD" not in methods:
            self.methods = {*methods, "HEAD"}
            self.is_head_implied = True
        self.tags = options.setdefault("tags", [])
        self.dependencies = options.setdefault("dependencies", [])
        self.responses = options.setdefault("responses", {})
        self.callbacks = options.setdefault("callbacks", [])
        self.summary = options.get("summary")
        self.response_description = options.get("response_description", "Successful Response")
        self.deprecated = options.get("deprecated")
        self.operation_id = options.get("operation_id")
        self.include_in_schema = options.get("include_in_schema", True)
        self.openapi_extra = options.get("openapi_extra")
        self.status_code = None if options.get("status_code") is None else int(options["status_code"])
        self.generate_unique_id_function = options.get("generate_unique_id_function", generate_unique_id)
        self.strict_content_type = options.get("strict_content_type", True)
        self.max_body_size = options.get("max_body_size")
        self.form_limits = options.get("form_limits", {})
        self.meta: Mapping[str, Any] = options.get("meta", {})
        self.response_class: type[Response] | DefaultPlaceholder = options.get("response_class") or Default(
            JSONResponse
        )
        if self.status_code is not None:
            options["status_code"] = self.status_code
        for name, value in operations.dump_options(options).items():
            setattr(self, f"response_model_{name}", value)

    def _finish(self) -> None:
        self.description = self.options.get("description") or cleandoc(getattr(self.endpoint, "__doc__", "") or "")
        self.description = self.description.split("\f")[0].strip()
        self.unique_id = self.operation_id or self.generate_unique_id_function(self)
        operations.finish(self.operation, self.unique_id)
        operation = self.operation
        self.dependant = operation.dependant
        self._embed_body_fields = operation.embed_body_fields
        self.response_model = operation.response_model
        self.response_field = operation.response_field
        self.response_fields = operation.response_fields
        self.stream_item_type = operation.stream_item_type
        self.stream_item_field = operation.stream_item_field
        self.is_sse_stream = operation.is_sse_stream
        self.is_json_stream = operation.is_json_stream
        self.__dict__.pop("_body_field", None)
        if getattr(self.dependency_overrides_provider, "checks_path_params", False):
            refuse_unservable(self.dependant, self.path_format, is_socket=False)
        self.app = _first_hit(self)
        self._analysed = self._signed()

    @property
    def body_field(self) -> ModelField | None:
        """One field that describes the whole body; made on first use, since it may need a model of its own."""
        if "_body_field" not in self.__dict__:
            self.__dict__["_body_field"] = get_body_field(
                self.dependant, name=self.unique_id, embed=self._embed_body_fields
            )
        return self.__dict__["_body_field"]  # type: ignore[no-any-return]  # set one line above, or by hand

    @body_field.setter
    def body_field(self, field: ModelField | None) -> None:
        self.__dict__["_body_field"] = field

    def options_now(self) -> Options:
        """The options as written, with what somebody has since set on the route in their place."""
        options = as_edited(self.options, self)
        if self.response_model is not self.operation.response_model:
            options["response_model"] = self.response_model
        return options

    def included(self, prefix: str, outer: Options, provider: Any) -> Self:
        """This route as it is under a prefix, with the options of the routers around it."""
        derived = copy(self)
        derived.original_route = self.original_route
        derived.include_prefix = prefix + self.include_prefix
        derived.dependency_overrides_provider = provider
        derived.set_path(prefix + self.path)
        options = combine(outer, self.options_now())
        if "{" in prefix or self._analysed != self._signed():
            derived._analyse(options)
        else:
            derived._set_options(options)
            derived.operation = operations.rebased(self.operation, derived.path_format, options, outer)
            derived._finish()
        return derived

    # --- requests ---------------------------------------------------------------------------------------------

    def compile(self, root_path: str = "") -> handling.Execution:
        """The compiled route: its plan, body reader and responder, from the attributes as they are now.

        `root_path` is where the application is mounted, for the messages of errors.
        """
        operation = copy(self.operation)
        operation.dependant = self.dependant
        operation.body_field = self.body_field
        operation.response_field = self.response_field
        operation.embed_body_fields = self._embed_body_fields
        context = endpoint_context(self.endpoint, root_path + self.path, self.methods)
        return handling.prepare(operation, plan_settings(self.dependency_overrides_provider), context)

    @property
    def plan(self) -> Any:
        """What happens for one request, step by step."""
        return self.compile().plan

    def get_route_handler(self) -> Handler:
        """A function from request to response. Override it to wrap every request of a route."""
        handlers: dict[int, Handler] = {}

        async def handler(request: Request) -> Response:
            route = effective(self, request.scope)
            inner = handlers.get(id(route))
            if inner is None:
                inner = handlers[id(route)] = route.own_handler(request.scope.get("root_path", ""))
            return await inner(request)

        return handler

    def own_handler(self, root_path: str = "") -> Handler:
        """The handler of this very route, compiled."""
        trace = APIRoute.trace
        if trace is not None:
            return trace(self)
        execution, provider = self.compile(root_path), self.dependency_overrides_provider
        return lambda request: handling.handle_request(execution, request, provider)

    def build_app(self, root_path: str = "") -> ASGIApp:
        """The ASGI app of this route: the direct one, or around an overridden `get_route_handler`."""
        if type(self).get_route_handler is not APIRoute.get_route_handler:
            app = handling.request_response(self.original_route.get_route_handler())
        elif APIRoute.trace is not None:
            app = handling.request_response(self.own_handler(root_path))
        else:
            app = self._direct_app(root_path)
        app = wrapped(app, self.options.get("middleware") or ())
        if self.max_body_size is not None:
            app = BodyLimitMiddleware(app, max_body_size=self.max_body_size)
        around = getattr(self.dependency_overrides_provider, "around_route", None)
        return app if around is None else around(self, app)

    def _direct_app(self, root_path: str) -> ASGIApp:
        execution, provider = self.compile(root_path), self.dependency_overrides_provider
        make = traced_app if getattr(provider, "is_traced", False) else handling.http_app
        return following(partial(make, execution), provider)

    def recompile(self) -> None:
        """Compile anew at the next request, unless somebody put an app of their own in the place of ours."""
        if self.app is self.compiled:
            self.app = _first_hit(self)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Whether the scope is this route's, as Starlette asks; the table knows without asking."""
        route = effective(self, scope)
        if route is not self:
            return Route.matches(route, scope)
        match, child_scope = super().matches(scope)
        if match is not Match.NONE:
            child_scope["route"] = self
        return match, child_scope

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request that matched, if only by path: 405 for a method the route does not have."""
        route = effective(self, scope)
        if scope["method"] in route.methods:
            await route.app(scope, receive, send)
            return
        headers = {"Allow": ", ".join(sorted(scope.get(ALLOWED_KEY) or route.methods))}
        if "app" in scope:
            raise HTTPException(status_code=405, headers=headers)
        await PlainTextResponse("Method Not Allowed", status_code=405, headers=headers)(scope, receive, send)


# The options a WebSocket route has.
SOCKET_KEYS = ("dependencies", "meta", "middleware", "exception_handlers")


def socket_options(options: Options) -> Options:
    """Those of the options that a WebSocket route has."""
    return {key: options[key] for key in SOCKET_KEYS if key in options}


class APIWebSocketRoute(_Templated, WebSocketRoute):
    """One WebSocket endpoint under one path, with parameters and dependencies like an operation's."""

    compiled: ASGIApp | None = None

    def __init__(
        self,
        path: str,
        endpoint: Callable[..., Any],
        *,
        name: str | None = None,
        dependencies: Collection[Any] | None = None,
        dependency_overrides_provider: Any = None,
        **options: Any,
    ) -> None:
        self.set_path(path)
        self.endpoint = endpoint
        self.name = get_name(endpoint) if name is None else name
        self.dependency_overrides_provider = dependency_overrides_provider
        self.original_route: APIWebSocketRoute = self
        given: Any = {**options, "dependencies": list(dependencies or ())}
        self.options = written(given, where=f"The WebSocket route {path!r}")
        self._analyse()

    def _analyse(self) -> None:
        self.dependencies = self.options.setdefault("dependencies", [])
        self.meta: Mapping[str, Any] = self.options.get("meta", {})
        self.operation = operations.analyse(self.path_format, self.endpoint, self.options)
        self._embed_body_fields = self.operation.embed_body_fields = False
        self.dependant = self.operation.dependant
        if getattr(self.dependency_overrides_provider, "checks_path_params", False):
            refuse_unservable(self.dependant, self.path_format, is_socket=True)
        self.app = _first_hit(self)

    def included(self, prefix: str, outer: Options, provider: Any) -> Self:
        """This route as it is under a prefix, with the dependencies of the routers around it."""
        derived = copy(self)
        derived.dependency_overrides_provider = provider
        derived.set_path(prefix + self.path)
        derived.options = combine(socket_options(outer), dict(self.options))
        derived._analyse()
        return derived

    def build_app(self, root_path: str = "") -> ASGIApp:
        """The ASGI app of this route."""
        operation = copy(self.operation)
        operation.dependant = self.dependant
        provider = self.dependency_overrides_provider
        settings = plan_settings(provider)
        settings.scope_type = "websocket"
        context = endpoint_context(self.endpoint, root_path + self.path, ("WS",))
        execution = handling.prepare(operation, settings, context)
        app = following(partial(websocket_app, execution), provider)
        return wrapped(app, self.options.get("middleware") or ())

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Whether the scope is this route's, as Starlette asks; the table knows without asking."""
        route = effective(self, scope)
        match, child_scope = WebSocketRoute.matches(route, scope)
        if match is not Match.NONE:
            child_scope["route"] = route
        return match, child_scope

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a connection that matched."""
        await effective(self, scope).app(scope, receive, send)


def _first_hit(route: APIRoute | APIWebSocketRoute) -> ASGIApp:
    """An app that compiles the route when the first request comes, and then steps aside."""
    compiled: ASGIApp | None = None

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        nonlocal compiled
        if compiled is None:
            compiled = route.build_app(scope.get("root_path", ""))
            if route.app is app:
                route.app = route.compiled = compiled
        await compiled(scope, receive, send)

    return app


__all__ = ["APIRoute", "APIWebSocketRoute", "FastLayerError", "effective", "endpoint_context"]
