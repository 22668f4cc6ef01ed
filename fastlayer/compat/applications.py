"""`fastapi.applications`: FastLayer with FastAPI's defaults where the two differ."""

from typing import Any

from ..applications import FastLayer
from ..openapi.docs import get_redoc_html as get_redoc_html
from ..openapi.docs import get_swagger_ui_html as get_swagger_ui_html
from ..openapi.docs import get_swagger_ui_oauth2_redirect_html as get_swagger_ui_oauth2_redirect_html
from ..openapi.utils import get_openapi as get_openapi
from ..params import Scope
from .tracing import applications


class FastAPI(FastLayer):
    """FastLayer whose `yield` dependencies are closed after background tasks, as FastAPI's are.

    The functions that make its documentation pages are looked up in this module, where some programs replace them.
    """

    default_dependency_scope: Scope = "request"
    checks_path_params = False
    pages_module = __name__

    def __init__(self, *, title: str = "FastAPI", telemetry: Any = None, **options: Any) -> None:
        super().__init__(title=title, **options)
        self.telemetry = telemetry
        applications.add(self)
