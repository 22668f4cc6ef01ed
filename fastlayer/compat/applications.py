"""`fastapi.applications`: FastLayer with FastAPI's defaults where the two differ."""

from typing import Any

from ..applications import FastLayer
from ..params import Scope


class FastAPI(FastLayer):
    """FastLayer whose `yield` dependencies are closed after background tasks, as FastAPI's are."""

    default_dependency_scope: Scope = "request"

    def __init__(self, *, title: str = "FastAPI", telemetry: Any = None, **options: Any) -> None:
        super().__init__(title=title, **options)
        self.telemetry = telemetry
