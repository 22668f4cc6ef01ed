"""Requests per second over HTTP: one uvicorn worker per framework, loaded in turns; and who brings another server.

It owns the server processes; it may not know how load is made.
"""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from importlib import import_module
from pathlib import Path
from statistics import median
from typing import Any

import uvloop

from . import frameworks, load
from .driver import WrongAnswer
from .scenarios import HTTP_GOAL, SCENARIOS

_ROOT = Path(__file__).parents[2]
_SECONDS = 2.0
_MOST_ROUNDS = 5  # a turn here is a hundred times a turn in process
_START_SECONDS = 60.0
OTHERS = ("granian", "robyn")  # FastLayer behind Granian; Robyn, whose server is its own


@contextmanager
def _served(framework: str, scenario: str) -> Iterator[int]:
    """Serve one application in a process of its own; give its port."""
    if framework in OTHERS:
        with _served_alone(framework, scenario) as port:
            yield port
        return
    with socket.create_server(("127.0.0.1", 0), backlog=128) as listener:
        descriptor = listener.fileno()
        command = [sys.executable, "-m", f"{__package__}.serve", framework, scenario, str(descriptor)]
        process = subprocess.Popen(command, cwd=_ROOT, pass_fds=[descriptor])
        try:
            yield listener.getsockname()[1]
        finally:
            process.terminate()
            process.wait(timeout=10)


@contextmanager
def _served_alone(name: str, scenario: str) -> Iterator[int]:
    """Start what cannot be handed a socket, and wait until it listens."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", f"{__package__}.serve_alone", name, scenario, str(port)]
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(command, cwd=_ROOT, stdout=quiet, stderr=quiet, start_new_session=True)
    try:
        _wait_for(port, process)
        yield port
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(timeout=10)


def _wait_for(port: int, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    raise RuntimeError(f"nothing listens on 127.0.0.1:{port}: {' '.join(map(str, process.args))}")  # type: ignore[arg-type]


def missing(name: str) -> str | None:
    """Return why one of OTHERS cannot run here, or nothing."""
    try:
        import_module(name)
    except ImportError as error:
        return str(error)
    return None


def _check(port: int, framework: str, scenario: str) -> None:
    wanted = SCENARIOS[scenario]
    status, body, _ = uvloop.run(load.ask(port, wanted.request))
    if status != wanted.status or wanted.read(body) != wanted.expected:
        raise WrongAnswer(f"{framework}: {scenario}: answered {status} {body[:200]!r}")


def _turn(port: int, scenario: str) -> float:
    request = SCENARIOS[scenario].request
    if tool := load.wrk():
        return load.drive_wrk(tool, port, request, _SECONDS)
    return uvloop.run(load.drive(port, request, _SECONDS))


def _compare(scenario: str, names: list[str], rounds: int) -> dict[str, list[float]]:
    """Return requests per second by framework, one figure per round."""
    with ExitStack() as stack:
        ports = {name: stack.enter_context(_served(name, scenario)) for name in names}
        for name, port in ports.items():
            _check(port, name, scenario)
            _turn(port, scenario)
        figures: dict[str, list[float]] = {name: [] for name in names}
        for _ in range(rounds):
            for name, port in ports.items():
                figures[name].append(_turn(port, scenario))
    return figures


def run(scenarios: list[str], names: list[str], rounds: int) -> list[dict[str, Any]]:
    """Print requests per second of each framework in each scenario; return them."""
    rounds = min(rounds, _MOST_ROUNDS)
    tool = "wrk" if load.wrk() else "the bundled client"
    print(f"Requests per second: one uvicorn worker, {tool}, {load.CONNECTIONS} connections, {rounds} rounds")
    print("scenario".ljust(10), *(name.rjust(11) for name in names), "ratio".rjust(9), "goal".rjust(7), "met".rjust(5))
    results = []
    for scenario in scenarios:
        figures = _compare(scenario, names, rounds)
        reference, subject = figures.get(frameworks.REFERENCE), figures.get(frameworks.SUBJECT)
        ratio = median(b / a for a, b in zip(reference, subject, strict=True)) if reference and subject else None
        cells = [f"{median(figures[name]):,.0f}".rjust(11) for name in names]
        verdict = "-" if ratio is None else "yes" if ratio >= HTTP_GOAL else "NO"
        shown = f"{ratio:.2f}x" if ratio is not None else "-"
        print(scenario.ljust(10), *cells, shown.rjust(9), f"{HTTP_GOAL:g}x".rjust(7), verdict.rjust(5), flush=True)
        results.append({"scenario": scenario, "tool": tool, "ratio": ratio, "requests_per_second": figures})
    return results
