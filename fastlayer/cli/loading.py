"""Finds the application: from what was written, from pyproject.toml, or in the usual places; and imports it.

An application is named `module:attribute`. Its module's folder, the one above its outermost package, goes on the
import path, and so does the current folder.
"""

import importlib
import inspect
import os
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from traceback import extract_tb
from typing import Any, NamedTuple

from starlette.applications import Starlette

from .. import FastLayer, FastLayerError, install_as_fastapi
from .problems import FAILURE, Problem

FILES = ("main.py", "app.py", "api.py")
NAMES = ("app", "api", "application")
ENVIRONMENT = {"target": "FASTLAYER_TARGET", "folder": "FASTLAYER_FOLDER", "alias": "FASTLAYER_AS_FASTAPI"}


class Target(NamedTuple):
    """Where an application is."""

    module: str
    attribute: str | None
    folder: Path

    def __str__(self) -> str:
        return f"{self.module}:{self.attribute or '?'}"


class Loaded(NamedTuple):
    """An application and where it was found."""

    app: Any
    target: Target


def find(written: str | None, here: Path) -> Target:
    """Where the application is that was written as `module:name`, a file or a folder; or, for None, the usual one.

    Raises:
        Problem: there is none, or several.
    """
    if written is None:
        return _usual(here)
    place, _, attribute = written.partition(":")
    if not place:
        raise Problem(f"{written!r} names no module: write it as shop.main:app")
    path = here / place
    is_bare_package = (path / "__init__.py").is_file() and bool(attribute)  # its own names are meant
    if place.endswith(".py") or "/" in place or (path.is_dir() and not is_bare_package):
        return _of_path(path, attribute or None, written)
    return Target(place, attribute or None, here)


def _usual(here: Path) -> Target:
    written = entrypoint(here)
    if written is not None:
        return find(written, here)
    found = [here / name for name in FILES if (here / name).is_file()][:1] or list(_in_packages(here))
    if not found:
        raise Problem(
            f"no application in {here}: there is neither main.py, app.py, api.py, a package with one of them, nor"
            " `entrypoint` below [tool.fastlayer] in pyproject.toml; name it: fastlayer dev shop.main:app"
        )
    if len(found) > 1:
        names = ", ".join(str(path.relative_to(here)) for path in found)
        raise Problem(
            f"several files may hold the application ({names}); name one: fastlayer dev {names.split(',')[0]}"
        )
    return _of_path(found[0], None, str(found[0]))


def _in_packages(here: Path) -> Iterator[Path]:
    for folder in sorted(here.iterdir()):
        if folder.is_dir() and folder.name.isidentifier() and folder.name not in ("tests", "docs"):
            yield from [folder / name for name in FILES if (folder / name).is_file()][:1]


def entrypoint(here: Path) -> str | None:
    """What `[tool.fastlayer] entrypoint` in pyproject.toml says.

    Raises:
        Problem: it is no text, or the file is not TOML.
    """
    file = here / "pyproject.toml"
    if not file.is_file():
        return None
    try:
        found = tomllib.loads(file.read_text(encoding="utf-8")).get("tool", {}).get("fastlayer", {}).get("entrypoint")
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as exc:
        raise Problem(f"{file} cannot be read: {exc}") from exc
    if found is not None and not isinstance(found, str):
        raise Problem(f'{file}: entrypoint below [tool.fastlayer] must be text such as "shop.main:app", not {found!r}')
    return found


def _of_path(path: Path, attribute: str | None, written: str) -> Target:
    path = path.resolve()
    if path.is_dir():
        inside = next((path / name for name in FILES if (path / name).is_file()), None)
        if inside is None:
            raise Problem(f"{written}: the folder has neither {', '.join(FILES[:-1])} nor {FILES[-1]}")
        path = inside
    if not path.is_file():
        raise Problem(f"{written}: there is no such file")
    names = [path.stem]
    folder = path.parent
    while (folder / "__init__.py").is_file():
        names.insert(0, folder.name)
        folder = folder.parent
    return Target(".".join(name for name in names if name != "__init__"), attribute, folder)


