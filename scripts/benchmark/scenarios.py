"""The scenarios: the request of each, the answer everybody must give to it, and the goal.

Data only; it may not know how a scenario is built or timed.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from pydantic_core import to_jsonable_python

from .models import EVENTS, ITEMS, ORDER

ROUTES = 500
LEVELS = 12
MESSAGES = 1000
UPLOAD = bytes(range(256)) * 256  # 64 KiB
_BOUNDARY = "benchmark-boundary"


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request as a server hands it over, or a WebSocket session of `messages` echoes."""

    path: str = "/"
    method: str = "GET"
    query: bytes = b""
    headers: tuple[tuple[bytes, bytes], ...] = ()
    body: bytes = b""
    messages: int = 0


@dataclass(frozen=True, slots=True)
class Scenario:
    """A request, its expected answer, and how many times FastAPI's speed FastLayer must reach."""

    name: str
    goal: float
    about: str
    expected: Any
    request: Request = field(default_factory=Request)
    status: int = 200
    read: Callable[[bytes], Any] = json.loads


def _events(body: bytes) -> list[Any]:
    """Return the data of every server-sent event of a body."""
    lines = body.decode().replace("\r\n", "\n").split("\n")
    return [json.loads(line.removeprefix("data:")) for line in lines if line.startswith("data:")]


def _lines(body: bytes) -> list[Any]:
    """Return the documents of a JSON Lines body."""
    return [json.loads(line) for line in body.splitlines()]


def _places(body: bytes) -> list[str]:
    """Return the names of the invalid parameters: frameworks word their errors differently, but all must find them."""
    return sorted(error["loc"][-1] for error in json.loads(body)["detail"])


def _post(path: str, content_type: str, body: bytes) -> Request:
    headers = ((b"content-type", content_type.encode()), (b"content-length", str(len(body)).encode()))
    return Request(path, "POST", headers=headers, body=body)


def _multipart() -> Request:
    head = (
        f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="data.bin"\r\n'
        "Content-Type: application/octet-stream\r\n\r\n"
    )
    body = head.encode() + UPLOAD + f"\r\n--{_BOUNDARY}--\r\n".encode()
    return _post("/upload", f"multipart/form-data; boundary={_BOUNDARY}", body)


_QUERY = b"skip=20&limit=50&q=blue+pen&tags=a&tags=b"
_TOKEN = ((b"x-token", b"secret"),)
_PARAMS = {"item_id": 42, "skip": 20, "limit": 50, "q": "blue pen", "tags": ["a", "b"], "x_token": "secret"}
_DEPS = {"user": "secret", "tenant": "secret@example", "page": 3, "open": True}
_ITEMS = to_jsonable_python(ITEMS)
_EVENTS = to_jsonable_python(EVENTS)
_DEPS_REQUEST = Request("/deps", query=b"page=3", headers=_TOKEN)


def _route(number: int) -> Request:
    return Request(f"/api/v1/r{number}/9")


SCENARIOS: dict[str, Scenario] = {
    scenario.name: scenario
    for scenario in (
        Scenario("hello", 8, "GET returning a dict", {"hello": "world"}),
        Scenario(
            "params", 8, "path, four query parameters, one header", _PARAMS, Request("/items/42", "GET", _QUERY, _TOKEN)
        ),
        Scenario(
            "body",
            5,
            "a nested model in, the same out",
            to_jsonable_python(ORDER),
            _post("/orders", "application/json", ORDER.model_dump_json().encode()),
        ),
        Scenario("deps", 12, "six async dependencies", _DEPS, _DEPS_REQUEST),
        Scenario("deps_sync", 6, "six sync dependencies", _DEPS, _DEPS_REQUEST),
        Scenario("diamond", 300, "12 levels of two dependencies", {"total": 2**LEVELS}, Request("/diamond")),
        Scenario("sync", 2.5, "a def endpoint", {"hello": "world"}),
        Scenario("list", 1, "500 nested models through response_model", _ITEMS, Request("/items")),
        Scenario("rawlist", 40, "500 unannotated dicts", _ITEMS, Request("/items")),
        Scenario("orjson", 20, "the same with ORJSONResponse", _ITEMS, Request("/items")),
        Scenario(
            "form",
            3,
            "two urlencoded fields",
            {"username": "ada", "password": "s3cret !"},
            _post("/login", "application/x-www-form-urlencoded", b"username=ada&password=s3cret+%21"),
        ),
        Scenario("upload", 1.5, "64 KiB multipart", {"name": "data.bin", "size": len(UPLOAD)}, _multipart()),
        Scenario(
            "error",
            6,
            "422 with two errors",
            ["item_id", "limit"],
            Request("/items/abc", "GET", b"skip=20&limit=5000&q=blue+pen&tags=a&tags=b", _TOKEN),
            422,
            _places,
        ),
        Scenario("routes_first", 12, "first of 500 routes", {"route": 0, "item_id": 9}, _route(0)),
        Scenario("routes_last", 150, "last of 500 routes", {"route": ROUTES - 1, "item_id": 9}, _route(ROUTES - 1)),
        Scenario("middleware", 5, "three HTTP middlewares", {"hello": "world"}),
        Scenario("sse", 5, "1,000 events", _EVENTS, Request("/events"), read=_events),
        Scenario("jsonl", 2, "1,000 items", _EVENTS, Request("/events"), read=_lines),
        Scenario(
            "websocket",
            1.2,
            "1,000 echo messages, one dependency",
            [f"secret: message {number}" for number in range(MESSAGES)],
            Request("/echo", "WEBSOCKET", headers=_TOKEN, messages=MESSAGES),
        ),
    )
}

HTTP_SCENARIOS = ("hello", "params", "body")
HTTP_GOAL = 2.5
GEOMETRIC_MEAN_GOAL = 8.0
BARE_FACTOR = 2.0
