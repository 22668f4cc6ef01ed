"""No code on a page is there for show: a Python block is a file that a test runs, and a command exists as written."""

import json
import re
import shlex
import subprocess
import sys
import textwrap
import tomllib
from pathlib import Path
from typing import Any

import pytest
import typer

from fastlayer.cli.commands import cli
from fastlayer.testclient import TestClient

ROOT = Path(__file__).parents[2]
PAGES = {path.relative_to(ROOT).as_posix(): path.read_text() for path in sorted((ROOT / "docs").rglob("*.md"))}
PAGES |= {name: (ROOT / name).read_text() for name in ("README.md", "SECURITY.md", "CHANGELOG.md")}

# Their Python is on the page itself, and run from there.
RUN_FROM_THE_PAGE = {"README.md": __file__, "docs/migrating.md": "tests/compat/test_migrating.py"}
# Languages that nothing here understands: what they say is looked at by people.
UNCHECKED = {"text", "dockerfile"}


def blocks(language: str) -> list[tuple[str, str]]:
    """The fenced blocks in a language, as (page, content); indented ones too."""
    fence = re.compile(rf"^( *)```{language}\b[^\n]*\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
    return [(page, textwrap.dedent(found[2])) for page, text in PAGES.items() for found in fence.finditer(text)]


def commands(program: str) -> list[tuple[str, str]]:
    """The uses of a program in a sentence or in a block, as (page, command) without prompt and settings before it."""
    inline = re.compile(rf"`((?:\./)?{program}[^`#]*)`")
    found = [(page, " ".join(match[1].split())) for page, text in PAGES.items() for match in inline.finditer(text)]
    for page, content in (*blocks("console"), *blocks("bash")):
        for line in content.splitlines():
            match = re.match(rf"(?:\$ )?(?:[A-Z_]+=\S+ )*((?:\./)?{program}[^#]*)", line)
            if match:
                found.append((page, match[1].strip()))
    return found


def test_every_language_is_known() -> None:
    named = {name for text in PAGES.values() for name in re.findall(r"^ *```(\w+)", text, re.MULTILINE)}
    assert named - UNCHECKED == {"python", "console", "bash", "json", "toml"}


@pytest.mark.parametrize(("page", "content"), blocks("python"))
def test_python_on_a_page_is_a_file_that_is_run(page: str, content: str) -> None:
    if page not in RUN_FROM_THE_PAGE:
        assert re.fullmatch(r'--8<-- "[\w/.]+\.py"\n', content), content


def test_the_ten_lines_of_the_readme_do_what_it_says() -> None:
    (program,) = (content for page, content in blocks("python") if page == "README.md")
    assert len([line for line in program.splitlines() if line.strip()]) <= 10
    names: dict[str, object] = {"__name__": "readme"}
    exec(compile(program, "README.md", "exec"), names)  # noqa: S102 - the page's own code
    client = TestClient(names["app"])  # type: ignore[arg-type]
    book = {"title": "Alice", "price": 8.5}
    added = client.post("/books?notify=yes", json=book)
    assert (added.status_code, added.json()) == (201, book)
    assert client.post("/books", json={"title": "Alice"}).status_code == 422
    assert client.get("/docs").status_code == client.get("/redoc").status_code == 200


@pytest.mark.parametrize(("page", "content"), blocks("json"))
def test_json_on_a_page_is_json(page: str, content: str) -> None:
    json.loads(content)


@pytest.mark.parametrize(("page", "content"), blocks("toml"))
def test_toml_on_a_page_is_toml(page: str, content: str) -> None:
    tomllib.loads(content)


@pytest.mark.parametrize(("page", "command"), commands("fastlayer "))
def test_a_command_on_a_page_has_these_options(page: str, command: str) -> None:
    _, name, *arguments = shlex.split(command)
    known: Any = typer.main.get_command(cli)
    found = known.commands[name]
    if arguments:  # a sentence may name a command alone
        found.make_context(name, arguments)  # a wrong option is an error


@pytest.mark.parametrize(("page", "command"), commands("scripts/"))
def test_a_script_on_a_page_has_these_options(page: str, command: str) -> None:
    script, *arguments = shlex.split(command)
    path = ROOT / script
    assert path.is_file()
    text = path.read_text()
    if module := re.search(r"-m (scripts\.\w+)", text):  # what the shell script starts
        text = (ROOT.joinpath(*module[1].split(".")) / "__main__.py").read_text()
    assert [option for option in arguments if option.startswith("--") and f'"{option}"' not in text] == []


def test_the_scripts_answer_help() -> None:
    for name in ("run", "test", "check", "docs", "screenshots"):
        done = subprocess.run([sys.executable, f"scripts/{name}", "--help"], cwd=ROOT, capture_output=True, check=False)
        assert (done.returncode, done.stderr) == (0, b""), name
