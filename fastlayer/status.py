"""Starlette's names for status codes and WebSocket close codes, under the import path users expect."""

from typing import Any

from starlette import status as _starlette
from starlette.status import *


def __getattr__(name: str) -> Any:
    """Return a code under a name Starlette has deprecated, with Starlette's warning."""
    return getattr(_starlette, name)
