"""`fastapi.dependencies`."""

from types import ModuleType

from ..finder import submodule


def __getattr__(name: str) -> ModuleType:
    return submodule("fastapi.dependencies", name)
