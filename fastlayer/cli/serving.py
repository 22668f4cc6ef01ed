"""Runs the application under uvicorn: in this process, in one that is restarted on changes, or in several."""

import errno
import os
import socket
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple

import uvicorn
from rich.console import Console

from .loading import Loaded, pass_on
from .problems import FAILURE, USAGE, Problem

START_FAILED = 3
"""The exit status of uvicorn when the application, or the server, did not start."""


class LogLevel(StrEnum):
    """How much uvicorn logs."""

    CRITICAL = "critical"
    ERROR = "error"
    WARNING = "warning"
    INFO = "info"
    DEBUG = "debug"
    TRACE = "trace"


class Settings(NamedTuple):
    """How to serve. `workers` of None leaves it to the environment (WEB_CONCURRENCY, else one)."""

    host: str = "127.0.0.1"
    port: int = 8000
    uds: str | None = None
    reload: bool = False
    reload_dirs: tuple[Path, ...] = ()
    workers: int | None = None
    root_path: str = ""
    proxy_headers: bool = True
    forwarded_allow_ips: str | None = None
    log_level: LogLevel | None = None
    as_fastapi: bool = False


def free_port(settings: Settings) -> int:
    """The port to listen on: the one asked for, or for 0 one that is free.

    Raises:
        Problem: it cannot.
    """
    if settings.uds is not None:
        check_socket(settings.uds)
        return settings.port
    if not 0 <= settings.port <= 65535:
        raise Problem(f"--port {settings.port}: a port is a number from 0 to 65535", USAGE)
    shown = f"{settings.host} port {settings.port}"
    try:
        family, kind, _, _, address = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as probe:
            # As uvicorn binds: connections that linger from an earlier run do not count as taken.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            return int(probe.getsockname()[1])
    except OSError as exc:
        another = "; another one: --port 0" if exc.errno in (errno.EADDRINUSE, errno.EACCES) else ""
        raise Problem(f"cannot serve on {shown}: {exc.strerror or exc}{another}", FAILURE) from exc


def check_socket(uds: str) -> None:
    """Nothing, if a Unix socket can be made there. One that an earlier server left behind is replaced, no other file.

    Raises:
        Problem: it cannot.
    """
    place = Path(uds)
    if place.is_socket():
        return
    if place.exists():
        raise Problem(f"--uds {uds}: there is something else of that name, and it would be lost", USAGE)
    try:
        with socket.socket(socket.AF_UNIX) as probe:
            probe.bind(uds)
        place.unlink()
    except OSError as exc:
        raise Problem(f"cannot serve on {uds}: {exc.strerror or exc}", FAILURE) from exc


def checked(settings: Settings) -> Settings:
    """The settings, with everything known that must be before a server is started.

    Raises:
        Problem: something in them cannot be.
    """
    for folder in settings.reload_dirs:
        if not folder.is_dir():
            raise Problem(f"--reload-dir {folder}: there is no such folder")
    if settings.root_path and not settings.root_path.startswith("/"):
        raise Problem(f"--root-path {settings.root_path}: a path begins with /")
    # uvicorn's parent process would announce port 0 as it is.
    return settings._replace(
        port=free_port(settings), root_path=settings.root_path.rstrip("/"), workers=settings.workers or workers_asked()
    )


def workers_asked() -> int:
    """What WEB_CONCURRENCY says, else one.

    Raises:
        Problem: that is no number of processes.
    """
    text = os.environ.get("WEB_CONCURRENCY", "1")
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise Problem(f"WEB_CONCURRENCY is {text!r}; it must be a number of processes, 1 or more")
    return int(text)


def serve(loaded: Loaded, settings: Settings, console: Console) -> None:
    """Nothing, when the server was stopped.

    Raises:
        Problem: it cannot be.
        SystemExit: it did not come up; its log says why.
    """
    settings = checked(settings)
    _announce(loaded, settings, console)
    options: dict[str, Any] = {
        "host": settings.host,
        "port": settings.port,
        "uds": settings.uds,
        "root_path": settings.root_path,
        "proxy_headers": settings.proxy_headers,
        "forwarded_allow_ips": settings.forwarded_allow_ips,
        "log_level": settings.log_level,
        "workers": 1 if settings.reload else settings.workers,
    }
    target: Any = loaded.app
    if settings.reload or options["workers"] > 1:
        pass_on(loaded.target, as_fastapi=settings.as_fastapi)
        folders = [str(folder) for folder in (*settings.reload_dirs, loaded.target.folder)]
        options |= {"factory": True}
        options |= {"reload": True, "reload_dirs": folders} if settings.reload else {}
        target = "fastlayer.cli.loading:served"
    try:
        uvicorn.run(target, **options)
    except SystemExit as exc:
        raise SystemExit(FAILURE if exc.code == START_FAILED else exc.code) from None


def _announce(loaded: Loaded, settings: Settings, console: Console) -> None:
    console.print(f"[bold]{loaded.target}[/bold] from {loaded.target.folder}", soft_wrap=True, highlight=False)
    docs = getattr(loaded.app, "docs_url", None)
    if settings.uds is None and docs:
        shown = {"0.0.0.0": "localhost", "::": "localhost"}.get(settings.host, settings.host)  # noqa: S104  # compared
        host = f"[{shown}]" if ":" in shown else shown
        console.print(f"docs: http://{host}:{settings.port}{settings.root_path}{docs}", markup=False, soft_wrap=True)
