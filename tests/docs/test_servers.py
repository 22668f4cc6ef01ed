"""The bookshop under each server it may be put on: the same requests, streams and sockets, the same answers."""

import base64
import json
import socket
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest
from mangum import Mangum
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from docs_src.bookshop.main import create_app
from docs_src.bookshop.settings import Settings

from .servers import SERVERS, serving

APPLICATION = "docs_src.bookshop.main:app"
BOOKS = 5
SECONDS = 60  # in which a server must answer, on a machine that may be busy
EARTHSEA, PRIDE, EMMA, CITIES = 1, 3, 4, 5
NEW_BOOK = {"isbn": "9780156439619", "title": "If on a winter's night", "author_id": 3, "price_cents": 1600, "stock": 2}


def log_in(client: httpx2.Client) -> httpx2.Client:
    token = client.post("/auth/token", data={"username": "admin", "password": "wonderland"}).json()["access_token"]
    client.headers["authorization"] = f"Bearer {token}"
    return client


@pytest.fixture(scope="module", params=SERVERS)
def address(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder: Path = tmp_path_factory.mktemp("served")
    environment = {"BOOKSHOP_DATABASE": str(folder / "shop.db"), "BOOKSHOP_RECEIPTS": str(folder / "receipts")}
    with serving(APPLICATION, environment, request.param) as address:
        yield address
        with httpx2.Client(base_url=address, trust_env=False, timeout=SECONDS) as client:
            last = log_in(client).post("/orders", json={"lines": [{"book_id": CITIES}]}).json()["id"]
    # The server has ended, and not before its background tasks.
    assert "Invisible Cities" in (folder / "receipts" / f"order-{last}.txt").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def shop(address: str) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=address, trust_env=False, timeout=SECONDS) as client:
        yield log_in(client)


def test_requests_are_answered(shop: httpx2.Client) -> None:
    listing = shop.get("/books", params={"title": "earthsea", "in_stock": True})
    assert (listing.status_code, [book["id"] for book in listing.json()["items"]]) == (200, [EARTHSEA])
    wrong = shop.post("/admin/books", json=NEW_BOOK | {"price_cents": -1})
    assert (wrong.status_code, wrong.json()["detail"][0]["loc"]) == (422, ["body", "price_cents"])
    made = shop.post("/admin/books", json=NEW_BOOK)
    assert made.status_code == 201
    assert shop.get(made.headers["location"]).json() == made.json()
    assert (
        shop.patch(made.headers["location"].replace("/books", "/admin/books"), json={"stock": 3}).json()["stock"] == 3
    )
    gone = shop.delete(made.headers["location"].replace("/books", "/admin/books"))
    assert (gone.status_code, gone.content) == (204, b"")
    assert shop.head("/books").status_code == 405
    assert shop.get("/nowhere").json() == {"detail": "Not Found"}
    assert shop.get("/", follow_redirects=True).headers["content-type"] == "text/html; charset=utf-8"


def test_orders_take_from_stock_or_leave_it_as_it_was(shop: httpx2.Client) -> None:
    order = shop.post("/orders", json={"lines": [{"book_id": PRIDE, "quantity": 2}]})
    assert (order.status_code, order.json()["total_cents"]) == (201, 1700)
    assert shop.get(f"/books/{PRIDE}").json()["stock"] == 10
    sold_out = shop.post("/orders", json={"lines": [{"book_id": PRIDE}, {"book_id": EMMA}]})
    assert sold_out.status_code == 409
    assert shop.get(f"/books/{PRIDE}").json()["stock"] == 10


def test_a_stream_arrives_line_by_line_and_without_a_length(shop: httpx2.Client) -> None:
    with shop.stream("GET", "/books/all") as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "application/jsonl"
        assert "content-length" not in answer.headers
        books = [json.loads(line) for line in answer.iter_lines()]
    assert [book["id"] for book in books][:BOOKS] == [1, 2, 3, 4, 5]
    assert books[0]["author"]["name"] == "Ursula K. Le Guin"


