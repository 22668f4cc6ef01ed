"""Real servers on the loopback address: they come up, answer, and stop."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pytest

from .conftest import ROOT, Command

SECONDS = 60

APP = "from {package} import {name}\napp = {name}()\n@app.get('/x')\ndef read_x(): return __import__('os').getpid()\n"
SERVED = APP.format(package="fastlayer", name="FastLayer")


def collect(log: IO[str], address: "Future[str]", lines: list[str]) -> None:
    for line in log:
        lines.append(line)
        so_far = "".join(lines)
        found = re.search(r"running on (http://\S+|unix socket \S+)", so_far)
        if not address.done() and found and "Application startup complete" in so_far:
            address.set_result(found[1])
    if not address.done():
        address.set_exception(RuntimeError("".join(lines)))


@contextmanager
def server(*arguments: str, folder: Path) -> Iterator[tuple[str, list[str], "subprocess.Popen[str]"]]:
    """The address, the log so far, and the process, which is stopped by Ctrl+C."""
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    process = subprocess.Popen(
        [sys.executable, "-m", "fastlayer", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": path, "PYTHONUNBUFFERED": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    address: Future[str] = Future()
    lines: list[str] = []
    assert process.stdout is not None
    reader = threading.Thread(target=collect, args=(process.stdout, address, lines))
    reader.start()
    try:
        yield address.result(SECONDS), lines, process
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(SECONDS)
        finally:
            process.kill()
            reader.join()
            process.stdout.close()


def get(url: str) -> bytes:
    """The body at the address. A child process that uvicorn started says nothing when it listens: it is asked again."""
    deadline = time.monotonic() + SECONDS
    while True:
        try:
            with urllib.request.urlopen(url, timeout=SECONDS) as answer:
                return bytes(answer.read())
        except urllib.error.URLError as exc:
            if not isinstance(exc.reason, ConnectionRefusedError) or time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def test_run_serves_until_it_is_interrupted(folder: Path) -> None:
    (folder / "main.py").write_text(SERVED)
    with server("run", "--port", "0", folder=folder) as (address, lines, process):
        assert int(get(f"{address}/x")) == process.pid
    assert process.returncode in (0, 130)
    assert lines[0] == f"main:app from {folder}\n"


def test_dev_serves_from_a_process_that_watches(folder: Path) -> None:
    (folder / "main.py").write_text(SERVED)
    with server("dev", "--port", "0", folder=folder) as (address, _, process):
        assert int(get(f"{address}/x")) != process.pid


def test_dev_without_reload_serves_itself(folder: Path) -> None:
    (folder / "main.py").write_text(SERVED)
    with server("dev", "--no-reload", "--port", "0", folder=folder) as (address, _, process):
        assert int(get(f"{address}/x")) == process.pid


def test_several_workers_serve(folder: Path) -> None:
    (folder / "main.py").write_text(SERVED)
    with server("run", "--port", "0", "--workers", "2", folder=folder) as (address, _, process):
        assert int(get(f"{address}/x")) != process.pid


def test_a_program_for_fastapi_is_served_also_by_workers(folder: Path) -> None:
    (folder / "main.py").write_text(APP.format(package="fastapi", name="FastAPI"))
    with server("run", "--as-fastapi", "--port", "0", "--workers", "2", folder=folder) as (address, _, process):
        assert int(get(f"{address}/x")) != process.pid


def test_the_root_path_is_known_to_the_application(folder: Path) -> None:
    (folder / "main.py").write_text(SERVED)
    with server("run", "--port", "0", "--root-path", "/api", folder=folder) as (address, _, _):
        assert json.loads(get(f"{address}/openapi.json"))["servers"] == [{"url": "/api"}]


def test_a_unix_socket_is_served(folder: Path) -> None:
    (folder / "main.py").write_text(SERVED)
    with server("run", "--uds", "s", folder=folder) as (address, _, process), socket.socket(socket.AF_UNIX) as client:
        assert address.startswith("unix socket")
        client.connect(str(folder / "s"))
        client.sendall(b"GET /x HTTP/1.0\r\n\r\n")
        with client.makefile("rb") as answer:
            assert answer.read().endswith(str(process.pid).encode())


@pytest.mark.parametrize("name", ["dev", "run"])
def test_a_taken_port_is_said_in_one_line(folder: Path, command: Command, name: str) -> None:
    (folder / "main.py").write_text(SERVED)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        result = command(name, "--port", str(port))

    assert (result.status, result.out) == (1, "")
    assert (
        result.err == f"error: cannot serve on 127.0.0.1 port {port}: Address already in use; another one: --port 0\n"
    )


def test_what_is_no_port_is_said_in_one_line(folder: Path, command: Command) -> None:
    (folder / "main.py").write_text(SERVED)
    result = command("run", "--port", "70000")
    assert (result.status, result.err) == (2, "error: --port 70000: a port is a number from 0 to 65535\n")
