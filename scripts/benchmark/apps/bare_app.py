"""The floor: one ASGI function per scenario with pydantic-core or orjson, no routing and no framework."""

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs, parse_qsl

import orjson
from pydantic import ValidationError

from ..models import EVENT_ADAPTER, EVENTS, ITEMS, ITEMS_ADAPTER, ORDER_ADAPTER, ROWS
from . import plain

Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]
Application = Callable[[Any, Receive, Send], Awaitable[None]]


async def _answer(send: Send, content: bytes, status: int = 200) -> None:
    headers = [(b"content-length", b"%d" % len(content)), (b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": content})


def _http(application: Application) -> Application:
    async def serve(scope: Any, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            await application(scope, receive, send)

    return serve


async def _read(receive: Receive) -> bytes:
    message = await receive()
    body: bytes = message["body"]
    while message["more_body"]:
        message = await receive()
        body += message["body"]
    return body


async def _hello(scope: Any, receive: Receive, send: Send) -> None:
    await _answer(send, orjson.dumps({"hello": "world"}))


async def _params(scope: Any, receive: Receive, send: Send) -> None:
    query = parse_qs(scope["query_string"].decode(), keep_blank_values=True)
    values: dict[str, Any] = {key: found if key == "tags" else found[-1] for key, found in query.items()}
    values["item_id"] = scope["path"][len("/items/") :]
    for name, value in scope["headers"]:
        if name == b"x-token":
            values["x_token"] = value.decode("latin-1")
    try:
        params = plain.Params.__pydantic_validator__.validate_python(values)
    except ValidationError as error:
        await _answer(send, orjson.dumps(plain.problems(error)), 422)
    else:
        await _answer(send, orjson.dumps(params.__dict__))


async def _body(scope: Any, receive: Receive, send: Send) -> None:
    order = ORDER_ADAPTER.validator.validate_json(await _read(receive))
    await _answer(send, ORDER_ADAPTER.serializer.to_json(order))


async def _list(scope: Any, receive: Receive, send: Send) -> None:
    await _answer(send, ITEMS_ADAPTER.serializer.to_json(ITEMS))


async def _rows(scope: Any, receive: Receive, send: Send) -> None:
    await _answer(send, orjson.dumps(ROWS))


async def _form(scope: Any, receive: Receive, send: Send) -> None:
    fields = dict(parse_qsl((await _read(receive)).decode(), keep_blank_values=True))
    await _answer(send, orjson.dumps({"username": fields["username"], "password": fields["password"]}))


async def _stream(send: Send, media_type: bytes, before: bytes, after: bytes) -> None:
    headers = [(b"content-type", media_type)]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    for event in EVENTS:
        chunk = before + EVENT_ADAPTER.serializer.to_json(event) + after
        await send({"type": "http.response.body", "body": chunk, "more_body": True})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _sse(scope: Any, receive: Receive, send: Send) -> None:
    await _stream(send, b"text/event-stream", b"data: ", b"\n\n")


async def _jsonl(scope: Any, receive: Receive, send: Send) -> None:
    await _stream(send, b"application/jsonl", b"", b"\n")


async def _echo(scope: Any, receive: Receive, send: Send) -> None:
    name = dict(scope["headers"])[b"x-token"].decode()
    await receive()
    await send({"type": "websocket.accept"})
    while (message := await receive())["type"] == "websocket.receive":
        await send({"type": "websocket.send", "text": f"{name}: {message['text']}"})


_APPLICATIONS: dict[str, Application] = {
    "hello": _hello,
    "params": _params,
    "body": _body,
    "list": _list,
    "rawlist": _rows,
    "orjson": _rows,
    "form": _form,
    "error": _params,
    "sse": _sse,
    "jsonl": _jsonl,
    "websocket": _echo,
}


def build(scenario: str) -> Application | None:
    """Return the function that answers `scenario`, or nothing where a bare function has no counterpart."""
    application = _APPLICATIONS.get(scenario)
    return application and _http(application)
