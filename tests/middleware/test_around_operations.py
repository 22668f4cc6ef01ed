"""Starlette's middleware does its work around operations, alone and together, and leaves streams as they are."""

import gzip
from collections.abc import AsyncIterator
from typing import Any

import pytest

from fastlayer import APIRouter, FastLayer, Request, WebSocket
from fastlayer.middleware import Middleware
from fastlayer.middleware.cors import CORSMiddleware
from fastlayer.middleware.gzip import GZipMiddleware
from fastlayer.middleware.httpsredirect import HTTPSRedirectMiddleware
from fastlayer.middleware.sessions import SessionMiddleware
from fastlayer.middleware.trustedhost import TrustedHostMiddleware
from fastlayer.testclient import TestClient

from ..in_memory import call

pytestmark = pytest.mark.anyio
SHOP = {"origin": "https://shop.example"}


def visits(request: Request) -> int:
    request.session["visits"] = request.session.get("visits", 0) + 1
    return int(request.session["visits"])


def text(size: int = 2000) -> dict[str, str]:
    return {"text": "tea" * size}


async def lines() -> AsyncIterator[dict[str, int]]:
    for number in range(3):
        yield {"number": number}


async def greet(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.send_text(str(websocket.scope.get("session")))
    await websocket.close()


def shop(*middleware: Any, at: str = "app") -> FastLayer:
    """An application, or a router in it, behind this middleware."""
    router = APIRouter(middleware=middleware if at == "router" else None)
    router.get("/visits")(visits)
    router.get("/text")(text)
    router.get("/lines")(lines)
    router.websocket("/greet")(greet)
    app = FastLayer()
    app.include_router(router)
    if at == "app":
        for one in reversed(middleware):
            app.add_middleware(one.cls, *one.args, **one.kwargs)
    return app


@pytest.mark.parametrize("at", ["app", "router"])
def test_sessions_are_kept_in_a_signed_cookie_that_nobody_else_can_write(at: str) -> None:
    client = TestClient(shop(Middleware(SessionMiddleware, secret_key="s"), at=at))
    assert [client.get("/visits").json() for _ in range(3)] == [1, 2, 3]
    with client.websocket_connect("/greet") as socket:
        assert socket.receive_text() == "{'visits': 3}"
    client.cookies.clear()
    assert client.get("/visits", headers={"cookie": "session=eyJ2aXNpdHMiOjl9.forged.signature"}).json() == 1


@pytest.mark.parametrize("at", ["app", "router"])
async def test_long_answers_are_compressed_for_who_can_read_it(at: str) -> None:
    app = shop(Middleware(GZipMiddleware, minimum_size=500), at=at)
    plain = await call(app, "/text")
    small = await call(app, "/text", query="size=1", headers={"accept-encoding": "gzip"})
    packed = await call(app, "/text", headers={"accept-encoding": "gzip"})
    assert [answer.headers.get("content-encoding") for answer in (plain, small, packed)] == [None, None, "gzip"]
    assert gzip.decompress(packed.body) == plain.body
    assert int(packed.headers["content-length"]) == len(packed.body) < len(plain.body)


@pytest.mark.parametrize("at", ["app", "router"])
async def test_streams_go_through_all_of_them_chunk_by_chunk(at: str) -> None:
    app = shop(
        Middleware(CORSMiddleware, allow_origins=["*"]),
        Middleware(TrustedHostMiddleware, allowed_hosts=["testserver"]),
        Middleware(SessionMiddleware, secret_key="s"),
        Middleware(GZipMiddleware),
        at=at,
    )
    headers = {"host": "testserver"}
    answer = await call(app, "/lines", headers=headers)
    assert answer.chunks == [b'{"number":0}\n', b'{"number":1}\n', b'{"number":2}\n']
    packed = await call(app, "/lines", headers=headers | {"accept-encoding": "gzip"})
    assert gzip.decompress(packed.body) == answer.body
    assert len(packed.chunks) >= 3


def test_other_hosts_are_refused_also_for_sockets() -> None:
    app = shop(Middleware(TrustedHostMiddleware, allowed_hosts=["shop.example", "*.tea.example"]))
    statuses = {
        host: TestClient(app, base_url=f"http://{host}").get("/text").status_code
        for host in ("shop.example", "green.tea.example", "evil.example", "shop.example.evil.example")
    }
    assert statuses == {
        "shop.example": 200,
        "green.tea.example": 200,
        "evil.example": 400,
        "shop.example.evil.example": 400,
    }


def test_plain_http_is_sent_to_https() -> None:
    client = TestClient(shop(Middleware(HTTPSRedirectMiddleware)), follow_redirects=False)
    answer = client.get("/text?size=2")
    assert (answer.status_code, answer.headers["location"]) == (307, "https://testserver/text?size=2")
    assert TestClient(client.app, base_url="https://testserver").get("/text").status_code == 200


def test_browsers_may_read_only_what_cors_allows() -> None:
    assert "access-control-allow-origin" not in TestClient(shop()).get("/text", headers=SHOP).headers
    app = shop(Middleware(CORSMiddleware, allow_origins=["https://shop.example"], allow_methods=["PUT"]))
    client = TestClient(app)
    assert client.get("/text", headers=SHOP).headers["access-control-allow-origin"] == "https://shop.example"
    assert "access-control-allow-origin" not in client.get("/text", headers={"origin": "https://evil.example"}).headers
    asking = SHOP | {"access-control-request-method": "PUT"}
    assert client.options("/text", headers=asking).status_code == 200
    assert client.options("/text", headers=asking | {"access-control-request-method": "DELETE"}).status_code == 400


@pytest.mark.parametrize("path", ["/nowhere", "/visits", "/text?size=x"])
def test_errors_are_answered_inside_cors(path: str) -> None:
    # `/visits` without sessions is an unhandled error, which is inside with the option only.
    app = shop(Middleware(CORSMiddleware, allow_origins=["*"]))
    app.errors_inside_middleware = path == "/visits"
    answer = TestClient(app, raise_server_exceptions=False).get(path, headers=SHOP)
    assert answer.status_code == {"/nowhere": 404, "/visits": 500, "/text?size=x": 422}[path]
    assert answer.headers["access-control-allow-origin"] == "*"
