"""`fastapi.applications`: FastLayer with FastAPI's defaults where the two differ."""

import warnings
from typing import Any

from starlette.applications import Starlette
from starlette.types import ASGIApp, Receive, Send
from starlette.types import Scope as ASGIScope

from ..applications import FastLayer
from ..exceptions import FastLayerDeprecationWarning
from ..execution.inherited import hand_on
from ..openapi.docs import get_redoc_html as get_redoc_html
from ..openapi.docs import get_swagger_ui_html as get_swagger_ui_html
from ..openapi.docs import get_swagger_ui_oauth2_redirect_html as get_swagger_ui_oauth2_redirect_html
from ..openapi.utils import get_openapi as get_openapi
from ..params import Scope
from ..routes import CONTEXT_KEY, APIRoute
from .pages import ReplaceablePages
from .tracing import Traceable
from .tree import SCOPE_KEY


class FastAPI(Traceable, FastLayer):
    """FastLayer whose `yield` dependencies are closed after background tasks, as FastAPI's are.

    The functions that make its documentation pages are looked up in this module, where some programs replace them.
    """

    default_dependency_scope: Scope = "request"
    opens_exception_groups = False
    checks_path_params = False
    mounted_lifespans = False
    docs_pages = ReplaceablePages

    def __init__(self, *, title: str = "FastAPI", root_path: str = "", **options: Any) -> None:
        if root_path:
            warnings.warn(
                "`root_path` is deprecated in FastAPI: tell the server, as in `fastapi run --root-path /api/v1`.",
                category=FastLayerDeprecationWarning,
                stacklevel=2,
            )
        super().__init__(title=title, root_path=root_path, **options)
        self.instances.add(self)

    def may_fold(self) -> bool:
        """Also not where somebody takes the stack apart: an instrumented app, a subclass that builds its own."""
        replaced = "build_middleware_stack" in vars(self)
        overridden = type(self).build_middleware_stack is not FastLayer.build_middleware_stack
        return super().may_fold() and not replaced and not overridden

    async def __call__(self, scope: ASGIScope, receive: Receive, send: Send) -> None:
        """The ASGI application, called through Starlette's own method: tracing packages replace that."""
        if self.root_path:
            scope["root_path"] = self.root_path
        if self.inherit_overrides:
            hand_on(scope)
        if self.middleware_stack is None:
            prepared = self.prepare()
            if self.middleware_stack is None:  # it will not start
                await prepared(scope, receive, send)
                return
        await Starlette.__call__(self, scope, receive, send)

    def around_route(self, route: APIRoute, app: ASGIApp) -> ASGIApp:
        """The app of a route, saying in the scope where the route is served, as tracing packages expect."""

        async def told(scope: ASGIScope, receive: Receive, send: Send) -> None:
            shared = scope.get(SCOPE_KEY)
            scope[SCOPE_KEY] = {**shared, CONTEXT_KEY: route} if isinstance(shared, dict) else {CONTEXT_KEY: route}
            await app(scope, receive, send)

        return told
