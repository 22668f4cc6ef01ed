"""The default answers, byte for byte, and for input that is hard to repeat."""

import datetime
import json
import math
from typing import Any

import pytest
from starlette.requests import Request
from starlette.types import Message
from starlette.websockets import WebSocket

from fastlayer.exception_handlers import (
    close_reason,
    http_exception_handler,
    request_validation_exception_handler,
    websocket_request_validation_exception_handler,
)
from fastlayer.exceptions import HTTPException, RequestValidationError, WebSocketRequestValidationError

pytestmark = pytest.mark.anyio
request = Request({"type": "http", "headers": []})


async def test_an_http_exception_is_its_detail_status_and_headers() -> None:
    response = await http_exception_handler(request, HTTPException(404, {"a": 1}, {"x": "y"}))
    assert (response.status_code, response.body) == (404, b'{"detail":{"a":1}}')
    assert response.raw_headers == [(b"x", b"y"), (b"content-length", b"18"), (b"content-type", b"application/json")]


async def test_the_default_detail_is_the_status_phrase() -> None:
    response = await http_exception_handler(request, HTTPException(404))
    assert response.body == b'{"detail":"Not Found"}'


@pytest.mark.parametrize("status", [100, 204, 304])
async def test_statuses_without_body_have_none(status: int) -> None:
    response = await http_exception_handler(request, HTTPException(status, "text", {"x": "y"}))
    assert (response.body, response.raw_headers) == (b"", [(b"x", b"y")])


async def test_validation_errors_are_a_422_with_the_list() -> None:
    errors = [
        {
            "type": "x",
            "loc": ("a", 1),
            "msg": "m",
            "input": datetime.date(2020, 1, 1),
            "ctx": {"error": ValueError("hidden")},
        }
    ]
    response = await request_validation_exception_handler(request, RequestValidationError(errors))
    assert response.status_code == 422
    assert response.body == (
        b'{"detail":[{"type":"x","loc":["a",1],"msg":"m","input":"2020-01-01","ctx":{"error":{}}}]}'
    )


@pytest.mark.parametrize("value", [math.nan, -math.inf, "\ud800", 10**400, {"\udfff": [math.inf]}])
async def test_input_json_cannot_repeat_still_gets_its_answer(value: Any) -> None:
    errors = [{"type": "x", "loc": ("body",), "msg": "m", "input": value}]
    response = await request_validation_exception_handler(request, RequestValidationError(errors))
    assert json.loads(bytes(response.body))["detail"][0]["loc"] == ["body"]


async def test_deep_input_still_gets_its_answer() -> None:
    deep: Any = 1
    for _ in range(3000):
        deep = [deep]
    response = await request_validation_exception_handler(request, RequestValidationError([{"input": deep}]))
    assert bytes(response.body).count(b"[") == 3001


async def test_a_websocket_is_closed_with_1008_and_a_short_reason() -> None:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "websocket.connect"}

    socket = WebSocket({"type": "websocket", "headers": []}, receive, send)
    error = {"type": "missing", "loc": ("query", "q"), "msg": "Field required", "input": None}
    await websocket_request_validation_exception_handler(socket, WebSocketRequestValidationError([error, error]))
    assert sent == [{"type": "websocket.close", "code": 1008, "reason": "query.q: Field required (+1 more)"}]


@pytest.mark.parametrize("text", ["é" * 200, "a" + "é" * 200, "\ud800" * 200, "a" * 500])
def test_a_close_reason_fits_into_its_frame(text: str) -> None:
    reason = close_reason([{"loc": ("query",), "msg": text}])
    assert 100 < len(reason.encode()) <= 123


def test_no_errors_still_have_a_reason() -> None:
    assert close_reason([]) == "Invalid request"
