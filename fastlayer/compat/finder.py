"""Finds `fastapi` for the import system and for `importlib.metadata`. Knows which module stands at which place."""

import importlib
import importlib.util
import sys
from collections.abc import Iterable, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.metadata import Distribution, DistributionFinder
from os import PathLike
from pathlib import Path
from types import ModuleType

HERE = __name__.rpartition(".")[0]

# Where FastAPI's places differ from FastLayer's: its name below `fastapi` -> ours below `fastlayer.compat`. Everything
# else is the same name below `fastlayer`, and the very same module.
PLACES = {
    "": "top",
    "_compat": "pydantic2",
    "_compat.shared": "pydantic2.shared",
    "_compat.v2": "pydantic2.v2",
    "_form_limits": "form_limits",
    "applications": "applications",
    "datastructures": "datastructures",
    "dependencies": "dependencies",
    "dependencies.utils": "dependencies.utils",
    "exceptions": "exceptions",
    "openapi": "openapi",
    "openapi.utils": "openapi.utils",
    "routing": "routing",
    "telemetry": "telemetry",
    "utils": "utils",
}


def place_of(fullname: str) -> str | None:
    """The module that stands for `fastapi` or `fastapi.…`; None for any other name."""
    top, _, below = fullname.partition(".")
    if top != "fastapi":
        return None
    own = PLACES.get(below)
    return f"fastlayer.{below}" if own is None else f"{HERE}.{own}"


def submodule(package: str, name: str) -> ModuleType:
    """The module `name` below `package` ("fastapi" or "fastapi.…"), also where nobody has imported it yet.

    Raises:
        AttributeError: there is none, as for any attribute a module lacks.
    """
    place = None if name.startswith("__") else place_of(f"{package}.{name}")
    if place is None or importlib.util.find_spec(place) is None:
        raise AttributeError(f"module {package!r} has no attribute {name!r}", name=name)
    return importlib.import_module(place)


class Finder(MetaPathFinder):
    """Finds `fastapi`, everything below it, and what its installed distribution would say of itself."""

    def __init__(self, version: str) -> None:
        self.distribution = AliasDistribution(version)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The spec of an aliased module; None for what FastLayer does not have.

        The real FastAPI, should it be installed, does not fill such a gap: the path of the package above is not its.
        """
        place = place_of(fullname)
        if place is None or importlib.util.find_spec(place) is None:
            return None
        return ModuleSpec(fullname, AliasLoader(place), origin=place)

    def find_distributions(
        self,
        context: DistributionFinder.Context = DistributionFinder.Context(),  # noqa: B008  # as importlib.metadata has it
    ) -> Iterable[Distribution]:
        """The distribution `fastapi`, where it or every one is asked for."""
        return [self.distribution] if context.name is None or context.name.lower() == "fastapi" else []

    def invalidate_caches(self) -> None:
        """Nothing is cached; `importlib.metadata` asks every finder."""


class AliasLoader(Loader):
    """Puts the very module of FastLayer in the place of the one being imported.

    Handing it out of `create_module` would have the import system write another spec on it for a moment, in which
    other threads import it. `sys.modules` is what counts in the end.
    """

    def __init__(self, place: str) -> None:
        self.place = place

    def create_module(self, spec: ModuleSpec) -> None:
        """Let the import system make a module that is thrown away."""

    def exec_module(self, module: ModuleType) -> None:
        """Replace it."""
        sys.modules[module.__name__] = importlib.import_module(self.place)


class AliasDistribution(Distribution):
    """What `importlib.metadata.version("fastapi")` and its like read."""

    def __init__(self, version: str) -> None:
        self._metadata = f"Metadata-Version: 2.1\nName: fastapi\nVersion: {version}\nSummary: FastLayer, as fastapi\n"

    def read_text(self, filename: str) -> str | None:
        return self._metadata if filename in ("METADATA", "PKG-INFO") else None

    def locate_file(self, path: str | PathLike[str]) -> Path:
        return Path(__file__).parent / path
