"""Files of a browser application, served below a path when no other route answers.

Owns finding the file, the fallbacks and the choice among several frontends. Knows nothing of dependencies: whoever
includes a group may give it a `Guard`. Files never leave the directory: `StaticFiles.lookup_path` resolves symbolic
links before it compares.
"""

import os
import stat
import sys
import warnings
from collections.abc import Awaitable, Callable, Iterable
from errno import ENAMETOOLONG
from functools import partial
from typing import Any, Literal, NamedTuple, NoReturn

import anyio.to_thread
from starlette.datastructures import URL, Headers
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Match, NoMatchFound
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send

Fallback = Literal["auto", "index.html", "404.html"] | None
CheckDir = Literal["auto"] | bool
Respond = Callable[[], Awaitable[Response]]
Guard = Callable[[Scope, Receive, Send, Respond], Awaitable[None]]
"""Runs around a GET or HEAD request: may refuse it, or awaits the response and sends it."""

_FALLBACKS = ("auto", "index.html", "404.html", None)
_READING = ("GET", "HEAD")
_HTML = ("text/html", "application/xhtml+xml")


class _Found(NamedTuple):
    path: str
    stat: os.stat_result
    is_index: bool = False
    status_code: int = 200


class FrontendFiles(StaticFiles):
    """Static files with index pages and a fallback for paths that only the browser application knows."""

    def __init__(self, *, directory: str | os.PathLike[str], fallback: Fallback = "auto", check: bool = True) -> None:
        if fallback not in _FALLBACKS:
            # The type FastAPI raises, without the statement that vanishes under `python -O`.
            raise AssertionError(
                f"fallback must be 'auto', 'index.html', '404.html', or None, not {fallback!r}: it names the file that "
                "is served for a path without a file"
            )
        super().__init__(directory=directory, check_dir=False)
        self.fallback = fallback
        self._shown = str(os.fspath(directory))
        self._resolved = os.path.abspath(self._shown)
        if check:
            self._check(directory)

    def _check(self, directory: str | os.PathLike[str]) -> None:
        if not os.path.isdir(directory):
            raise RuntimeError(missing_directory(directory))
        if self.fallback not in (None, "auto") and self._regular(self.fallback) is None:
            self._missing_fallback(self.fallback)

    def _missing_fallback(self, name: str) -> NoReturn:
        raise RuntimeError(
            f"Frontend fallback file {name!r} does not exist in directory {self._shown!r}. "
            f"Resolved absolute directory: {self._resolved!r}"
        )

    async def respond(self, scope: Scope, path: str) -> Response:
        """The response for `path`, relative to the directory.

        Raises: HTTPException: 404 for no file; 405 for a file and another method than GET and HEAD; 401 for a file that
            may not be read. RuntimeError: the directory or the fallback file does not exist.
        """
        if not self.config_checked:
            await self.check_config()
            self.config_checked = True
        found = await anyio.to_thread.run_sync(self._find, scope, os.path.normpath(os.path.join(*path.split("/"))))  # noqa: ASYNC240  # computes a path, touches no disk
        if scope["method"] not in _READING:
            raise HTTPException(404 if found is None else 405)
        if found is None:
            raise HTTPException(404)
        if found.is_index and not scope["path"].endswith("/"):
            url = URL(scope=scope)
            return RedirectResponse(str(url.replace(path=f"{url.path}/")))
        return self.file_response(found.path, found.stat, scope, found.status_code)

    def _find(self, scope: Scope, path: str) -> _Found | None:
        """The file for `path` or its fallback, all in one visit to a worker thread."""
        try:
            found = self._resource(path)
        except PermissionError:
            raise HTTPException(401) from None
        except ValueError:
            # NUL, a lone surrogate, another drive: no file can have such a name.
            return None
        except OSError as error:
            if error.errno == ENAMETOOLONG:
                return None
            raise
        if found is None and scope["method"] in _READING:
            return self._fallback(scope)
        return found

    def _resource(self, path: str) -> _Found | None:
        full_path, status = self.lookup_path(path)
        if status is None:
            return None
        if stat.S_ISREG(status.st_mode):
            return _Found(full_path, status)
        if not stat.S_ISDIR(status.st_mode):
            return None
        index = self._regular(os.path.join(path, "index.html"))
        return index and index._replace(is_index=True)

    def _regular(self, path: str) -> _Found | None:
        full_path, status = self.lookup_path(path)
        return _Found(full_path, status) if status is not None and stat.S_ISREG(status.st_mode) else None

    def _fallback(self, scope: Scope) -> _Found | None:
        if self.fallback in ("auto", "404.html"):
            found = self._regular("404.html")
            if found is not None:
                return found._replace(status_code=404)
            if self.fallback == "404.html":
                self._missing_fallback("404.html")
        if self.fallback is None or not is_navigation(scope):
            return None
        found = self._regular("index.html")
        if found is None and self.fallback == "index.html":
            self._missing_fallback("index.html")
        return found


