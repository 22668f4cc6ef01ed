"""`fastapi.openapi`."""

from types import ModuleType

from ..finder import submodule


def __getattr__(name: str) -> ModuleType:
    return submodule("fastapi.openapi", name)
