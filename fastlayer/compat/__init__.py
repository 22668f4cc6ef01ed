"""The `fastapi` alias: one call makes `import fastapi` and its submodules give FastLayer. The core does not know it."""

import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import sys
from collections.abc import Sequence
from threading import Lock
from types import ModuleType
from typing import Any

from ..exceptions import FastLayerError

FASTAPI_VERSION = "0.165.0"

# Where FastAPI's places differ from FastLayer's; everything else is the same name below `fastlayer`.
_PLACES = {
    "fastapi": "fastlayer.compat.top",
    "fastapi.applications": "fastlayer.compat.applications",
    "fastapi._compat": "fastlayer.compat.models",
    "fastapi._compat.v2": "fastlayer.compat.models",
    "fastapi._compat.shared": "fastlayer.compat.models",
    "fastapi._form_limits": "fastlayer.compat.form_limits",
    "fastapi.dependencies.utils": "fastlayer.compat.dependency_utils",
    "fastapi.exceptions": "fastlayer.compat.exceptions",
    "fastapi.openapi.utils": "fastlayer.compat.openapi_utils",
    "fastapi.routing": "fastlayer.compat.routing",
    "fastapi.utils": "fastlayer.compat.utils",
}


class _Finder(importlib.abc.MetaPathFinder):
    """Finds `fastapi` and everything below it."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname != "fastapi" and not fullname.startswith("fastapi."):
            return None
        place = _PLACES.get(fullname, "fastlayer" + fullname.removeprefix("fastapi"))
        if importlib.util.find_spec(place) is None:
            return None
        return importlib.machinery.ModuleSpec(fullname, _Loader(place), is_package=True)


class _Loader(importlib.abc.Loader):
    """Gives the very module of FastLayer, so that patching and pickling see one object."""

    def __init__(self, place: str) -> None:
        self.place = place

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType:
        module = importlib.import_module(self.place)
        self.kept: dict[str, Any] = {name: getattr(module, name, None) for name in _OWN}
        return module

    def exec_module(self, module: ModuleType) -> None:
        # The import system has just written its own spec on the module; it stays FastLayer's.
        for name, value in self.kept.items():
            setattr(module, name, value)


_OWN = ("__name__", "__spec__", "__loader__", "__package__", "__path__", "__file__")
_lock = Lock()


def install() -> None:
    """Make `import fastapi` give FastLayer, in this process and from now on. Calling it again changes nothing.

    Raises:
        FastLayerError: the real FastAPI is already imported.
    """
    with _lock:
        if any(isinstance(finder, _Finder) for finder in sys.meta_path):
            return
        if "fastapi" in sys.modules:
            raise FastLayerError(
                "install_as_fastapi() came too late: the real fastapi is already imported, from"
                f" {getattr(sys.modules['fastapi'], '__file__', '?')}. Call it before anything imports fastapi, or run"
                " the program with `python -m fastlayer.compat`."
            )
        sys.meta_path.insert(0, _Finder())
