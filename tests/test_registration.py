"""The decorators that applications and routers share."""

from typing import Any

import pytest
from starlette.websockets import WebSocket

from fastlayer import APIRouter, FastLayer
from fastlayer.exceptions import FastLayerError
from fastlayer.testclient import TestClient

METHODS = ["get", "put", "post", "delete", "options", "head", "patch", "trace", "query"]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("make", [FastLayer, APIRouter])
def test_each_decorator_registers_its_own_method_only(make: Any, method: str) -> None:
    owner = make()

    @getattr(owner, method)("/a")
    def endpoint() -> str:
        return "answered"

    client = TestClient(owner)
    for one in METHODS:
        answer = client.request(one.upper(), "/a")
        assert answer.status_code == (200 if one == method else 405), one
    assert endpoint() == "answered"  # what the decorator gives back is the function


@pytest.mark.parametrize("make", [FastLayer, APIRouter])
def test_a_plain_websocket_endpoint_is_registered_under_a_name(make: Any) -> None:
    owner = make()

    @owner.websocket_route("/echo", name="talk")
    async def echo(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.send_text("heard " + await websocket.receive_text())
        await websocket.close()

    with TestClient(owner).websocket_connect("/echo") as socket:
        socket.send_text("me")
        assert socket.receive_text() == "heard me"
    assert owner.url_path_for("talk") == "/echo"


@pytest.mark.parametrize("make", [FastLayer, APIRouter])
def test_an_event_other_than_start_and_shutdown_is_refused(make: Any) -> None:
    with pytest.raises(FastLayerError, match="There is no event 'reload'"):
        make().on_event("reload")(lambda: None)


def test_a_middleware_type_other_than_http_is_refused() -> None:
    with pytest.raises(FastLayerError, match="There is no middleware type 'websocket'"):
        FastLayer().middleware("websocket")
