"""The bookshop's document as others read it: validators, generators of clients, and testers of APIs."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV30SpecValidator, OpenAPIV31SpecValidator, OpenAPIV32SpecValidator

from docs_src.bookshop.main import create_app
from docs_src.bookshop.settings import Settings
from fastlayer import FastLayer

from .servers import serving

VALIDATORS: dict[str, Any] = {
    "3.0.3": OpenAPIV30SpecValidator,
    "3.1.0": OpenAPIV31SpecValidator,
    "3.1.1": OpenAPIV31SpecValidator,
    "3.2.0": OpenAPIV32SpecValidator,
}
OPERATIONS = 16


@pytest.fixture
def app(tmp_path: Path) -> FastLayer:
    return create_app(Settings(database=tmp_path / "shop.db", receipts=tmp_path / "receipts"))


def tool(name: str) -> str:
    """The command, if it is installed beside this Python or on the way; the test is skipped if not."""
    places = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    return shutil.which(name, path=places) or pytest.skip(f"{name} is not installed")


def run(*command: str, cwd: Path) -> str:
    """What a command that succeeds prints; its output is the message of the failure otherwise."""
    ended = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


@pytest.mark.parametrize("version", VALIDATORS)
def test_the_document_is_valid_in_every_version(app: FastLayer, version: str) -> None:
    app.openapi_version = version
    document = app.openapi()
    assert document["openapi"] == version
    assert sum(len(item) for item in document["paths"].values()) == OPERATIONS
    VALIDATORS[version](document).validate()


def test_a_validator_would_object(app: FastLayer) -> None:
    app.openapi_version = "3.0.3"
    document = json.loads(json.dumps(app.openapi()))
    document["components"]["schemas"]["Id"] = {"type": ["integer", "null"]}
    assert list(VALIDATORS["3.0.3"](document).iter_errors())


USE = """
import json, sys
from bookshop_client import AuthenticatedClient, Client
from bookshop_client.api.admin import create_book
from bookshop_client.api.auth import log_in
from bookshop_client.api.books import get_book, list_books
from bookshop_client.models import BodyLogIn, BookIn
address = sys.argv[1]
client = Client(base_url=address)
token = log_in.sync(client=client, body=BodyLogIn(username="admin", password="wonderland"))
admin = AuthenticatedClient(base_url=address, token=token.access_token)
made = create_book.sync(client=admin, body=BookIn(isbn="9780156439619", title="New", author_id=3, price_cents=1600))
print(json.dumps([get_book.sync(made.id, client=client).to_dict(), list_books.sync(client=client, title="New").total]))
"""


@pytest.mark.timeout(300)
def test_a_generated_client_logs_in_creates_a_book_and_finds_it(app: FastLayer, tmp_path: Path) -> None:
    generator = tool("openapi-python-client")
    (tmp_path / "openapi.json").write_text(json.dumps(app.openapi()))
    (tmp_path / "config.json").write_text(json.dumps({"package_name_override": "bookshop_client"}))
    arguments = ["--path", "openapi.json", "--config", "config.json", "--meta", "none", "--output-path"]
    output = run(generator, "generate", *arguments, "bookshop_client", cwd=tmp_path)
    assert "Warning" not in output

    settings = {"BOOKSHOP_DATABASE": str(tmp_path / "shop.db"), "BOOKSHOP_RECEIPTS": str(tmp_path / "receipts")}
    with serving("docs_src.bookshop.main:app", settings) as address:
        book, total = json.loads(run(sys.executable, "-c", USE, address, cwd=tmp_path))
    assert (book["title"], book["author"]["name"], total) == ("New", "Italo Calvino", 1)


@pytest.mark.timeout(300)
def test_schemathesis_finds_nothing(tmp_path: Path) -> None:
    import httpx2

    schemathesis = tool("schemathesis")
    settings = {"BOOKSHOP_DATABASE": str(tmp_path / "shop.db"), "BOOKSHOP_RECEIPTS": str(tmp_path / "receipts")}
    with serving("docs_src.bookshop.main:app", settings) as address:
        answer = httpx2.post(f"{address}/auth/token", data={"username": "admin", "password": "wonderland"})
        login = f"Authorization: Bearer {answer.json()['access_token']}"
        options = ["--checks", "all", "--max-examples", "10", "--seed", "20", "--no-color", "-H", login]
        output = run(schemathesis, "run", f"{address}/openapi.json", *options, cwd=tmp_path)
    assert f"Tested: {OPERATIONS}" in output
