"""What each command prints, and how it ends."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
import yaml

from fastlayer import __version__

from .conftest import ROOT, Command, in_process, on_a_terminal


def test_the_version_is_told(command: Command) -> None:
    assert command("--version") == (0, f"FastLayer {__version__}\n", "")


def test_the_command_can_be_run_as_a_module(folder: Path) -> None:
    result = in_process("--version", folder=folder)
    assert (result.status, result.out) == (0, f"FastLayer {__version__}\n")


def test_without_typer_it_says_what_to_install(folder: Path) -> None:
    script = "import sys; sys.modules['typer'] = None; import fastlayer.cli; fastlayer.cli.main()"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False, cwd=ROOT, stdin=subprocess.DEVNULL
    )
    assert done.returncode == 1
    assert done.stderr == "error: the command line needs typer: pip install 'fastlayer-api[standard]'\n"


WRONG_ARGUMENTS = {
    "nonsense": "No such command 'nonsense'; `fastlayer --help` says more",
    "routes --nonsense": "No such option: --nonsense; `fastlayer routes --help` says more",
    "run --workers 0": "Invalid value for '--workers': ",
    "run --port x": "Invalid value for '--port': ",
    "run --log-level loud": "Invalid value for '--log-level': ",
    "openapi --format xml": "Invalid value for '--format': ",
    "plan": "Missing argument 'path'; `fastlayer plan --help` says more",
    "routes main other": "Got unexpected extra argument",
    "routes :app": "':app' names no module: write it as shop.main:app",
}


@pytest.mark.parametrize("wrong", WRONG_ARGUMENTS)
def test_a_wrong_command_is_one_line_and_status_2(command: Command, wrong: str) -> None:
    result = command(*wrong.split())
    assert (result.status, result.out) == (2, "")
    # Typer's versions write the names of arguments in either case.
    assert result.err.lower().startswith(f"error: {WRONG_ARGUMENTS[wrong]}".lower())
    assert result.err.count("\n") == 1


def test_without_a_command_its_help_is_printed(command: Command) -> None:
    result = command()
    assert (result.status, result.err) == (2, "")
    assert "Usage: fastlayer" in result.out


def test_the_routes_are_listed(shop: Path, command: Command) -> None:
    result = command("routes")
    assert result.status == 0
    row = result.out[result.out.index("GET        /items/{item_id}") :]
    assert [word for word in row.split() if word in ("read_item", "main.py:15", "database", "security:")] == [
        "read_item",
        "main.py:15",
        "database",
        "security:",
    ]
    assert "WEBSOCKET  /ws/{room}" in result.out


def test_the_routes_are_given_as_json(shop: Path, command: Command) -> None:
    found = {row["name"]: row for row in json.loads(command("routes", "--json").out)}
    assert found["read_item"] == {
        "methods": ["GET"],
        "path": "/items/{item_id}",
        "name": "read_item",
        "endpoint": "read_item",
        "file": str(shop / "main.py"),
        "line": 15,
        "dependencies": ["database"],
        "security": ["APIKeyHeader"],
        "in_document": True,
    }
    assert found["talk"]["methods"] == ["WEBSOCKET"]


def test_the_pages_that_fastlayer_adds_are_listed_on_demand(shop: Path, command: Command) -> None:
    own = {row["path"] for row in json.loads(command("routes", "--json").out)}
    everything = {row["path"] for row in json.loads(command("routes", "--json", "--all").out)}
    assert own == {"/items/{item_id}", "/ws/{room}"}
    assert everything > own | {"/docs", "/redoc", "/openapi.json"}


def test_mounted_routes_are_listed_below_their_mount(folder: Path, command: Command) -> None:
    (folder / "main.py").write_text(
        "from fastlayer import FastLayer\ninner = FastLayer(openapi_url=None)\n"
        "@inner.get('/x')\ndef x(): ...\napp = FastLayer(openapi_url=None)\napp.mount('/inner', inner)\n"
    )
    assert [row["path"] for row in json.loads(command("routes", "--json").out)] == ["/inner/x"]


def test_the_document_is_written_as_json_and_yaml(shop: Path, command: Command) -> None:
    as_json = json.loads(command("openapi").out)
    as_yaml = yaml.safe_load(command("openapi", "--format", "yaml").out)
    assert command("openapi", "-o", "api.yaml") == (0, "", "")
    assert as_json == as_yaml == yaml.safe_load((shop / "api.yaml").read_text())
    assert as_json["info"]["title"] == "Shop"


@pytest.mark.parametrize("version", ["3.0.3", "3.1.1", "3.2.0"])
def test_the_document_is_written_in_any_version(shop: Path, command: Command, version: str) -> None:
    assert json.loads(command("openapi", "--version", version).out)["openapi"] == version


def test_an_unknown_version_is_refused(shop: Path, command: Command) -> None:
    result = command("openapi", "--version", "2.0")
    assert (result.status, result.err) == (2, "error: there is no OpenAPI 2.0: 3.0.x, 3.1.x and 3.2.x are known\n")


def test_an_application_with_its_own_document_cannot_be_asked_for_another_version(
    folder: Path, command: Command
) -> None:
    (folder / "main.py").write_text(
        "from fastlayer import FastLayer\napp = FastLayer()\napp.openapi = lambda: {'openapi': '3.1.0'}\n"
    )
    assert command("openapi", "--version", "3.0.3").err == (
        "error: the application replaces openapi(), which gives version 3.1.0 only\n"
    )


def test_a_file_that_cannot_be_written_is_named(shop: Path, command: Command) -> None:
    result = command("openapi", "-o", "absent/api.json")
    assert (result.status, result.err) == (1, "error: cannot write absent/api.json: No such file or directory\n")


WRONG = """
from fastlayer import FastLayer
inner = FastLayer()
@inner.get("/x")
def x(*args): ...
app = FastLayer()
@app.get("/items/{item_id}")
def read_item(item_id: int): ...
@app.get("/items/mine")
def read_mine(): ...
app.mount("/inner", inner)
"""


def test_check_ends_with_status_1_when_it_finds_something(folder: Path, command: Command) -> None:
    (folder / "main.py").write_text(WRONG)
    result = command("check")
    assert result.status == 1
    assert "FL102 warning\nGET /items/mine is hidden by /items/{item_id}" in result.out
    assert f"{folder / 'main.py'}:7" in result.out
    assert "FL107 warning" in result.out
    assert result.out.endswith("2 findings.\n")


def test_check_leaves_out_what_is_silenced(folder: Path, command: Command) -> None:
    (folder / "main.py").write_text(WRONG)
    found = json.loads(command("check", "--silence", "FL102", "--json").out)
    assert [(finding["code"], finding["severity"]) for finding in found] == [("FL107", "warning")]


def test_check_ends_with_status_0_when_all_is_well(shop: Path, command: Command) -> None:
    assert command("check") == (0, "No findings.\n", "")


PLAN = """\
GET /items/{item_id}
  read_item  (main.py:15)
