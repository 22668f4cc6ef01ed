"""Starts and stops uvicorn with the application in a process of its own, and keeps what it logs."""

import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 60
STOP_SECONDS = 20

# What uvicorn raises into an application whose answer comes after it has itself refused the rest of the request, and
# closed the connection.
SERVERS_OWN = ("the handler is closed", "Expected ASGI message", "can't handle event type")


@dataclass
class Server:
    """A running server. `log` is complete once the block of `serving` has ended."""

    port: int
    process: "subprocess.Popen[str]"
    log: list[str] = field(default_factory=list)

    @property
    def complaints(self) -> list[str]:
        """The last lines of tracebacks in the log that are not the server's own."""
        found = []
        for entry in re.split(r"^(?=[A-Z]+: )", "".join(self.log), flags=re.MULTILINE):
            if not any(words in entry for words in SERVERS_OWN):
                found += re.findall(r"^[\s|]*(?!Traceback)([\w.]+(?:Error|Exception)\b.*)$", entry, re.MULTILINE)
                found += [entry.strip()] if entry.startswith("ERROR: not stopped") else []
        return found


@contextmanager
def serving(
    framework: str = "fastlayer",
    *,
    workers: int = 1,
    http: str = "h11",
    application: str = "scripts.soaking.app:app",
    options: tuple[str, ...] = (),
) -> Iterator[Server]:
    """Serve the application on a free port of 127.0.0.1 inside the block.

    Raises:
        RuntimeError: it ended without coming up; its output is the message.
        TimeoutError: it was not up within START_SECONDS.
    """
    command = [sys.executable, "-m", "uvicorn", application, "--host", "127.0.0.1", "--port", "0", "--no-access-log"]
    command += ["--http", http, "--workers", str(workers), "--backlog", "2048", *options]
    environment = {**os.environ, "SOAK_FRAMEWORK": framework}
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True
    )
    server = Server(0, process)
    port: Future[int] = Future()
    reader = threading.Thread(target=_read, args=(server, port, workers))
    reader.start()
    try:
        server.port = port.result(START_SECONDS)
        yield server
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            server.log.append(f"ERROR: not stopped after {STOP_SECONDS} seconds\n")
        reader.join(STOP_SECONDS)
        if process.stderr:
            process.stderr.close()


def _read(server: Server, port: "Future[int]", workers: int) -> None:
    """Read the log to its end, for a full pipe would stop the server; it is up when each worker said so."""
    found, up = 0, 0
    for line in server.process.stderr or ():
        server.log.append(line)
        if address := re.search(r"running on http://127.0.0.1:(\d+)", line):
            found = int(address[1])
        up += "Application startup complete" in line
        if found and up == workers and not port.done():
            port.set_result(found)
    if not port.done():
        port.set_exception(RuntimeError("".join(server.log)))
