"""The commands of scripts/: what they say when something is in their way, and what --lowest pins."""

import socket
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from scripts import environment
from tests.package_source import ROOT


def script(name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "scripts" / name), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT.parent)


def test_run_says_in_one_line_that_the_port_is_taken() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        result = script("run", "--port", str(port))

    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr.startswith(f"error: cannot serve on 127.0.0.1 port {port}: Address already in use.")
    assert result.stderr.count("\n") == 1


def test_run_says_in_one_line_what_a_port_is() -> None:
    result = script("run", "--port", "70000")
    assert (result.returncode, result.stderr) == (1, "error: --port 70000: a port is a number from 0 to 65535\n")


def test_an_interpreter_that_is_not_here_is_named() -> None:
    result = script("test", "--python", "3.99")
    assert result.returncode == 1
    assert result.stderr.startswith("error: no Python 3.99 on this machine")


def test_lowest_pins_every_direct_requirement() -> None:
    data = tomllib.loads((ROOT / "pyproject.toml").read_text())
    pins = environment.lowest_pins("standard", ["tests"])

    assert {"pytest==9.0", "uvicorn==0.34", "sqlalchemy==2.1"} <= set(pins)
    assert len(pins) >= len(data["project"]["dependencies"]) + len(data["project"]["optional-dependencies"]["standard"])


def test_lowest_needs_a_bound(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    pyproject = tmp_path / "pyproject.toml"
    pyproject.write_text('[project]\ndependencies = ["starlette<2"]\noptional-dependencies.standard = []')
    monkeypatch.setattr(environment, "PYPROJECT", pyproject)

    with pytest.raises(SystemExit):
        environment.lowest_pins("standard", [])

    assert capsys.readouterr().err.startswith("error: pyproject.toml gives 'starlette<2' no lower bound")