on a worker thread
  1  database, closed with scope 'response'  (main.py:8)
on the event loop
  2  APIKeyHeader
       request: the connection
on a worker thread
  3  read_item  (main.py:15)
       item_id: path 'item_id', int, required
       q: query 'q', str | None, default None
       db: the result of 1
       key: the result of 2
answer
  200, dict[str, int], validated, as JSON
"""


@pytest.mark.parametrize("path", ["/items/{item_id}", "/items/7"])
def test_the_plan_of_a_route_is_printed(shop: Path, command: Command, path: str) -> None:
    result = command("plan", path, "--method", "get")
    assert (result.status, result.out) == (0, PLAN)


def test_the_plan_says_when_the_body_is_read(folder: Path, command: Command) -> None:
    (folder / "main.py").write_text(
        "from fastlayer import Depends, FastLayer\nfrom fastlayer.security import HTTPBearer\n"
        "app = FastLayer(dependencies=[Depends(HTTPBearer())])\n"
        "@app.post('/x')\nasync def x(body: list[int]): ...\n"
    )
    lines = command("plan", "/x").out.splitlines()
    assert lines[3:6:2] == ["  1  HTTPBearer", "  2  the body is read"]


def test_the_plan_of_a_socket_is_printed(shop: Path, command: Command) -> None:
    out = command("plan", "/ws/{room}").out
    assert out.startswith("WEBSOCKET /ws/{room}\n")
    assert "room: path 'room', str, required" in out


def test_a_path_nobody_answers_is_named(shop: Path, command: Command) -> None:
    result = command("plan", "/absent", "-m", "post")
    assert (result.status, result.err) == (
        2,
        "error: no operation answers POST /absent; `fastlayer routes` lists them\n",
    )


def test_a_new_project_runs_its_tests_and_passes_its_check(folder: Path, command: Command) -> None:
    written = command("new", "tea-shop")
    assert written.status == 0
    assert "tea-shop/tea_shop/main.py\n" in written.out

    project = folder / "tea-shop"
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    tests = subprocess.run(
        [sys.executable, "-m", "pytest", "-q"],
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": path},
    )
    assert (tests.returncode, "4 passed" in tests.stdout) == (0, True), tests.stdout
    assert in_process("check", folder=project).out == "No findings.\n"


def test_a_new_project_may_be_the_current_folder(
    folder: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "shop").mkdir()
    monkeypatch.chdir(folder / "shop")
    assert command("new", ".").status == 0
    assert (folder / "shop" / "shop" / "main.py").is_file()


def test_a_project_is_not_written_over_another(folder: Path, command: Command) -> None:
    command("new", "shop")
    result = command("new", "shop")
    assert (result.status, result.err) == (1, "error: shop is there already, and not empty\n")


@pytest.mark.parametrize("name", ["1shop", "sh:op", "tests"])
def test_a_project_needs_a_name_a_package_can_have(command: Command, name: str) -> None:
    result = command("new", name)
    assert result.status == 2
    assert result.err.startswith(f"error: '{name}' is ")


def test_a_program_for_fastapi_is_shown_as_it_runs_here(folder: Path) -> None:
    (folder / "main.py").write_text(
        "from fastapi import FastAPI\napp = FastAPI()\n@app.get('/x')\ndef read_x() -> int: return 1\n"
    )
    result = in_process("routes", "--as-fastapi", "--json", folder=folder)
    assert "read_x" in {row["name"] for row in json.loads(result.out)}


@pytest.mark.parametrize(
    "arguments",
    [["--help"], *([name, "--help"] for name in ("dev", "run", "routes", "openapi", "check", "plan", "new"))],
    ids=" ".join,
)
def test_help_fits_a_terminal_of_80_columns(folder: Path, arguments: list[str]) -> None:
    status, lines = on_a_terminal(*arguments, folder=folder)
    assert status == 0
    assert any("Usage: fastlayer" in line for line in lines)
    assert [line for line in lines if len(line) > 80] == []


SHOWN = {
    "routes": "/items/{item_id}",
    "routes --json": '"path": "/items/{item_id}",',
    "check": "/items/{item_id}",
    "plan /items/{item_id}": "/items/{item_id}",
    "openapi": '"/items/{item_id}": {',
    "openapi --format yaml": "/items/{item_id}:",
    "new shop": "Next: cd shop && fastlayer dev",
}


@pytest.mark.parametrize("arguments", SHOWN)
def test_output_fits_a_terminal_of_80_columns(arguments: str) -> None:
    with tempfile.TemporaryDirectory(prefix="t") as short:  # the name of a folder may be of any length
        (Path(short) / "main.py").write_text(WRONG)
        _, lines = on_a_terminal(*arguments.split(), folder=Path(short))
    assert any(SHOWN[arguments] in line for line in lines), lines
    assert [line for line in lines if len(line) > 80] == []


def test_a_wide_terminal_has_a_column_for_what_a_route_needs(shop: Path) -> None:
    _, lines = on_a_terminal("routes", folder=shop, columns=140)
    assert lines[0].split() == ["Method", "Path", "Endpoint", "Needs"]


def test_a_stream_is_shown_as_one(folder: Path, command: Command) -> None:
    (folder / "main.py").write_text(
        "from collections.abc import AsyncIterator\nfrom fastlayer import FastLayer\napp = FastLayer()\n"
        "@app.get('/x')\nasync def x() -> AsyncIterator[int]:\n    yield 1\n"
    )
    assert command("plan", "/x").out.endswith("200, a stream of int\n")


def test_an_endpoint_from_elsewhere_is_shown_with_its_files_name(folder: Path, command: Command) -> None:
    (folder / "main.py").write_text(
        "import functools, json, operator\nfrom fastlayer import FastLayer\napp = FastLayer(openapi_url=None)\n"
        "app.get('/loads')(functools.partial(json.dumps, 1))\n"
        "class Teapot:\n    def __call__(self) -> str: return ''\napp.get('/teapot')(Teapot())\n"
    )
    out = command("routes").out
    assert "__init__.py:" in out
    assert "Teapot" in out


def test_a_project_that_cannot_be_written_is_said_in_one_line(folder: Path, command: Command) -> None:
    (folder / "file").touch()
    result = command("new", "file/shop")
    assert (result.status, result.err) == (1, "error: cannot write file/shop: Not a directory\n")


def test_without_yaml_it_says_what_to_install(shop: Path, command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "yaml", None)
    result = command("openapi", "--format", "yaml")
    assert (result.status, result.err) == (2, "error: YAML needs pyyaml: pip install 'fastlayer-api[standard]'\n")
