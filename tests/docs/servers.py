"""Runs an application under a server in a process of its own, for tests that want real HTTP."""

import os
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

ROOT = Path(__file__).parents[2]
START_SECONDS = 60
STOP_SECONDS = 15
RETRY_SECONDS = 0.05

# With port 0 the operating system chooses a free one, which the server then reports.
SERVERS = {
    "uvicorn": "uvicorn --host 127.0.0.1 --port 0 --no-access-log",
    "uvicorn-h11": "uvicorn --host 127.0.0.1 --port 0 --no-access-log --http h11 --ws wsproto",
    "hypercorn-asyncio": "hypercorn --bind 127.0.0.1:0 --worker-class asyncio",
    "hypercorn-trio": "hypercorn --bind 127.0.0.1:0 --worker-class trio",
    "granian": "granian --interface asgi --host 127.0.0.1 --port {reserved}",
}


@contextmanager
def serving(application: str, environment: Mapping[str, str], server: str = "uvicorn") -> Iterator[str]:
    """The address, like `http://127.0.0.1:40123`, where `application` ("module:name") answers inside the block.

    Raises:
        RuntimeError: the server ended without coming up; its output is the message.
        TimeoutError: the server was not up within `START_SECONDS`.
    """
    with reserved_port() as port:
        process = subprocess.Popen(
            [sys.executable, "-m", *SERVERS[server].format(reserved=port).split(), application],
            cwd=ROOT,
            env={**os.environ, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
        )
        address: Future[str] = Future()
        ended = threading.Event()
        reader = threading.Thread(target=find_address, args=(process.stdout, address, ended))
        reader.start()
        try:
            found = address.result(START_SECONDS)
            wait_until_open(found, ended)
            yield found
        finally:
            process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            reader.join()
            if process.stdout:
                process.stdout.close()


@contextmanager
def reserved_port() -> Iterator[int]:
    """A free port, for a server that must be told one: nobody else is given it, and who shares ports may listen."""
    with socket.socket() as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        holder.bind(("127.0.0.1", 0))
        yield holder.getsockname()[1]


def find_address(log: IO[str], address: Future[str], ended: threading.Event) -> None:
    """Reads the log to its end, for a full pipe would stop the server."""
    lines: list[str] = []
    for line in log:
        lines.append(line)
        if not address.done() and (
            found := re.search(r"(?:running on|listening at:) (http://\S+)", line, re.IGNORECASE)
        ):
            address.set_result(found[1])
    if not address.done():
        address.set_exception(RuntimeError("".join(lines)))
    ended.set()


def wait_until_open(address: str, ended: threading.Event) -> None:
    """Returns when somebody listens there, or when the server ended. Granian reports its address before it listens."""
    place = urlsplit(address)
    for _ in range(int(START_SECONDS / RETRY_SECONDS)):
        try:
            socket.create_connection((place.hostname, place.port or 80)).close()
            return
        except ConnectionRefusedError:
            if ended.wait(RETRY_SECONDS):
                return
    raise TimeoutError(f"{address} is not open")
