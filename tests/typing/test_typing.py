"""What users write passes mypy and pyright; their mistakes in options are reported on the line they are made."""

import importlib.util
import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent
ACCEPTED, REFUSED = HERE / "accepted.py", HERE / "refused.py"


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True, check=False)


def mypy(*files: Path) -> set[tuple[str, int]]:
    """File and line of each error mypy reports."""
    found = run("mypy", "--no-error-summary", "--hide-error-context", *map(str, files))
    assert found.returncode in (0, 1), found.stdout + found.stderr
    lines = re.findall(r"^(.*?):(\d+): error: ", found.stdout, re.MULTILINE)
    return {(Path(name).name, int(line)) for name, line in lines}


def pyright(*files: Path) -> set[tuple[str, int]]:
    """File and line of each error pyright reports."""
    found = run("pyright", "--outputjson", "--pythonpath", sys.executable, *map(str, files))
    reports = json.loads(found.stdout)["generalDiagnostics"]
    return {
        (Path(one["file"]).name, one["range"]["start"]["line"] + 1) for one in reports if one["severity"] == "error"
    }


def marked(file: Path) -> set[tuple[str, int]]:
    lines = file.read_text().splitlines()
    return {(file.name, number) for number, line in enumerate(lines, 1) if line.endswith("# error")}


CHECKERS = [
    pytest.param(
        checker,
        id=checker.__name__,
        marks=pytest.mark.skipif(
            importlib.util.find_spec(checker.__name__) is None, reason=f"{checker.__name__} is in the group `lint`"
        ),
    )
    for checker in (mypy, pyright)
]


@pytest.mark.parametrize("checker", CHECKERS)
@pytest.mark.timeout(300)  # seconds; the first run of mypy reads everything the package imports
def test_what_users_write_is_accepted_and_their_mistakes_are_reported_where_they_are(
    checker: Callable[..., set[tuple[str, int]]],
) -> None:
    assert checker(ACCEPTED, REFUSED) == marked(REFUSED)


def test_there_are_mistakes_to_find() -> None:
    assert len(marked(REFUSED)) == 10
