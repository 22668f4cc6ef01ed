"""Runs the application under uvicorn: in this process, in one that is restarted on changes, or in several."""

import socket
from pathlib import Path
from typing import Any, NamedTuple

import uvicorn
from rich.console import Console

from .loading import Loaded, pass_on
from .problems import FAILURE, USAGE, Problem


class Settings(NamedTuple):
    """How to serve. `workers` of None leaves it to uvicorn (WEB_CONCURRENCY, else one)."""

    host: str = "127.0.0.1"
    port: int = 8000
    uds: str | None = None
    reload: bool = False
    reload_dirs: tuple[Path, ...] = ()
    workers: int | None = None
    root_path: str = ""
    proxy_headers: bool = True
    forwarded_allow_ips: str | None = None
    log_level: str | None = None
    as_fastapi: bool = False


def free_port(settings: Settings) -> int:
    """The port to listen on: the one asked for, or for 0 one that is free.

    Raises:
        Problem: it cannot.
    """
    if settings.uds is not None:
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
        raise Problem(f"cannot serve on {shown}: {exc.strerror or exc}; another one: --port 0", FAILURE) from exc


def serve(loaded: Loaded, settings: Settings, console: Console) -> None:
    """Nothing, when the server was stopped.

    Raises:
        Problem: it did not come up.
    """
    # uvicorn's parent process would announce port 0 as it is.
    settings = settings._replace(port=free_port(settings))
    _announce(loaded, settings, console)
    options: dict[str, Any] = {
        "host": settings.host,
        "port": settings.port,
        "uds": settings.uds,
        "root_path": settings.root_path,
        "proxy_headers": settings.proxy_headers,
        "forwarded_allow_ips": settings.forwarded_allow_ips,
        "log_level": settings.log_level,
    }
    if settings.reload or (settings.workers or 1) > 1:
        pass_on(loaded.target, as_fastapi=settings.as_fastapi)
        folders = [str(folder) for folder in (*settings.reload_dirs, loaded.target.folder)]
        options |= {"reload": settings.reload, "workers": settings.workers, "factory": True}
        options |= {"reload_dirs": folders} if settings.reload else {}
        uvicorn.run("fastlayer.cli.loading:served", **options)
    else:
        uvicorn.run(loaded.app, **options)


def _announce(loaded: Loaded, settings: Settings, console: Console) -> None:
    console.print(f"[bold]{loaded.target}[/bold] from {loaded.target.folder}", soft_wrap=True, highlight=False)
    docs = getattr(loaded.app, "docs_url", None)
    if settings.uds is None and docs:
        shown = {"0.0.0.0": "localhost", "::": "localhost"}.get(settings.host, settings.host)  # noqa: S104  # compared
        host = f"[{shown}]" if ":" in shown else shown
        console.print(f"docs: http://{host}:{settings.port}{settings.root_path}{docs}", markup=False, soft_wrap=True)
