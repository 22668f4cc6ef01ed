"""The small project that `fastlayer new` writes: an application, its tests and a pyproject.toml."""

import re
from pathlib import Path

from .problems import FAILURE, Problem

PYPROJECT = """\
[build-system]
requires = ["hatchling>=1.27"]
build-backend = "hatchling.build"

[project]
name = "{name}"
version = "0.1.0"
requires-python = ">=3.11"
dependencies = ["fastlayer-api[standard]"]

[dependency-groups]
dev = ["pytest>=9"]

[tool.fastlayer]
entrypoint = "{package}.main:app"

[tool.pytest.ini_options]
pythonpath = ["."]
testpaths = ["tests"]
"""

MAIN = '''\
"""The application: its items live in memory until you give them a database."""

from typing import Annotated

from fastlayer import Depends, FastLayer, HTTPException
from pydantic import BaseModel, Field


class Item(BaseModel):
    name: str = Field(min_length=1)
    price: float = Field(gt=0)


def get_items() -> dict[int, Item]:
    return app.state.items


Items = Annotated[dict[int, Item], Depends(get_items, thread=False)]

app = FastLayer(title="{name}")
app.state.items = {{}}


@app.get("/items/{{item_id}}")
async def read_item(item_id: int, items: Items) -> Item:
    if item_id not in items:
        raise HTTPException(404, f"There is no item {{item_id}}.")
    return items[item_id]


@app.put("/items/{{item_id}}")
async def write_item(item_id: int, item: Item, items: Items) -> Item:
    items[item_id] = item
    return item
'''

TESTS = """\
from collections.abc import Iterator

import pytest
from fastlayer.diagnostics import diagnose
from fastlayer.testclient import TestClient

from {package}.main import app, get_items


@pytest.fixture
def client() -> Iterator[TestClient]:
    items: dict = {{}}
    app.dependency_overrides[get_items] = lambda: items
    with TestClient(app) as client:
        yield client
    app.dependency_overrides.clear()


def test_an_item_that_was_written_is_read(client: TestClient) -> None:
    written = client.put("/items/1", json={{"name": "Tea", "price": 2.5}})
    assert written.status_code == 200
    assert client.get("/items/1").json() == {{"name": "Tea", "price": 2.5}}


def test_an_item_nobody_wrote_is_not_found(client: TestClient) -> None:
    assert client.get("/items/1").status_code == 404


def test_a_price_is_positive(client: TestClient) -> None:
    assert client.put("/items/1", json={{"name": "Tea", "price": 0}}).status_code == 422


def test_nothing_is_registered_that_cannot_work() -> None:
    assert diagnose(app) == []
"""

README = """\
# {name}

    pip install -e . --group dev
    fastlayer dev      # then open http://127.0.0.1:8000/docs
    pytest
"""

IGNORED = "__pycache__/\n.pytest_cache/\n.venv/\n"


def files(name: str) -> dict[str, str]:
    """The files of a project of that name: path -> text.

    Raises:
        Problem: no package can have the name.
    """
    package = re.sub(r"[-. ]+", "_", name).lower()
    if not package.isidentifier() or not package.isascii():
        raise Problem(f"{name!r} is no name for a project: letters, digits, - and _, and a letter first")
    if package in ("tests", "fastlayer"):
        raise Problem(f"{name!r} is taken: a package of that name would hide another one")
    templates = {
        "pyproject.toml": PYPROJECT,
        "README.md": README,
        f"{package}/__init__.py": "",
        f"{package}/main.py": MAIN,
        "tests/test_main.py": TESTS,
    }
    made = {path: template.format(name=name, package=package) for path, template in templates.items()}
    return {**made, ".gitignore": IGNORED}


def write(folder: Path) -> list[Path]:
    """The files, written.

    Raises:
        Problem: the folder holds something already, or cannot be written.
    """
    made = files(folder.resolve().name)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise Problem(f"{folder} is there already, and not empty", FAILURE)
    written = []
    try:
        for path, text in made.items():
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")
            written.append(target)
    except OSError as exc:
        raise Problem(f"cannot write {exc.filename}: {exc.strerror}", FAILURE) from exc
    return written
