"""The commands of scripts/: what they say when something is in their way, and what --lowest pins."""

import os
import socket
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from scripts import environment, links
from scripts.soaking.__main__ import Report
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

    assert {"pytest==9.0", "uvicorn==0.50", "sqlalchemy==2.1"} <= set(pins)
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


def test_what_cannot_be_installed_keeps_nothing_else_away() -> None:
    def install(requirements: list[str]) -> bool:
        return "absent" not in requirements and not {"old", "new"} <= set(requirements)

    assert environment.left_out(["one", "absent", "old", "two", "new"], install) == ["absent", "new"]
    assert environment.left_out(["one", "two"], install) == []


def site(folder: Path, **pages: str) -> list[str]:
    for name, body in pages.items():
        page = folder / ("" if name == "index" else name) / "index.html"
        page.parent.mkdir(exist_ok=True)
        page.write_text(f"<!doctype html><html><body>{body}</body></html>")
    return list(links.problems(folder))


def test_links_that_lead_somewhere_are_no_problem(tmp_path: Path) -> None:
    (tmp_path / "a picture.png").touch()
    pages = {
        "index": '<a href="howto/#first">a</a><a href="https://example.com">b</a><img src="a%20picture.png">'
        '<link rel="canonical" href="https://example.com"><img src="data:image/png;base64,x">',
        "howto": '<h2 id="first">First</h2><a href="#first">a</a><a href="..">b</a><a href="/">c</a>',
    }
    assert site(tmp_path, **pages) == []


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        ('<a href="absent/">a</a>', "absent/ is not there"),
        ('<a href="#absent">a</a>', "#absent names no place of that page"),
        ('<img src="absent.png">', "absent.png is not there"),
        ('<script src="https://example.com/x.js"></script>', "fetches https://example.com/x.js"),
        ('<link rel="stylesheet" href="//example.com/x.css">', "fetches //example.com/x.css"),
    ],
)
def test_a_wrong_link_of_the_site_is_named(tmp_path: Path, wrong: str, problem: str) -> None:
    assert site(tmp_path, index=wrong) == [f"index.html: {problem}"]


def soak(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [str(ROOT / "scripts" / "soak"), *arguments]
    environment = {**os.environ, "SOAK_PYTHON": sys.executable}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)


def test_soak_says_what_it_can_do() -> None:
    result = soak("--help")
    assert (result.returncode, result.stderr) == (0, "")
    for option in ("--seconds", "--connections", "--workers", "--cases", "--framework", "--json"):
        assert option in result.stdout


@pytest.mark.parametrize(
    "arguments", [["--seconds", "601"], ["--connections", "1001"], ["--cases", "0"], ["--only", "x"]]
)
def test_soak_is_bounded(arguments: list[str]) -> None:
    result = soak(*arguments)
    assert (result.returncode, result.stdout) == (2, "")
    assert "error: " in result.stderr


def test_soak_ends_with_a_status_that_says_whether_a_promise_was_broken() -> None:
    result = soak("--only", "load", "--seconds", "1", "--connections", "5", "--workers", "1", "--http", "h11")
    assert (result.returncode, result.stderr) == (0, "")
    assert "0 broken" in result.stdout

    report = Report()
    report.add("part", {}, ["a promise"])
    assert report.broken == ["part: a promise"]
