"""The objects of one request, made when somebody asks, each once."""

from typing import Any

import pytest

from fastlayer.execution import exchange as module
from fastlayer.execution.exchange import Exchange, replay

from ..in_memory import http_scope

pytestmark = pytest.mark.anyio


async def receive() -> dict[str, Any]:
    return {"type": "http.disconnect"}


async def send(message: Any) -> None: ...


def made(kind: str = "http") -> Exchange:
    return Exchange({**http_scope("GET", "/"), "type": kind}, receive, send)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("get_request", "http"),
        ("get_websocket", "websocket"),
        ("get_connection", "http"),
        ("get_connection", "websocket"),
        ("get_response", "http"),
        ("get_background", "http"),
        ("get_outcome", "http"),
    ],
)
async def test_an_object_is_made_once(name: str, kind: str) -> None:
    exchange = made(kind)
    get = getattr(module, name)
    assert get(exchange) is get(exchange)


async def test_an_injected_response_says_nothing_by_itself() -> None:
    response = module.get_response(made())
    assert response.status_code is None
    assert response.raw_headers == []


async def test_a_body_is_replayed_once_and_then_comes_what_follows() -> None:
    replayed = replay(b"body", receive)
    assert await replayed() == {"type": "http.request", "body": b"body", "more_body": False}
    assert await replayed() == {"type": "http.disconnect"}
