"""What docs/migrating.md tells people to type."""

import re
from pathlib import Path

import pytest

from tests.compat.programs import run

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "migrating.md").read_text()
PROGRAMS = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)

MAIN = """
from fastapi import FastAPI

app = FastAPI()


@app.get("/")
def index() -> str:
    return "hello"


if __name__ == "__main__":
    print(app.title)
"""


def test_the_line_to_add_works() -> None:
    assert run("-c", f"{PROGRAMS[0]}\nprint(type(app).__module__)") == "fastlayer.compat.applications"


def test_the_imports_to_change_work() -> None:
    shown = "app = App(); print(app.title, app.default_dependency_scope)"
    assert run("-c", "\n".join((*PROGRAMS[1:], shown))) == "FastLayer request"


@pytest.mark.parametrize("line", re.findall(r"\$ (fastlayer [a-z]+ --as-fastapi main:app)", PAGE))
def test_the_commands_work(line: str, tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text(MAIN)
    command = line.split()
    if command[1] == "run":
        assert "--as-fastapi" in run("-m", "fastlayer", "run", "--help", cwd=tmp_path)
    else:
        run("-m", *command, cwd=tmp_path)


def test_the_program_runs_without_a_change(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text(MAIN)
    assert run("-m", "fastlayer.compat", "main.py", cwd=tmp_path) == "FastAPI"


def test_the_packages_it_names_are_those_with_a_program() -> None:
    named = re.search(r"each in a small program: (.*?)\.\n", PAGE, re.DOTALL)
    assert named is not None
    programs = [path.read_text() for path in (ROOT / "tests" / "ecosystem").glob("test_*.py")]
    # A program's docstring begins with the package it uses; one is about the alias itself.
    titles = {program.removeprefix('"""').partition(":")[0] for program in programs if ":" in program.splitlines()[0]}
    assert set(re.split(r",\s+|\s+and\s+", named[1])) == titles