class FrontendRoute(BaseRoute):
    """A directory served below `path`."""

    def __init__(
        self,
        path: str,
        *,
        directory: str | os.PathLike[str],
        fallback: Fallback = "auto",
        check_dir: CheckDir = "auto",
    ) -> None:
        if not path:
            raise AssertionError("A frontend path cannot be empty: write '/' to serve it below the whole prefix")
        if not path.startswith("/"):
            raise AssertionError(f"A frontend path must start with '/', not {path!r}")
        self.path = path.rstrip("/") or "/"
        self.app = FrontendFiles(directory=directory, fallback=fallback, check=_resolve_check_dir(directory, check_dir))

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        return self.matches_with_path(scope, self.path)

    def matches_with_path(self, scope: Scope, path: str) -> tuple[Match, Scope]:
        """Whether the request lies below `path`, and what the request then needs in its scope."""
        if scope["type"] != "http":
            return Match.NONE, {}
        requested = _route_path(scope)
        prefix = path.rstrip("/")
        if requested != prefix and not requested.startswith(f"{prefix}/"):
            return Match.NONE, {}
        found = {"frontend_route": self, "frontend_path": requested[len(prefix) + 1 :], "frontend_prefix": prefix}
        return Match.FULL, {"fastapi": {**scope.get("fastapi", {}), **found}}

    async def respond(self, scope: Scope) -> Response:
        """The response to a matched request. Raises: see `FrontendFiles.respond`."""
        return await self.app.respond(scope, scope["fastapi"]["frontend_path"])

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = await self.respond(scope)
        await response(scope, receive, send)

    def url_path_for(self, name: str, /, **path_params: Any) -> NoReturn:
        raise NoMatchFound(name, path_params)


class FrontendGroup(BaseRoute):
    """The frontends of one router. Of those that match, the one with the longest path answers; of equals the first."""

    def __init__(self, *, guard: Guard | None = None) -> None:
        self.routes: list[FrontendRoute] = []
        self.guard = guard

    def add_frontend_route(
        self,
        path: str,
        *,
        directory: str | os.PathLike[str],
        fallback: Fallback = "auto",
        check_dir: CheckDir = "auto",
    ) -> None:
        self.routes.append(FrontendRoute(path, directory=directory, fallback=fallback, check_dir=check_dir))

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        return self.matches_with_prefix(scope, "")

    def matches_with_prefix(self, scope: Scope, prefix: str) -> tuple[Match, Scope]:
        """As `matches`, for a router that was included below `prefix`."""
        best: tuple[Match, Scope] = (Match.NONE, {})
        for route in self.routes:
            candidate = route.matches_with_path(scope, prefix.rstrip("/") + route.path)
            if candidate[0] is Match.FULL and (best[0] is Match.NONE or _length(candidate[1]) > _length(best[1])):
                best = candidate
        return best

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope.get("fastapi", {}).get("frontend_route") is None:
            match, child_scope = self.matches(scope)
            if match is Match.NONE:
                raise HTTPException(404)
            scope.update(child_scope)
        route: FrontendRoute = scope["fastapi"]["frontend_route"]
        if self.guard is None or scope["method"] not in _READING:
            await route.handle(scope, receive, send)
        else:
            await self.guard(scope, receive, send, partial(route.respond, scope))

    def url_path_for(self, name: str, /, **path_params: Any) -> NoReturn:
        raise NoMatchFound(name, path_params)


def select_frontend(
    candidates: Iterable[tuple[str, FrontendGroup]], scope: Scope
) -> tuple[FrontendGroup, Scope] | None:
    """The group that answers, and what to add to the scope before `handle`; None if no frontend lies at the path.

    `candidates` are include prefixes and groups. The longest joined path wins, of equals the first: a router's own
    group must come before those of the routers it includes.
    """
    best: tuple[FrontendGroup, Scope] | None = None
    for prefix, group in candidates:
        match, child_scope = group.matches_with_prefix(scope, prefix)
        if match is Match.FULL and (best is None or _length(child_scope) > _length(best[1])):
            best = group, child_scope
    return best


def is_navigation(scope: Scope) -> bool:
    """Whether the request's `Accept` names HTML itself, with a quality other than 0; wildcards do not count."""
    for media_range in Headers(scope=scope).get("accept", "").split(","):
        media_type, *parameters = media_range.split(";")
        if media_type.strip().lower() in _HTML and _quality(parameters) != 0:
            return True
    return False


def missing_directory(directory: str | os.PathLike[str]) -> str:
    """The message for a frontend directory that does not exist."""
    shown = str(os.fspath(directory))
    return f"Frontend directory {shown!r} does not exist. Resolved absolute path: {os.path.abspath(shown)!r}"


def _quality(parameters: Iterable[str]) -> float:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "q":
            try:
                return float(value.strip().strip('"'))
            except ValueError:
                break
    return 1.0


def _length(child_scope: Scope) -> int:
    return len(child_scope["fastapi"]["frontend_prefix"])


def _route_path(scope: Scope) -> str:
    """The path below the place where the application is mounted."""
    path: str = scope["path"]
    root_path: str = scope.get("root_path", "").rstrip("/")
    if root_path and (path == root_path or path.startswith(f"{root_path}/")):
        return path[len(root_path) :]
    return path


def _resolve_check_dir(directory: str | os.PathLike[str], check_dir: CheckDir) -> bool:
    """Whether a missing directory is an error now. While developing, the build may not have been run yet: warn."""
    if check_dir != "auto":
        return bool(check_dir)
    environment = os.environ.get("FASTLAYER_ENV") or os.environ.get("FASTAPI_ENV")
    if environment != "development":
        return True
    if not os.path.isdir(directory):
        warnings.warn(missing_directory(directory), UserWarning, stacklevel=_users_level())
    return False


def _users_level() -> int:
    """The stack level, for `warnings.warn` in the caller, of the first frame outside this package."""
    package = __name__.partition(".")[0]
    level = 1
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] == package:
        frame = frame.f_back
        level += 1
    return level
