"""Every scheme before an endpoint and before a socket: credentials reach them, and nothing else does."""

import base64
import json
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

import pytest
from starlette.testclient import WebSocketDenialResponse
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from fastlayer import APIRouter, Depends, FastLayer, Security, WebSocket
from fastlayer.security import (
    APIKeyCookie,
    APIKeyHeader,
    APIKeyQuery,
    HTTPAuthorizationCredentials,
    HTTPBasic,
    HTTPBasicCredentials,
    HTTPBearer,
    HTTPDigest,
    OAuth2,
    OAuth2AuthorizationCodeBearer,
    OAuth2PasswordBearer,
    OpenIdConnect,
    SecurityScopes,
)
from fastlayer.testclient import TestClient
from tests.docs.servers import serving

from ..in_memory import Answer, Socket, call

pytestmark = pytest.mark.anyio

SCHEMES: dict[str, Any] = {
    "basic": HTTPBasic(realm="shop"),
    "bearer": HTTPBearer(),
    "digest": HTTPDigest(),
    "key-header": APIKeyHeader(name="authorization"),
    "key-query": APIKeyQuery(name="key"),
    "key-cookie": APIKeyCookie(name="key"),
    "oauth2": OAuth2(),
    "password": OAuth2PasswordBearer(tokenUrl="token"),
    "code": OAuth2AuthorizationCodeBearer(authorizationUrl="authorize", tokenUrl="token"),
    "openid": OpenIdConnect(openIdConnectUrl="openid"),
}
BASIC = "Basic " + base64.b64encode(b"ada:secret").decode()
# What each is sent, and what it makes of it.
GIVEN: dict[str, tuple[dict[str, str], str, Any]] = {
    "basic": ({"authorization": BASIC}, "", ["ada", "secret"]),
    "bearer": ({"authorization": "Bearer t"}, "", ["Bearer", "t"]),
    "digest": ({"authorization": "Digest d"}, "", ["Digest", "d"]),
    "key-header": ({"authorization": "k"}, "", "k"),
    "key-query": ({}, "key=k", "k"),
    "key-cookie": ({"cookie": "key=k"}, "", "k"),
    "oauth2": ({"authorization": "Bearer t"}, "", "Bearer t"),
    "password": ({"authorization": "Bearer t"}, "", "t"),
    "code": ({"authorization": "Bearer t"}, "", "t"),
    "openid": ({"authorization": "Bearer t"}, "", "Bearer t"),
}
MALFORMED = {
    "nothing": "",
    "only a scheme": "Basic",
    "not base64": "Basic !!!",
    "not UTF-8": "Basic " + base64.b64encode(b"\xff\xfe:\xff").decode(),
    "raw bytes": "Basic \xff\xfe",
    "1 MB": "Basic " + "A" * 1_000_001,
    "1 MB of spaces": " " * 1_000_001,
    "NUL": "Bearer a\0b",
    "another scheme": "Negotiate a",
}
# Schemes that take any header, and leave to the application what it is worth.
TAKE_ANY_HEADER = {"key-header", "oauth2", "openid"}


def plain(value: Any) -> Any:
    if isinstance(value, HTTPBasicCredentials | HTTPAuthorizationCredentials):
        return list(value.model_dump().values())
    return value


def guarded(scheme: Any) -> FastLayer:
    app = FastLayer()
    router = APIRouter(prefix="/r")

    @router.get("/request")
    async def read(value: Annotated[Any, Security(scheme)]) -> Any:
        return plain(value)

    @router.websocket("/socket")
    async def talk(websocket: WebSocket, value: Annotated[Any, Security(scheme)]) -> None:
        await websocket.accept()
        await websocket.send_json(plain(value))
        await websocket.close()

    app.include_router(router)
    return app


async def handshake(app: Any, headers: dict[str, str], query: str = "") -> Answer:
    """The denial of a handshake, as a server that can send one gets it."""
    socket = await Socket(app, "/r/socket", query, headers).run()
    return Answer(socket.messages, socket.raised)


@pytest.mark.parametrize("name", SCHEMES)
async def test_credentials_reach_requests_and_sockets(name: str) -> None:
    headers, query, expected = GIVEN[name]
    app = guarded(SCHEMES[name])
    assert (await call(app, "/r/request", headers=headers, query=query)).json() == expected
    socket = await Socket(app, "/r/socket", query, headers).run()
    assert [json.loads(text) for text in socket.sent] == [expected]


@pytest.mark.parametrize("name", SCHEMES)
async def test_without_credentials_requests_and_handshakes_are_answered_with_401(name: str) -> None:
    app = guarded(SCHEMES[name])
    for answer in (await call(app, "/r/request"), await handshake(app, {})):
        assert (answer.raised, answer.status, answer.json()) == (None, 401, {"detail": "Not authenticated"})
        assert answer.headers["www-authenticate"]


@pytest.mark.parametrize("kind", MALFORMED)
@pytest.mark.parametrize("name", SCHEMES)
async def test_malformed_credentials_are_401_and_never_an_error_of_the_server(name: str, kind: str) -> None:
    app = guarded(SCHEMES[name])
    sent = {"authorization": MALFORMED[kind], "cookie": f"key={'' if kind == 'nothing' else chr(0)}"}
    query = "key=" if kind == "nothing" else "key=%00"
    refused = name not in TAKE_ANY_HEADER or kind in ("nothing", "NUL")
    for answer in (await call(app, "/r/request", headers=sent, query=query), await handshake(app, sent, query)):
        assert answer.raised is None
        assert (answer.messages[0].get("status") == 401) is refused


async def test_scopes_are_told_to_dependencies_of_sockets() -> None:
    app = FastLayer()

    async def who(scopes: SecurityScopes, token: Annotated[str, Depends(SCHEMES["password"])]) -> str:
        return f"{token} {scopes.scope_str}"

    @app.websocket("/r/socket")
    async def talk(websocket: WebSocket, who: Annotated[str, Security(who, scopes=["read", "write"])]) -> None:
        await websocket.accept()
        await websocket.send_text(who)

    socket = await Socket(app, "/r/socket", "", {"authorization": "Bearer t"}).run()
    assert socket.sent == ["t read write"]


def test_a_test_client_sees_the_denial_of_a_handshake() -> None:
    client = TestClient(guarded(SCHEMES["basic"]))
    with pytest.raises(WebSocketDenialResponse) as denied, client.websocket_connect("/r/socket"):
        """Never opens."""
    assert denied.value.status_code == 401
    assert denied.value.headers["www-authenticate"] == 'Basic realm="shop"'


def test_a_browsers_handshake_without_credentials_is_401_at_a_real_server(tmp_path: Path) -> None:
    with serving("tests.security.test_credentials:served", {}) as address:
        url = f"ws://{urlsplit(address).netloc}/r/socket"
        with pytest.raises(InvalidStatus) as refused:
            connect(url, proxy=None)
        assert refused.value.response.status_code == 401
        assert refused.value.response.headers["www-authenticate"] == 'Basic realm="shop"'
        with connect(url, proxy=None, additional_headers={"Authorization": BASIC}) as socket:
            assert json.loads(socket.recv()) == ["ada", "secret"]


served = guarded(SCHEMES["basic"])
