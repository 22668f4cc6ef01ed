"""The code of the tutorial pages: each does what its page says. The first page is followed to the letter."""

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from docs_src.tutorial import answers, bodies, dependencies, first_steps, parameters, security
from docs_src.tutorial.shop import main as shop
from fastlayer import FastLayer
from fastlayer.diagnostics import diagnose
from fastlayer.testclient import TestClient
from tests.cli.test_serving import get, server

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "tutorial" / "first-steps.md"

APPS = {
    "first_steps": first_steps.app,
    "parameters": parameters.app,
    "bodies": bodies.app,
    "answers": answers.app,
    "dependencies": dependencies.app,
    "security": security.app,
    "shop": shop.app,
}


@pytest.mark.parametrize("name", APPS)
def test_no_example_has_a_finding(name: str) -> None:
    assert diagnose(APPS[name]) == []
    assert APPS[name].openapi()["paths"]


def blocks(language: str) -> list[str]:
    """The code blocks of the first page in one language."""
    return re.findall(rf"^```{language}\b[^\n]*\n(.*?)^```", PAGE.read_text(), flags=re.MULTILINE | re.DOTALL)


def console() -> list[tuple[str, str]]:
    """The commands of the first page, and what it says they print."""
    found = []
    for block in blocks("console"):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = part.partition("\n")
            found.append((command, output.strip()))
    return found


def test_the_first_page_gives_what_it_promises(tmp_path: Path) -> None:
    (program,) = re.findall(r'--8<-- "(.*?)"', PAGE.read_text())
    (tmp_path / "main.py").write_text((ROOT / "docs_src" / program).read_text())
    commands = [(command, output) for command, output in console() if command.startswith("curl ")]
    assert len(commands) == 3

    with server("dev", "--port", "0", folder=tmp_path) as (address, _, _):
        assert b"Swagger UI" in get(f"{address}/docs")
        for command, output in commands:
            words = shlex.split(command.replace("http://127.0.0.1:8000", address))
            answer = subprocess.run(words, capture_output=True, text=True, check=True).stdout
            assert json.loads(answer) == json.loads(output)


@pytest.mark.parametrize(
    "command", [command for command, _ in console() if command.startswith("fastlayer ") and " dev" not in command]
)
def test_the_commands_of_the_first_page_print_what_it_shows(tmp_path: Path, command: str) -> None:
    (tmp_path / "main.py").write_text((ROOT / "docs_src" / "tutorial" / "first_steps.py").read_text())
    done = subprocess.run(
        [sys.executable, "-m", *command.split()], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    expected = dict(console())[command]
    assert done.stdout.strip() == expected


def test_parameters() -> None:
    client = TestClient(parameters.app)
    assert client.get("/teas/green/3?since=2024-05-01").json() == {"kind": "green", "number": 3, "since": "2024-05-01"}
    assert client.get("/teas/green/0").json()["detail"][0]["loc"] == ["path", "number"]
    assert client.get("/teas/red/1").status_code == 422
    assert client.get("/search?q=tea&limit=5&tag=a&tag=b").json() == {
        "q": "tea",
        "limit": 5,
        "offset": 0,
        "tag": ["a", "b"],
    }
    assert client.get("/search?q=t").json()["detail"][0]["msg"] == "String should have at least 2 characters"
    answer = client.get("/me", headers={"accept-language": "de", "cookie": "session=s"})
    assert answer.json() == {"language": "de", "session": "s"}


def test_bodies() -> None:
    client = TestClient(bodies.app)
    assert client.post("/teas", json={"name": "Sencha", "price": "4.5"}).json() == {
        "name": "Sencha",
        "price": 4.5,
        "origins": [],
    }
    errors = client.post("/teas", json={"name": "", "price": 0}).json()["detail"]
    assert [error["loc"] for error in errors] == [["body", "name"], ["body", "price"]]
    changed = client.put("/teas/1", json={"tea": {"name": "Sencha", "price": 5}, "reason": "harvest"})
    assert changed.json() == {"tea_id": 1, "name": "Sencha", "reason": "harvest"}


def test_answers() -> None:
    client = TestClient(answers.app)
    assert client.get("/customers/1").json() == {"name": "Ada"}
    assert client.get("/customers/2").json() == {"detail": "There is no customer 2."}
    removed = client.delete("/customers/1")
    assert (removed.status_code, removed.content, removed.headers["x-customers"]) == (204, b"", "0")
    assert client.get("/cups/2").json() == ["tea", "tea"]
    assert (client.get("/cups/4").status_code, client.get("/cups/4").json()) == (
        418,
        {"detail": "4 cups are too much."},
    )


def test_dependencies() -> None:
    client = TestClient(dependencies.app)
    assert client.post("/sales/sencha", headers={"x-seller": "ada"}).json() == {"seller": "Ada", "sold": 1}
    assert dependencies.till.is_open is False
    assert client.post("/sales/sencha", headers={"x-seller": "4"}).status_code == 403
    assert client.get("/sales").status_code == 422
    assert client.get("/sales", headers={"x-seller": "ada"}).json() == ["sencha"]


def test_security() -> None:
    client = TestClient(security.app)
    assert client.get("/me").headers["www-authenticate"] == "Basic"
    assert client.get("/me", auth=("ada", "wrong")).status_code == 401
    assert client.get("/me", auth=("ada", "lovelace")).json() == "ada"


def test_the_tests_on_the_testing_page_pass() -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            "docs_src/tutorial/testing.py",
            "docs_src/tutorial/overriding.py",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "4 passed" in done.stdout, done.stdout


def test_the_bigger_application() -> None:
    with TestClient(shop.app) as client:
        assert client.get("/teas").json() == [{"name": "Sencha", "price": 4.5}]
        assert client.get("/teas/assam").status_code == 404
        tea = {"name": "Assam", "price": 3}
        assert client.put("/office/teas/assam", json=tea).status_code == 401
        assert client.put("/office/teas/assam", json=tea, headers={"x-office-key": "x"}).status_code == 403
        assert client.put("/office/teas/assam", json=tea, headers={"x-office-key": "kettle"}).status_code == 200
        assert client.get("/teas/assam").json() == {"name": "Assam", "price": 3.0}
    operation = shop.app.openapi()["paths"]["/office/teas/{name}"]["put"]
    assert operation["tags"] == ["office"]
    assert operation["responses"]["403"] == {"description": "Wrong key"}
    assert isinstance(shop.app, FastLayer)
