"""The `fastapi` alias: one call makes `import fastapi` and its submodules give FastLayer. The core does not know it."""

import sys
from threading import Lock

from ..exceptions import FastLayerError
from .finder import Finder
from .spawning import follow_into_children

FASTAPI_VERSION = "0.165.0"

_lock = Lock()


def is_installed() -> bool:
    """Whether `import fastapi` gives FastLayer in this process."""
    return any(isinstance(finder, Finder) for finder in sys.meta_path)


def install() -> None:
    """Make `import fastapi` give FastLayer, in this process and those it spawns. Calling it again changes nothing.

    Raises:
        FastLayerError: the real FastAPI is already imported.
    """
    with _lock:
        if is_installed():
            return
        real = sys.modules.get("fastapi")
        if real is not None:
            raise FastLayerError(
                "install_as_fastapi() came too late: the real fastapi is already imported, from"
                f" {getattr(real, '__file__', '?')}. Call it before anything imports fastapi, or run the program with"
                " `python -m fastlayer.compat app.py`."
            )
        sys.meta_path.insert(0, Finder(FASTAPI_VERSION))
        follow_into_children(install)
