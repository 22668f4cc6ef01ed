"""The routes of the document and the pages, as an application serves them."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread, get_ident
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient

from fastlayer.openapi import assets
from fastlayer.openapi.pages import docs_routes
from tests.in_memory import call


@dataclass
class App:
    """What a documented application has."""

    title: str = "Shop"
    openapi_url: str | None = "/openapi.json"
    docs_url: str | None = "/docs"
    redoc_url: str | None = "/redoc"
    scalar_url: str | None = "/scalar"
    swagger_ui_oauth2_redirect_url: str | None = "/docs/oauth2-redirect"
    swagger_ui_init_oauth: dict[str, Any] | None = None
    swagger_ui_parameters: dict[str, Any] | None = None
    root_path_in_servers: bool = True
    docs_csp_nonce: Any = None
    document: dict[str, Any] = field(default_factory=lambda: {"openapi": "3.1.0", "servers": [{"url": "/other"}]})
    built: int = 0

    def openapi(self) -> dict[str, Any]:
        self.built += 1
        return self.document

    def client(self, root_path: str = "") -> TestClient:
        return TestClient(Starlette(routes=docs_routes(self)), root_path=root_path)


@pytest.fixture
def vendored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a file for each asset."""
    monkeypatch.setattr(assets, "FOLDER", tmp_path)
    for asset in assets.ASSETS:
        file = tmp_path / asset.served_name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"// {asset.path}")
    return tmp_path


@pytest.fixture
def unvendored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assets, "FOLDER", tmp_path)


def test_without_a_document_there_is_nothing() -> None:
    assert docs_routes(App(openapi_url=None)) == []


@pytest.mark.usefixtures("unvendored")
def test_a_page_can_be_left_out() -> None:
    app = App(docs_url=None, scalar_url=None)
    assert [route.path for route in docs_routes(app)] == ["/openapi.json", "/redoc"]


def test_the_document_has_an_etag_and_a_client_that_has_it_gets_304() -> None:
    app = App()
    client = app.client()
    first = client.get("/openapi.json")
    assert first.json() == app.document
    for seen in (first.headers["etag"], "W/" + first.headers["etag"], f'"other", {first.headers["etag"]}', "*"):
        again = client.get("/openapi.json", headers={"if-none-match": seen})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", first.headers["etag"])
    app.document = {"openapi": "3.1.0"}
    changed = client.get("/openapi.json", headers={"if-none-match": first.headers["etag"]})
    assert changed.json() == {"openapi": "3.1.0"}


def test_a_root_path_is_a_server_of_its_own_requests_only() -> None:
    app = App()
    before = json.dumps(app.document)
    assert app.client("/api/v1/").get("/openapi.json").json()["servers"] == [{"url": "/api/v1"}, {"url": "/other"}]
    assert app.client("/other").get("/openapi.json").json()["servers"] == [{"url": "/other"}]
    assert app.client().get("/openapi.json").json()["servers"] == [{"url": "/other"}]
    assert json.dumps(app.document) == before
    app.root_path_in_servers = False
    assert app.client("/api").get("/openapi.json").json()["servers"] == [{"url": "/other"}]


@pytest.mark.parametrize("root_path", ["//evil.example", "/\\evil.example", "/</script>", "/a b", "/'"])
def test_a_root_path_chosen_by_a_visitor_stays_a_path_of_this_host(root_path: str) -> None:
    app = App()
    client = app.client(root_path)
    server = client.get("/openapi.json").json()["servers"][0]["url"]
    assert server.startswith("/")
    assert not server.startswith("//")
    assert not set(server) & set("\\<>\"' ")
    for page in ("/docs", "/redoc", "/scalar"):
        text = client.get(page).text
        assert f"{server}/openapi.json" in text
        assert root_path not in text or root_path.strip("/") == server.strip("/")


@pytest.mark.usefixtures("unvendored")
def test_pages_of_a_mounted_app_know_where_they_are() -> None:
    client = TestClient(Starlette(routes=[Mount("/sub", routes=docs_routes(App()))]))
    text = client.get("/sub/docs").text
    assert "url: '/sub/openapi.json'" in text
    assert "window.location.origin + '/sub/docs/oauth2-redirect'" in text
    assert client.get("/sub/docs/oauth2-redirect").status_code == 200


@pytest.mark.usefixtures("vendored")
@pytest.mark.parametrize("page", ["/docs", "/redoc", "/scalar"])
def test_vendored_files_are_served_by_the_app_and_for_long(page: str) -> None:
    client = App().client("/api")
    text = client.get(page).text
    assert assets.CDN not in text
    assert "fonts." not in text
    served = [asset for asset in assets.ASSETS if asset.served_name in text]
    assert served
    for asset in served:
        url = f"{page}/assets/{asset.served_name}"
        assert f"/api{url}" in text
        answer = client.get(url)
        assert answer.text == f"// {asset.path}"
        assert answer.headers["content-type"].startswith(asset.media_type)
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"


@pytest.mark.usefixtures("unvendored")
def test_without_vendored_files_the_pages_use_the_pinned_ones_of_a_cdn() -> None:
    client = App().client()
    for asset in assets.ASSETS:
        texts = [client.get(page).text for page in ("/docs", "/redoc", "/scalar")]
        assert any(asset.cdn_url in text and asset.integrity in text for text in texts)


def test_the_nonce_may_depend_on_the_request() -> None:
    app = App(docs_csp_nonce=lambda request: request.headers["x-nonce"])
    assert 'nonce="abc"' in app.client().get("/docs", headers={"x-nonce": "abc"}).text


def test_changes_to_the_app_show_on_its_pages() -> None:
    app = App()
    client = app.client()
    app.title = "Renamed"
    assert "<title>Renamed - Swagger UI</title>" in client.get("/docs").text


def test_first_requests_at_the_same_time_get_the_same_document() -> None:
    app = App()
    answers: list[bytes] = []
    with app.client() as client:
        threads = [Thread(target=lambda: answers.append(client.get("/openapi.json").content)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(answers) == 8
    assert len(set(answers)) == 1


def test_pages_without_a_path_are_not_served() -> None:
    client = App(redoc_url=None, swagger_ui_oauth2_redirect_url=None).client()
    assert [client.get(path).status_code for path in ("/redoc", "/docs/oauth2-redirect", "/docs")] == [404, 404, 200]


@pytest.mark.anyio
async def test_the_document_is_built_off_the_event_loop() -> None:
    app = App()
    built_in: list[int] = []

    def openapi() -> dict[str, Any]:
        built_in.append(get_ident())
        return app.document

    app.openapi = openapi  # type: ignore[method-assign]
    answer = await call(Starlette(routes=docs_routes(app)), "/openapi.json")
    assert answer.status == 200
    assert built_in
    assert get_ident() not in built_in