def test_a_body_that_arrives_in_chunks_is_read(shop: httpx2.Client) -> None:
    def chunks() -> Iterator[bytes]:
        yield from (b'{"username": "chun', b'ky", "password": ', b'"in parts 123"}')

    answer = shop.post("/auth/users", content=chunks(), headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["username"]) == (201, "chunky")


@pytest.mark.parametrize("token", [None, "forged"])
def test_a_stranger_is_refused_while_the_server_waits_for_100_megabytes(address: str, token: str | None) -> None:
    place = urlsplit(address)
    lines = ["POST /orders HTTP/1.1", f"host: {place.netloc}", "content-type: application/json"]
    lines += ["content-length: 104857600", *([f"authorization: Bearer {token}"] if token else []), "", '{"lines":']
    with socket.create_connection((place.hostname, place.port or 80), timeout=SECONDS) as client:
        client.sendall("\r\n".join(lines).encode())
        received = b""
        while b'"}' not in received:
            received += client.recv(65536) or pytest.fail(f"closed after {received!r}")
    assert received.startswith(b"HTTP/1.1 401 ")
    detail = b"The token is invalid or has expired." if token else b"Not authenticated"
    assert received.endswith(b'{"detail":"%s"}' % detail)


def test_a_socket_is_asked_and_answers_until_the_client_leaves(address: str) -> None:
    with connect(address.replace("http", "ws") + "/stock", proxy=None) as till:
        for book_id, stock in ((EARTHSEA, 7), (EMMA, 0), (99, None)):
            till.send(json.dumps({"book_id": book_id}))
            assert json.loads(till.recv()) == {"book_id": book_id, "stock": stock}


def test_a_socket_that_sends_nonsense_is_closed_with_the_reason(address: str) -> None:
    with connect(address.replace("http", "ws") + "/stock", proxy=None) as till:
        till.send('{"book_id": "one"}')
        with pytest.raises(ConnectionClosed) as closed:
            till.recv()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1007
    assert "book_id" in closed.value.rcvd.reason


# Lambda


def event(method: str, path: str, body: bytes = b"", query: str = "", **headers: str) -> dict[str, Any]:
    """A request as an AWS HTTP API hands it to a function (payload format 2.0)."""
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": query,
        "headers": {"host": "shop.example", **headers},
        "requestContext": {
            "domainName": "shop.example",
            "http": {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1"},
            "stage": "$default",
        },
        "body": base64.b64encode(body).decode(),
        "isBase64Encoded": True,
    }


@pytest.fixture
def function(tmp_path: Path, current_loop: None) -> Any:
    handle = Mangum(create_app(Settings(database=tmp_path / "shop.db", receipts=tmp_path / "receipts")))
    return lambda *args, **more: handle(event(*args, **more), SimpleNamespace())


def test_a_lambda_function_answers_events(function: Any, tmp_path: Path) -> None:
    listing = function("GET", "/books", query="title=earthsea")
    assert (listing["statusCode"], json.loads(listing["body"])["total"]) == (200, 1)
    form = b"username=admin&password=wonderland"
    token = function("POST", "/auth/token", form, **{"content-type": "application/x-www-form-urlencoded"})
    headers = {
        "authorization": f"Bearer {json.loads(token['body'])['access_token']}",
        "content-type": "application/json",
    }
    order = function("POST", "/orders", json.dumps({"lines": [{"book_id": PRIDE}]}).encode(), **headers)
    assert (order["statusCode"], json.loads(order["body"])["total_cents"]) == (201, 850)
    assert (tmp_path / "receipts" / "order-1.txt").exists()
    assert function("POST", "/orders", b"{", **{"content-type": "application/json"})["statusCode"] == 401
    assert function("GET", "/nowhere")["statusCode"] == 404


def test_a_lambda_function_gathers_a_stream(function: Any) -> None:
    export = function("GET", "/books/all")
    assert export["headers"]["content-type"] == "application/jsonl"
    lines = base64.b64decode(export["body"]) if export["isBase64Encoded"] else export["body"].encode()
    assert [json.loads(line)["id"] for line in lines.splitlines()] == [1, 2, 3, 4, 5]
