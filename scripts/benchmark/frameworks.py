"""Which frameworks there are, and how to get an application of one for a scenario.

A framework is imported when first asked for: a machine that lacks one runs the others.
"""

from importlib import import_module, metadata
from typing import Any

from .driver import Application

DECLARATIVE = {"fastapi": "FastAPI", "fastlayer": "FastLayer"}
_PEERS = ("starlette", "litestar", "blacksheep", "falcon")
FRAMEWORKS = ("fastapi", "fastlayer", *_PEERS, "bare")
REFERENCE = "fastapi"
SUBJECT = "fastlayer"
FLOOR = "bare"


def missing(framework: str) -> str | None:
    """Return why `framework` cannot run here, or nothing."""
    try:
        if framework in DECLARATIVE:
            getattr(import_module(framework), DECLARATIVE[framework])
        else:
            import_module(f"{__package__}.apps.{framework}_app")
    except (ImportError, AttributeError) as error:
        return str(error)
    return None


def build(framework: str, scenario: str) -> Application | None:
    """Return an application of `framework` for `scenario`, or nothing where it has no way to do it."""
    if framework in DECLARATIVE:
        from .apps import declarative, declarative_deps

        kit = declarative.load(framework, DECLARATIVE[framework])
        application: Application = declarative_deps.BUILDERS[scenario](kit)
        return application
    module: Any = import_module(f"{__package__}.apps.{framework}_app")
    if framework == FLOOR:
        floor: Application | None = module.build(scenario)
        return floor
    builder = module.BUILDERS.get(scenario)
    return builder() if builder else None


def versions() -> dict[str, str]:
    """Return the installed versions of everything that takes part."""
    names = (
        "fastapi",
        "fastlayer-api",
        *_PEERS,
        "pydantic",
        "pydantic-core",
        "orjson",
        "uvloop",
        "uvicorn",
        "granian",
        "robyn",
    )
    found = {}
    for name in names:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found
