"""The document and its pages on a real application: when they are made, what they cost, how they are reached."""

import re
import subprocess
import sys

import pytest

from fastlayer import APIRouter, FastLayer
from fastlayer.documentation import DocumentError
from fastlayer.testclient import TestClient

SLOW_HALF = {"dependencies", "operations", "schemas", "utils", "versions"}


def imported_by(program: str) -> set[str]:
    """The modules below `fastlayer.openapi` that a fresh interpreter has imported after the program."""
    show = "\nimport sys\nprint(*[name for name in sys.modules if name.startswith('fastlayer.openapi.')])"
    found = subprocess.run([sys.executable, "-c", program + show], capture_output=True, text=True, check=True)
    return {name.removeprefix("fastlayer.openapi.") for name in found.stdout.split()}


SERVE = """
from pydantic import BaseModel
from fastlayer import FastLayer
from fastlayer.testclient import TestClient
class Item(BaseModel):
    name: str
app = FastLayer({options})
@app.post("/items")
def create(item: Item) -> Item:
    return item
with TestClient(app) as client:
    assert client.post("/items", json={{"name": "x"}}).json() == {{"name": "x"}}
"""


def test_an_app_without_docs_never_imports_what_writes_them() -> None:
    # Security schemes are declared with `schemes`, whether or not they are shown.
    assert imported_by(SERVE.format(options="openapi_url=None")) <= {"schemes"}


def test_an_app_with_docs_imports_what_writes_the_document_when_somebody_asks_for_it() -> None:
    serving = SERVE.format(options="")
    assert imported_by(serving) & SLOW_HALF == set()
    assert imported_by(serving + "    assert client.get('/openapi.json').json()['paths']\n") >= SLOW_HALF


def test_the_document_is_sent_again_only_when_it_changed() -> None:
    app = FastLayer()
    client = TestClient(app)
    first = client.get("/openapi.json")
    has_it = {"if-none-match": first.headers["etag"]}

    same = client.get("/openapi.json", headers=has_it)
    assert (same.status_code, same.content) == (304, b"")

    @app.get("/new")
    def new() -> None: ...

    changed = client.get("/openapi.json", headers=has_it)
    assert changed.status_code == 200
    assert changed.headers["etag"] != first.headers["etag"]
    assert list(changed.json()["paths"]) == ["/new"]


def test_the_document_is_built_once_as_long_as_routes_stay() -> None:
    app = FastLayer()
    assert app.openapi() is app.openapi()


def test_webhooks_and_included_routers_count_as_routes() -> None:
    app = FastLayer()
    router = APIRouter()
    app.include_router(router, prefix="/api")
    assert app.openapi()["paths"] == {}

    @router.get("/late")
    def late() -> None: ...

    @app.webhooks.post("sold")
    def sold() -> None: ...

    assert list(app.openapi()["paths"]) == ["/api/late"]
    assert list(app.openapi()["webhooks"]) == ["sold"]


def test_a_document_of_the_users_stays_when_routes_change() -> None:
    app = FastLayer()
    client = TestClient(app)
    client.get("/openapi.json")
    app.openapi_schema = {"openapi": "3.1.0", "info": {"title": "Mine", "version": "1"}, "paths": {}}
    app.get("/late")(lambda: None)
    assert client.get("/openapi.json").json()["info"]["title"] == "Mine"


def test_a_replaced_openapi_function_is_asked() -> None:
    app = FastLayer()
    app.openapi = lambda: {"mine": True}  # type: ignore[method-assign]  # documented as replaceable
    assert TestClient(app).get("/openapi.json").json() == {"mine": True}


def test_scalar_is_off_unless_a_place_is_given() -> None:
    assert TestClient(FastLayer()).get("/scalar").status_code == 404
    page = TestClient(FastLayer(scalar_url="/scalar", title="Shop")).get("/scalar")
    assert "<title>Shop - Scalar</title>" in page.text
    assert "/openapi.json" in page.text


def test_every_script_and_inline_style_of_the_pages_carries_the_nonce() -> None:
    app = FastLayer(scalar_url="/scalar", docs_csp_nonce=lambda request: request.headers["x-nonce"])
    client = TestClient(app)
    for page in ("/docs", "/redoc", "/scalar", "/docs/oauth2-redirect"):
        text = client.get(page, headers={"x-nonce": "n0nce"}).text
        tags = re.findall("<(?:script|style)[^>]*>", text)
        assert tags
        assert [tag for tag in tags if 'nonce="n0nce"' not in tag] == []


def test_the_pages_are_found_by_name() -> None:
    app = FastLayer()
    names = ("openapi", "swagger_ui_html", "swagger_ui_redirect", "redoc_html")
    paths = ["/openapi.json", "/docs", "/docs/oauth2-redirect", "/redoc"]
    assert [app.url_path_for(name) for name in names] == paths


@pytest.mark.parametrize("missing", ["title", "version"])
def test_a_document_needs_a_title_and_a_version(missing: str) -> None:
    with pytest.raises(DocumentError, match=f"A {missing} must be provided"):
        FastLayer(**{missing: ""})  # type: ignore[arg-type]  # one of two strings
    FastLayer(**{missing: "", "openapi_url": None})  # type: ignore[arg-type]  # without a document they may be empty
