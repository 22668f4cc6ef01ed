"""Where the command finds the application, and what it says when it does not."""

from pathlib import Path

import pytest

from fastlayer.cli.loading import ENVIRONMENT, find, load, pass_on, served
from fastlayer.cli.problems import Problem

from .conftest import Command

APP = "from fastlayer import FastLayer\napp = FastLayer(title='{}')\n"


def write(folder: Path, **files: str) -> None:
    for name, text in files.items():
        path = folder / f"{name.replace('__', '/', 1) if '__' in name else name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def title(command: Command, *arguments: str) -> str:
    result = command("openapi", *arguments)
    assert result.status == 0, result.err
    return next(line for line in result.out.splitlines() if '"title"' in line).split('"')[3]


@pytest.mark.parametrize("name", ["main", "app", "api", "shop__main", "shop__app"])
def test_the_usual_places_are_looked_in(folder: Path, command: Command, name: str) -> None:
    write(folder, **{name: APP.format(name)})
    assert title(command) == name


def test_main_comes_before_app(folder: Path, command: Command) -> None:
    write(folder, app=APP.format("app"), main=APP.format("main"))
    assert title(command) == "main"


def test_pyproject_says_where_it_is(folder: Path, command: Command) -> None:
    write(folder, main=APP.format("main"), other=APP.format("other").replace("app =", "service ="))
    (folder / "pyproject.toml").write_text('[tool.fastlayer]\nentrypoint = "other:service"\n')
    assert title(command) == "other"


@pytest.mark.parametrize(
    "written", ["deep.inner.web", "deep.inner.web:app", "deep/inner/web.py", "deep/inner/web.py:app"]
)
def test_a_module_of_a_package_is_found_with_its_relative_imports(folder: Path, command: Command, written: str) -> None:
    inner = folder / "deep" / "inner"
    inner.mkdir(parents=True)
    for place in (inner, inner.parent):
        (place / "__init__.py").touch()
    (inner / "names.py").write_text("TITLE = 'deep'")
    (inner / "web.py").write_text(
        "from .names import TITLE\nfrom fastlayer import FastLayer\napp = FastLayer(title=TITLE)"
    )
    assert title(command, written) == "deep"


def test_a_folder_stands_for_the_file_in_it(folder: Path, command: Command) -> None:
    write(folder, shop__api=APP.format("inside"))
    assert title(command, "shop") == "inside"


def test_a_package_may_hold_the_application_itself(folder: Path, command: Command) -> None:
    (folder / "shop").mkdir()
    (folder / "shop" / "__init__.py").write_text(APP.format("package"))
    assert title(command, "shop:app") == "package"


@pytest.mark.parametrize("written", ["main", "main:create_app", "main:create_app()"])
def test_a_factory_is_called(folder: Path, command: Command, written: str) -> None:
    write(folder, main="from fastlayer import FastLayer\ndef create_app(): return FastLayer(title='made')\n")
    assert title(command, written) == "made"


def test_the_only_application_may_have_any_name(folder: Path, command: Command) -> None:
    write(folder, main=APP.format("alone").replace("app =", "service ="))
    assert title(command) == "alone"


BAD = {
    "nothing here": ({}, [], 2, "no application in "),
    "two packages": (
        {"one__main": "", "two__app": ""},
        [],
        2,
        "several files may hold the application (one/main.py, two/app.py)",
    ),
    "no such module": ({}, ["nowhere.main"], 2, "there is no module 'nowhere.main'"),
    "no such file": ({}, ["nowhere/main.py"], 2, "nowhere/main.py: there is no such file"),
    "an empty folder": ({"one__x": ""}, ["one"], 2, "one: the folder has neither main.py, app.py nor api.py"),
    "no app in it": ({"main": "x = 1"}, [], 2, "main has no application: write `app = FastLayer()`"),
    "another name": ({"main": APP.format("x")}, ["main:web"], 2, "main has no 'web'; it has main:app"),
    "several": (
        {"main": APP.format("x").replace("app =", "one = two =")},
        [],
        2,
        "main has several applications; it has main:one, main:two",
    ),
    "not an app": ({"main": "app = 3"}, ["main:app"], 2, "main:app is int, not an application"),
    "a needy factory": ({"main": "def make(a, b=1): ..."}, ["main:make"], 2, "main:make is a function that needs a"),
    "another kind": (
        {"main": "from starlette.applications import Starlette\napp = Starlette()"},
        [],
        2,
        "the application is a starlette.applications.Starlette, not a FastLayer",
    ),
    "a missing import": (
        {"main": "import absent_module"},
        [],
        1,
        "importing main failed: No module named 'absent_module' (",
    ),
    "an error in it": ({"main": "x = 1\n1 / 0"}, [], 1, "importing main failed: ZeroDivisionError: division by zero ("),
    "bad syntax": ({"main": "def"}, [], 1, "importing main failed: SyntaxError: "),
    "an exit": ({"main": "raise SystemExit(3)"}, [], 1, "importing main failed: SystemExit: 3"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_is_wrong_is_said_in_one_line(folder: Path, command: Command, case: str) -> None:
    files, arguments, status, message = BAD[case]
    write(folder, **files)

    result = command("openapi", *arguments)

    assert (result.status, result.out) == (status, "")
    assert result.err.startswith(f"error: {message}")
    assert result.err.count("\n") == 1


def test_a_place_in_the_users_code_is_named(folder: Path, command: Command) -> None:
    write(folder, main="x = 1\n1 / 0")
    assert command("routes").err.endswith(f"({folder / 'main.py'}:2)\n")


def test_a_mistake_in_a_route_is_reported_with_its_place(folder: Path, command: Command) -> None:
    write(folder, main=APP.format("x") + "@app.get('/x')\ndef x(a: 'Absent'): ...\n")
    result = command("check")
    assert result.status == 1
    assert result.err.startswith("error: ")
    assert "'Absent'" in result.err
    assert f"{folder / 'main.py'}:3" in result.err


@pytest.mark.parametrize("text", ["[tool", "[tool.fastlayer]\nentrypoint = 3"])
def test_a_bad_pyproject_is_named(folder: Path, text: str) -> None:
    (folder / "pyproject.toml").write_text(text)
    with pytest.raises(Problem, match=r"pyproject\.toml"):
        find(None, folder)


def test_a_worker_serves_the_application_that_was_passed_on(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(folder, main=APP.format("passed on"))
    for name in ENVIRONMENT.values():
        monkeypatch.setenv(name, "")
    pass_on(load(find(None, folder)).target, as_fastapi=False)
    assert served().title == "passed on"
