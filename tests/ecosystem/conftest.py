"""Leaves out the programs whose package is not installed, names them, and fails when more than a few are missing.

A package that is installed and cannot be imported is no reason to leave its program out: that is what these tests are
to find.
"""

from importlib import metadata
from pathlib import Path

import pytest

MOST_MISSING = 2


def is_installed(package: str) -> bool:
    try:
        metadata.distribution(package)
    except metadata.PackageNotFoundError:
        return False
    return True


def missing() -> dict[str, str]:
    """The programs that cannot run: file name -> package. A program's docstring begins with the package it uses."""
    found = {}
    for path in sorted(Path(__file__).parent.glob("test_*.py")):
        package, colon, _ = path.read_text().partition("\n")[0].removeprefix('"""').partition(":")
        if colon and not is_installed(package):
            found[path.name] = package
    return found


MISSING = missing()
collect_ignore = list(MISSING)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    if len(MISSING) > MOST_MISSING:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for name, package in MISSING.items():
        terminalreporter.write_line(f"left out: {name}, since {package} is not installed", yellow=True)
    if len(MISSING) > MOST_MISSING:
        terminalreporter.write_line(f"error: more than {MOST_MISSING} programs were left out", red=True)