def load(target: Target, *, as_fastapi: bool = False) -> Loaded:
    """The application; what `attribute` names is called if it is a function without required parameters.

    Raises:
        Problem: the module, or the application in it, cannot be had.
    """
    for folder in (os.getcwd(), str(target.folder)):
        if folder not in sys.path:
            sys.path.insert(0, folder)
    if as_fastapi:
        install_as_fastapi()
    module = _imported(target.module)
    attribute = target.attribute or _the_app(module)
    value: Any = module
    for name in attribute.removesuffix("()").split("."):
        if not hasattr(value, name):
            raise Problem(f"{target.module} has no {attribute!r}{_offer(module)}")
        value = getattr(value, name)
    if inspect.isfunction(value) and not _is_asgi(value):
        value = _called(value, f"{target.module}:{attribute}")
    if not callable(value):
        raise Problem(f"{target.module}:{attribute} is {type(value).__name__}, not an application{_offer(module)}")
    return Loaded(value, target._replace(attribute=attribute))


def _imported(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as exc:
        if exc.name is not None and (name == exc.name or name.startswith(f"{exc.name}.")):
            raise Problem(f"there is no module {name!r} (looked in {', '.join(sys.path[:2])})") from exc
        raise Problem(f"importing {name} failed: {exc}{_where(exc)}", FAILURE) from exc
    except FastLayerError:
        raise
    except (Exception, SystemExit) as exc:
        raise Problem(f"importing {name} failed: {type(exc).__name__}: {exc}{_where(exc)}", FAILURE) from exc


def _where(exc: BaseException) -> str:
    """The last line of the user's own that the exception passed."""
    if isinstance(exc, SyntaxError):
        return ""  # it says so itself
    frames = [frame for frame in extract_tb(exc.__traceback__) if "importlib" not in frame.filename]
    own = [frame for frame in frames if "site-packages" not in frame.filename and frame.filename != __file__]
    return f" ({own[-1].filename}:{own[-1].lineno})" if own else ""


def _apps(module: Any) -> list[str]:
    return [name for name, value in vars(module).items() if isinstance(value, Starlette)]


def _the_app(module: Any) -> str:
    apps = _apps(module)
    for name in NAMES:
        if name in apps:
            return name
    if len(apps) == 1:
        return apps[0]
    if apps:
        raise Problem(f"{module.__name__} has several applications{_offer(module)}")
    if callable(getattr(module, "create_app", None)):
        return "create_app"
    raise Problem(
        f"{module.__name__} has no application: write `app = FastLayer()` in it, or name what makes one,"
        f" {module.__name__}:create_app"
    )


def _offer(module: Any) -> str:
    apps = _apps(module)
    return f"; it has {', '.join(f'{module.__name__}:{name}' for name in apps)}" if apps else ""


def _is_asgi(function: Callable[..., Any]) -> bool:
    return inspect.iscoroutinefunction(function) and len(inspect.signature(function).parameters) == 3


def _called(factory: Callable[..., Any], shown: str) -> Any:
    required = [one.name for one in inspect.signature(factory).parameters.values() if one.default is one.empty]
    if required:
        raise Problem(f"{shown} is a function that needs {', '.join(required)}: an application factory takes nothing")
    return factory()


def described(app: Any) -> FastLayer:
    """The application itself, which must be one of FastLayer's for what the command shows.

    Raises:
        Problem: it is another ASGI application.
    """
    if isinstance(app, FastLayer):
        return app
    kind = f"{type(app).__module__}.{type(app).__qualname__}"
    remedy = "; run the command with --as-fastapi" if kind.startswith("fastapi.") else ""
    raise Problem(f"the application is a {kind}, not a FastLayer{remedy}")


def pass_on(target: Target, *, as_fastapi: bool) -> None:
    """Tell the processes that are started from here which application `served` shall give."""
    os.environ[ENVIRONMENT["target"]] = f"{target.module}:{target.attribute}"
    os.environ[ENVIRONMENT["folder"]] = str(target.folder)
    os.environ[ENVIRONMENT["alias"]] = "1" if as_fastapi else ""


def served() -> Any:
    """The application that `pass_on` named, in a process of its own: what uvicorn's workers call."""
    module, _, attribute = os.environ[ENVIRONMENT["target"]].partition(":")
    target = Target(module, attribute, Path(os.environ[ENVIRONMENT["folder"]]))
    return load(target, as_fastapi=bool(os.environ[ENVIRONMENT["alias"]])).app
