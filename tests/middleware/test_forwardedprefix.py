"""A proxy's path prefix: believed from those one knows, and never more than a path."""

from typing import Any

import pytest

from fastlayer import APIRouter, FastLayer, Request, WebSocket
from fastlayer.middleware.forwardedprefix import ForwardedPrefixMiddleware
from fastlayer.testclient import TestClient


def application(**options: Any) -> FastLayer:
    app = FastLayer(scalar_url="/scalar")
    app.add_middleware(ForwardedPrefixMiddleware, **options)

    @app.get("/here/{name}")
    def here(request: Request, name: str) -> list[str]:
        return [request.scope["root_path"], str(request.url_for("here", name=name)), str(request.url)]

    return app


def client(app: FastLayer, address: str = "127.0.0.1", root_path: str = "") -> TestClient:
    return TestClient(app, client=(address, 50000), root_path=root_path)


def test_links_and_pages_have_the_prefix() -> None:
    shop = client(application())
    headers = {"X-Forwarded-Prefix": "/api/v1/"}
    url = "http://testserver/api/v1/here/you"
    assert shop.get("/here/you", headers=headers).json() == ["/api/v1", url, url]
    for page in ("/docs", "/redoc", "/scalar"):
        assert "/api/v1/openapi.json" in shop.get(page, headers=headers).text
    assert "'/api/v1/docs/oauth2-redirect'" in shop.get("/docs", headers=headers).text
    assert shop.get("/openapi.json", headers=headers).json()["servers"] == [{"url": "/api/v1"}]


def test_a_route_that_begins_like_the_prefix_is_still_found() -> None:
    app = application()
    router = APIRouter(prefix="/api")
    router.get("/inside")(lambda: "found")
    app.include_router(router)
    assert client(app).get("/api/inside", headers={"X-Forwarded-Prefix": "/api"}).json() == "found"


def test_a_prefix_comes_before_the_root_path_of_the_server() -> None:
    answer = client(application(), root_path="/app").get("/app/here/you", headers={"X-Forwarded-Prefix": "/a%7Eb"})
    assert answer.json()[0] == "/a~b/app"
    assert answer.json()[2] == "http://testserver/a~b/app/here/you"


def test_without_the_header_nothing_changes() -> None:
    assert client(application()).get("/here/you").json()[0] == ""


@pytest.mark.parametrize(
    ("trusted", "address", "believed"),
    [
        ({}, "127.0.0.1", True),
        ({}, "::1", True),
        ({}, "10.0.0.1", False),
        ({"trusted_hosts": ["10.0.0.1"]}, "10.0.0.1", True),
        ({"trusted_hosts": "10.0.0.1"}, "127.0.0.1", False),
        ({"trusted_hosts": "*"}, "10.9.9.9", True),
    ],
)
def test_only_proxies_one_knows_are_believed(trusted: dict[str, Any], address: str, believed: bool) -> None:
    answer = client(application(**trusted), address).get("/here/you", headers={"X-Forwarded-Prefix": "/api"})
    assert answer.json()[0] == ("/api" if believed else "")


@pytest.mark.parametrize(
    "value", ["//evil.example", "/a//b", "evil", "http://evil.example", "/a b", "/</script>", "/a,/b", "/ä", "/", ""]
)
def test_what_is_no_path_is_ignored(value: str) -> None:
    answer = client(application()).get("/here/you", headers={"X-Forwarded-Prefix": value.encode()})
    assert answer.json()[0] == ""


def test_the_header_twice_is_ignored() -> None:
    headers = [("X-Forwarded-Prefix", "/one"), ("X-Forwarded-Prefix", "/two")]
    assert client(application()).get("/here/you", headers=headers).json()[0] == ""  # type: ignore[arg-type]


def test_a_websocket_has_the_prefix_too() -> None:
    app = application()

    @app.websocket("/live")
    async def live(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.send_text(websocket.scope["root_path"])
        await websocket.close()

    with client(app).websocket_connect("/live", headers={"X-Forwarded-Prefix": "/api"}) as session:
        assert session.receive_text() == "/api"
