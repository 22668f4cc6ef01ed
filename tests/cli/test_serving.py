"""Real servers on the loopback address: they come up, answer, and stop."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
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

from .conftest import ROOT, Command, in_process, on_a_terminal

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
def server(
    *arguments: str, folder: Path, **environment: str
) -> Iterator[tuple[str, list[str], "subprocess.Popen[str]"]]:
    """The address, the log so far, and the process, which is stopped by Ctrl+C."""
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    process = subprocess.Popen(
        [sys.executable, "-m", "fastlayer", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": path, "PYTHONUNBUFFERED": "1", **environment},
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


def test_the_environment_says_how_many_workers(folder: Path) -> None:
    (folder / "main.py").write_text(SERVED)
    with server("run", "--port", "0", folder=folder, WEB_CONCURRENCY="2") as (address, lines, process):
        assert int(get(f"{address}/x")) != process.pid
        assert any("Started parent process" in line for line in lines)


@pytest.mark.parametrize("text", ["abc", "0", "-1", "1.5", ""])
def test_what_is_no_number_of_workers_is_said_in_one_line(
    folder: Path, command: Command, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    (folder / "main.py").write_text(SERVED)
    monkeypatch.setenv("WEB_CONCURRENCY", text)
    result = command("run", "--port", "0")
    assert result == (2, "", f"error: WEB_CONCURRENCY is {text!r}; it must be a number of processes, 1 or more\n")


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


def test_a_host_that_is_not_here_is_named(folder: Path, command: Command) -> None:
    (folder / "main.py").write_text(SERVED)
    result = command("run", "--host", "host.invalid")
    assert (result.status, result.out) == (1, "")
    assert result.err.startswith("error: cannot serve on host.invalid port 8000: ")
    assert (result.err.count("\n"), "--port 0" in result.err) == (1, False)


def test_a_file_is_not_lost_to_a_socket(folder: Path, command: Command) -> None:
    (folder / "main.py").write_text(SERVED)
    result = command("run", "--uds", "main.py")
    message = "error: --uds main.py: there is something else of that name, and it would be lost\n"
    assert result == (2, "", message)
    assert (folder / "main.py").read_text() == SERVED


def test_a_socket_that_cannot_be_made_is_named(folder: Path, command: Command) -> None:
    (folder / "main.py").write_text(SERVED)
    result = command("run", "--uds", "absent/s")
    assert result == (1, "", "error: cannot serve on absent/s: No such file or directory\n")


def test_a_socket_that_an_earlier_server_left_is_replaced(folder: Path) -> None:
    (folder / "main.py").write_text(SERVED)
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(folder / "s"))
    with server("run", "--uds", "s", folder=folder), socket.socket(socket.AF_UNIX) as client:
        client.connect(str(folder / "s"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["dev", "--reload-dir", "absent"], "--reload-dir absent: there is no such folder"),
        (["run", "--root-path", "api"], "--root-path api: a path begins with /"),
    ],
    ids=["folder", "path"],
)
def test_what_cannot_be_is_said_before_anything_is_served(
    folder: Path, command: Command, arguments: list[str], message: str
) -> None:
    (folder / "main.py").write_text(SERVED)
    assert command(*arguments) == (2, "", f"error: {message}\n")


STRICT = """
from fastlayer import FastLayer
app = FastLayer(strict=True)
@app.get("/x")
def x(*args): ...
"""


def test_a_strict_application_with_findings_is_not_served(folder: Path) -> None:
    (folder / "main.py").write_text(STRICT)
    result = in_process("run", "--port", "0", folder=folder)
    assert result.status == 1
    assert "FL107" in result.err
    assert "Application startup failed" in result.err
    assert "running on" not in result.err


@pytest.mark.parametrize("arguments", [["dev"], ["run"], ["run", "--workers", "2"]], ids=" ".join)
def test_what_a_server_prints_fits_a_terminal_of_80_columns(arguments: list[str]) -> None:
    with tempfile.TemporaryDirectory(prefix="t") as short:
        (Path(short) / "main.py").write_text(SERVED)
        status, lines = on_a_terminal(
            *arguments, "--port", "0", folder=Path(short), until="Application startup complete"
        )
    assert status in (0, 130)
    assert any("docs: http://127.0.0.1:" in line for line in lines)
    assert [line for line in lines if len(line) > 80] == []
