"""The bookshop, part by part through TestClient and then as a whole over real HTTP."""

import json
import shutil
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from itertools import chain
from pathlib import Path
from threading import Barrier
from typing import Any

import httpx2
import pytest
from itsdangerous import TimestampSigner, URLSafeTimedSerializer
from pydantic import SecretStr
from sqlalchemy import event
from sqlalchemy.orm import Session, sessionmaker

from docs_src.bookshop.database import make_sessions, open_database
from docs_src.bookshop.main import create_app
from docs_src.bookshop.models import Book, User
from docs_src.bookshop.passwords import NOBODY, hash_password, password_matches
from docs_src.bookshop.receipts import money
from docs_src.bookshop.security import issue_token
from docs_src.bookshop.settings import Settings
from fastlayer import FastLayer, WebSocketDisconnect
from fastlayer.testclient import TestClient

from .servers import serving

EARTHSEA, LEFT_HAND, PRIDE, EMMA, CITIES = 1, 2, 3, 4, 5
NEW_BOOK = {"isbn": "9780156439619", "title": "If on a winter's night", "author_id": 3, "price_cents": 1600, "stock": 2}
APPLICATION = "docs_src.bookshop.main:app"
Headers = dict[str, str]


@pytest.fixture(scope="module")
def new_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A freshly filled database. Each test gets a copy, for filling one hashes a password, which is slow by design."""
    settings = Settings(database=tmp_path_factory.mktemp("new") / "shop.db")
    open_database(settings).dispose()
    return settings.database


@pytest.fixture
def settings(tmp_path: Path, new_database: Path) -> Settings:
    database = shutil.copy(new_database, tmp_path)
    return Settings(database=Path(database), receipts=tmp_path / "receipts")


@pytest.fixture
def app(settings: Settings) -> FastLayer:
    return create_app(settings)


@pytest.fixture
def client(app: FastLayer) -> Iterator[TestClient]:
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def sessions(client: TestClient, app: FastLayer) -> sessionmaker[Session]:
    opened: sessionmaker[Session] = app.state.sessions
    return opened


def log_in_as(user: User, settings: Settings) -> Headers:
    return {"Authorization": f"Bearer {issue_token(user, settings)}"}


@pytest.fixture
def admin(sessions: sessionmaker[Session], settings: Settings) -> Headers:
    with sessions() as db:
        return log_in_as(db.get_one(User, 1), settings)


@pytest.fixture
def alice(sessions: sessionmaker[Session], settings: Settings) -> Headers:
    with sessions.begin() as db:
        user = User(username="alice", password_hash=NOBODY)
        db.add(user)
        db.flush()
        return log_in_as(user, settings)


def titles(client: TestClient, **search: Any) -> list[str]:
    response = client.get("/books", params=search)
    assert response.status_code == 200, response.text
    return [book["title"] for book in response.json()["items"]]


def stock(client: TestClient, book_id: int) -> int:
    copies: int = client.get(f"/books/{book_id}").json()["stock"]
    return copies


def error_places(response: Any) -> list[list[str | int]]:
    assert response.status_code == 422, response.text
    return [error["loc"] for error in response.json()["detail"]]


# The catalogue


def test_a_new_shop_has_books_in_order_of_their_titles(client: TestClient) -> None:
    listing = client.get("/books").json()
    assert listing["total"] == len(listing["items"]) == 5
    assert listing["items"][0] == {
        "id": EARTHSEA,
        "isbn": "9780547773742",
        "title": "A Wizard of Earthsea",
        "author": {"id": 1, "name": "Ursula K. Le Guin"},
        "price_cents": 999,
        "stock": 7,
    }


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ({"author_id": 2}, ["Emma", "Pride and Prejudice"]),
        ({"author_id": 99}, []),
        ({"title": "OF"}, ["A Wizard of Earthsea", "The Left Hand of Darkness"]),
        ({"title": "%"}, []),
        ({"min_price_cents": 999, "max_price_cents": 1250}, ["A Wizard of Earthsea", "The Left Hand of Darkness"]),
        ({"min_price_cents": 2, "max_price_cents": 1}, []),
        ({"author_id": 2, "in_stock": True}, ["Pride and Prejudice"]),
        ({"sort": "price", "limit": 2}, ["Emma", "Pride and Prejudice"]),
        ({"sort": "-price", "limit": 2}, ["Invisible Cities", "The Left Hand of Darkness"]),
        ({"sort": "-title", "limit": 1, "offset": 1}, ["Pride and Prejudice"]),
    ],
)
def test_the_catalogue_is_filtered_and_sorted(client: TestClient, search: dict[str, Any], found: list[str]) -> None:
    assert titles(client, **search) == found


def test_pages_together_hold_every_book_once(client: TestClient) -> None:
    pages = [titles(client, limit=2, offset=offset) for offset in (0, 2, 4, 6)]
    assert [len(page) for page in pages] == [2, 2, 1, 0]
    assert [*chain.from_iterable(pages)] == titles(client)
    assert client.get("/books", params={"limit": 2, "offset": 6}).json()["total"] == 5


@pytest.mark.parametrize(
    "search", [{"limit": 0}, {"limit": 101}, {"offset": -1}, {"offset": 2**53}, {"sort": "colour"}, {"page": 2}]
)
def test_a_page_out_of_bounds_and_a_misspelt_parameter_are_refused(client: TestClient, search: dict[str, Any]) -> None:
    assert error_places(client.get("/books", params=search)) == [["query", *search]]


def test_the_bounds_of_a_page_themselves_are_accepted(client: TestClient) -> None:
    assert len(titles(client, limit=1)) == 1
    assert titles(client, limit=100, offset=2**53 - 1) == []


def test_one_book_and_one_author_can_be_read(client: TestClient) -> None:
    assert client.get(f"/books/{CITIES}").json()["title"] == "Invisible Cities"
    assert client.get("/authors/3").json() == {"id": 3, "name": "Italo Calvino"}
    assert [author["id"] for author in client.get("/authors").json()["items"]] == [3, 2, 1]


@pytest.mark.parametrize("path", ["/books/99", "/authors/99"])
def test_what_is_not_there_answers_404(client: TestClient, path: str) -> None:
    response = client.get(path)
    assert response.status_code == 404
    assert response.json()["detail"].startswith("There is no such")


@pytest.mark.parametrize("book_id", ["0", "-1", "x", str(2**63)])
def test_an_impossible_id_answers_422(client: TestClient, book_id: str) -> None:
    assert error_places(client.get(f"/books/{book_id}")) == [["path", "book_id"]]


# Becoming a customer and logging in


def test_a_customer_registers_logs_in_and_asks_who_they_are(client: TestClient) -> None:
    account = {"username": "alice", "password": "correct horse"}
    registered = client.post("/auth/users", json=account)
    assert registered.status_code == 201
    assert registered.headers["location"] == "/auth/me"
    token = client.post("/auth/token", data=account).json()
    assert (token["token_type"], token["expires_in"]) == ("bearer", 3600)
    me = client.get("/auth/me", headers={"Authorization": f"Bearer {token['access_token']}"})
    assert me.json() == registered.json() == {"id": 2, "username": "alice", "is_admin": False}


def test_a_name_can_be_registered_only_once(client: TestClient) -> None:
    response = client.post("/auth/users", json={"username": "admin", "password": "correct horse"})
    assert (response.status_code, response.json()) == (409, {"detail": "This name is taken."})


@pytest.mark.parametrize(
    "wrong",
    [{"username": "Al"}, {"username": "a b c"}, {"password": "short"}, {"password": 12345678}, {"is_admin": True}],
)
def test_a_bad_registration_is_refused(client: TestClient, wrong: dict[str, Any]) -> None:
    account = {"username": "alice", "password": "correct horse"} | wrong
    assert error_places(client.post("/auth/users", json=account)) == [["body", *wrong]]


@pytest.mark.parametrize("username", ["admin", "nobody"])
def test_a_wrong_password_and_an_unknown_name_are_refused_alike(client: TestClient, username: str) -> None:
    response = client.post("/auth/token", data={"username": username, "password": "guess"})
    assert (response.status_code, response.json()) == (401, {"detail": "Wrong name or password."})
    assert response.headers["www-authenticate"] == "Bearer"


def test_the_first_administrator_has_the_password_of_the_settings(tmp_path: Path) -> None:
    settings = Settings(database=tmp_path / "shop.db", admin_password=SecretStr("open sesame"))
    with TestClient(create_app(settings)) as client:
        assert client.post("/auth/token", data={"username": "admin", "password": "open sesame"}).status_code == 200
        assert client.post("/auth/token", data={"username": "admin", "password": "wonderland"}).status_code == 401


def test_passwords_are_kept_as_salted_hashes() -> None:
    first, second = hash_password("correct horse"), hash_password("correct horse")
    assert first != second
    assert "horse" not in first
    assert password_matches("correct horse", first)
    assert not password_matches("correct hors", first)


class SlowClock(TimestampSigner):
    """Signs as if it were an hour and a second ago."""

    def get_timestamp(self) -> int:
        return super().get_timestamp() - 3601


def test_a_token_expires(client: TestClient, settings: Settings) -> None:
    secret = settings.secret.get_secret_value()
    old = URLSafeTimedSerializer(secret, salt="bookshop login", signer=SlowClock).dumps(1)
    assert_not_logged_in(client, f"Bearer {old}")


def test_a_token_that_was_tampered_with_is_refused(client: TestClient, admin: Headers, alice: Headers) -> None:
    payload, rest = alice["Authorization"].removeprefix("Bearer ").split(".", 1)
    assert client.get("/auth/me", headers={"Authorization": f"Bearer {payload}.{rest}"}).status_code == 200
    administrators = admin["Authorization"].removeprefix("Bearer ").split(".", 1)[0]
    assert_not_logged_in(client, f"Bearer {administrators}.{rest}")


def test_a_token_signed_with_another_secret_is_refused(client: TestClient, settings: Settings) -> None:
    other = settings.model_copy(update={"secret": SecretStr("another")})
    assert_not_logged_in(client, log_in_as(User(id=1), other)["Authorization"])


@pytest.mark.parametrize("authorization", ["Bearer nonsense", "Bearer ", "Basic YWRtaW46d29uZGVybGFuZA==", ""])
def test_anything_but_a_token_is_refused(client: TestClient, authorization: str) -> None:
    assert_not_logged_in(client, authorization)


def test_the_token_of_a_user_who_is_gone_is_refused(client: TestClient, settings: Settings) -> None:
    assert_not_logged_in(client, log_in_as(User(id=99), settings)["Authorization"])


def assert_not_logged_in(client: TestClient, authorization: str) -> None:
    response = client.get("/auth/me", headers={"Authorization": authorization})
    assert response.status_code == 401
    assert response.headers["www-authenticate"] == "Bearer"
    assert set(response.json()) == {"detail"}


# Buying


def order(client: TestClient, headers: Headers, *lines: tuple[int, int]) -> Any:
    body = {"lines": [{"book_id": book_id, "quantity": quantity} for book_id, quantity in lines]}
    return client.post("/orders", json=body, headers=headers)


def test_an_order_takes_the_books_out_of_stock(client: TestClient, alice: Headers) -> None:
    response = order(client, alice, (LEFT_HAND, 2), (PRIDE, 1))
    assert response.status_code == 201
    placed = response.json()
    assert placed["total_cents"] == 2 * 1250 + 850
    assert [(line["title"], line["quantity"]) for line in placed["lines"]] == [
        ("The Left Hand of Darkness", 2),
        ("Pride and Prejudice", 1),
    ]
    assert placed["placed_at"].endswith("Z")
    assert client.get(response.headers["location"], headers=alice).json() == placed
    assert (stock(client, LEFT_HAND), stock(client, PRIDE)) == (1, 11)


def test_lines_for_the_same_book_are_added_up(client: TestClient, alice: Headers) -> None:
    assert order(client, alice, (LEFT_HAND, 2), (LEFT_HAND, 1)).json()["lines"][0]["quantity"] == 3
    assert stock(client, LEFT_HAND) == 0


def test_an_order_that_cannot_be_filled_changes_nothing(client: TestClient, alice: Headers, settings: Settings) -> None:
    response = order(client, alice, (EARTHSEA, 1), (EMMA, 1))
    assert (response.status_code, response.json()) == (409, {"detail": "There are not enough copies of book 4 left."})
    assert stock(client, EARTHSEA) == 7
    assert client.get("/orders", headers=alice).json() == {"items": [], "total": 0}
    assert not settings.receipts.exists()


def test_ordering_an_unknown_book_changes_nothing(client: TestClient, alice: Headers) -> None:
    assert order(client, alice, (EARTHSEA, 1), (99, 1)).status_code == 404
    assert stock(client, EARTHSEA) == 7


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({"lines": []}, ["body", "lines"]),
        ({"lines": [{"book_id": 1}] * 21}, ["body", "lines"]),
        ({"lines": [{"book_id": 1, "quantity": 0}]}, ["body", "lines", 0, "quantity"]),
        ({"lines": [{"book_id": "1"}]}, ["body", "lines", 0, "book_id"]),
        ({}, ["body", "lines"]),
    ],
)
def test_a_bad_order_is_refused(client: TestClient, alice: Headers, body: Any, place: list[str | int]) -> None:
    assert error_places(client.post("/orders", json=body, headers=alice)) == [place]


def test_orders_need_a_login(client: TestClient) -> None:
    assert order(client, {}, (EARTHSEA, 1)).status_code == 401
    assert client.get("/orders").status_code == 401
    assert client.get("/orders/1").status_code == 401


def test_customers_see_their_own_orders_only_and_the_newest_first(
    client: TestClient, alice: Headers, admin: Headers
) -> None:
    paths = [order(client, who, (PRIDE, 1)).headers["location"] for who in (alice, admin, alice)]
    assert [client.get(path, headers=alice).status_code for path in paths] == [200, 404, 200]
    listing = client.get("/orders", headers=alice).json()
    assert [f"/orders/{placed['id']}" for placed in listing["items"]] == [paths[2], paths[0]]


# With 50, all 40 worker threads wait for the database's write lock. Whoever holds it must be able to commit all
# the same: neither making the response nor closing the session may then need one of those threads.
@pytest.mark.parametrize("customers", [8, 50])
def test_only_one_of_many_customers_gets_the_last_copy(client: TestClient, admin: Headers, customers: int) -> None:
    client.patch(f"/admin/books/{CITIES}", json={"stock": 1}, headers=admin).raise_for_status()
    barrier = Barrier(customers)

    def buy(_: int) -> int:
        barrier.wait()
        status: int = order(client, admin, (CITIES, 1)).status_code
        return status

    with ThreadPoolExecutor(customers) as pool:
        statuses = sorted(pool.map(buy, range(customers)))
    assert statuses == [201] + [409] * (customers - 1)
    assert stock(client, CITIES) == 0


def test_a_commit_that_fails_is_told_to_the_customer(
    client: TestClient, alice: Headers, sessions: sessionmaker[Session], settings: Settings
) -> None:
    def fail(session: Session) -> None:
        raise OSError("disk full")

    event.listen(sessions, "before_commit", fail)
    response = order(client, alice, (EARTHSEA, 1))
    event.remove(sessions, "before_commit", fail)
    assert response.status_code == 500
    assert stock(client, EARTHSEA) == 7
    assert not settings.receipts.exists()


def test_an_order_leaves_a_receipt(client: TestClient, alice: Headers, settings: Settings) -> None:
    placed = order(client, alice, (LEFT_HAND, 2), (PRIDE, 1)).json()
    receipt = (settings.receipts / f"order-{placed['id']}.txt").read_text(encoding="utf-8")
    day, minute = placed["placed_at"][:10], placed["placed_at"][11:16]
    assert receipt.splitlines() == [
        f"Order {placed['id']}, {day} {minute} UTC",
        "",
        "  2 x The Left Hand of Darkness, 12.50 each",
        "  1 x Pride and Prejudice, 8.50 each",
        "",
        "Total 33.50",
    ]


def test_money_always_has_two_decimals() -> None:
    assert [money(cents) for cents in (0, 5, 1450)] == ["0.00", "0.05", "14.50"]


# The back office


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/admin/authors"),
        ("POST", "/admin/books"),
        ("PATCH", "/admin/books/1"),
        ("DELETE", "/admin/books/1"),
        ("GET", "/admin/users"),
        ("GET", "/admin/sales"),
    ],
)
def test_only_administrators_enter_the_back_office(client: TestClient, alice: Headers, method: str, path: str) -> None:
    assert client.request(method, path).status_code == 401
    response = client.request(method, path, headers=alice)
    assert (response.status_code, response.json()) == (403, {"detail": "Only administrators may do this."})


def test_a_book_is_created(client: TestClient, admin: Headers) -> None:
    response = client.post("/admin/books", json=NEW_BOOK, headers=admin)
    assert response.status_code == 201
    assert response.json()["author"] == {"id": 3, "name": "Italo Calvino"}
    assert response.headers["location"] == f"/books/{response.json()['id']}"
    assert client.get(response.headers["location"]).json() == response.json()


def test_an_isbn_belongs_to_one_book(client: TestClient, admin: Headers) -> None:
    client.post("/admin/books", json=NEW_BOOK, headers=admin).raise_for_status()
    again = client.post("/admin/books", json=NEW_BOOK, headers=admin)
    changed = client.patch("/admin/books/1", json={"isbn": NEW_BOOK["isbn"]}, headers=admin)
    assert again.status_code == changed.status_code == 409
    assert again.json() == changed.json() == {"detail": "There is a book with this ISBN already."}
    assert client.get("/books").json()["total"] == 6


@pytest.mark.parametrize(
    "wrong",
    [
        {"isbn": "978-0156439619"},
        {"isbn": "9780156439619\n"},
        {"isbn": "978\uff10156439619"},
        {"title": ""},
        {"title": "a\x00b"},
        {"title": "x" * 201},
        {"author_id": 0},
        {"author_id": 2**53},
        {"price_cents": -1},
        {"price_cents": "1600"},
        {"price_cents": 16.5},
        {"stock": None},
        {"colour": "red"},
    ],
)
def test_a_bad_book_is_refused(client: TestClient, admin: Headers, wrong: dict[str, Any]) -> None:
    response = client.post("/admin/books", json=NEW_BOOK | wrong, headers=admin)
    assert error_places(response) == [["body", *wrong]]


def test_a_whole_number_may_be_written_with_a_decimal_point(client: TestClient, admin: Headers) -> None:
    response = client.post("/admin/books", json=NEW_BOOK | {"price_cents": 1600.0}, headers=admin)
    assert (response.status_code, response.json()["price_cents"]) == (201, 1600)


def test_a_book_needs_a_known_author(client: TestClient, admin: Headers) -> None:
    assert client.post("/admin/books", json=NEW_BOOK | {"author_id": 99}, headers=admin).status_code == 404
    assert client.patch("/admin/books/1", json={"author_id": 99}, headers=admin).status_code == 404


def test_a_change_touches_only_the_given_fields(client: TestClient, admin: Headers) -> None:
    before = client.get("/books/1").json()
    changed = client.patch("/admin/books/1", json={"price_cents": 5, "author_id": 2, "title": None}, headers=admin)
    assert changed.json() == before | {"price_cents": 5, "author": {"id": 2, "name": "Jane Austen"}}
    assert client.get("/books/1").json() == changed.json()
    assert client.patch("/admin/books/1", json={}, headers=admin).json() == changed.json()


def test_a_deleted_book_is_gone(client: TestClient, admin: Headers) -> None:
    response = client.delete("/admin/books/1", headers=admin)
    assert (response.status_code, response.content) == (204, b"")
    assert client.get("/books/1").status_code == 404
    assert client.delete("/admin/books/1", headers=admin).status_code == 404
    assert client.patch("/admin/books/1", json={"stock": 1}, headers=admin).status_code == 404


def test_a_book_that_was_sold_cannot_be_deleted(client: TestClient, admin: Headers) -> None:
    order(client, admin, (EARTHSEA, 1)).raise_for_status()
    assert client.delete(f"/admin/books/{EARTHSEA}", headers=admin).status_code == 409
    assert stock(client, EARTHSEA) == 6


def test_an_author_is_created_once(client: TestClient, admin: Headers) -> None:
    response = client.post("/admin/authors", json={"name": "Tove Jansson"}, headers=admin)
    assert (response.status_code, response.headers["location"]) == (201, "/authors/4")
    assert client.get("/authors/4").json() == response.json() == {"id": 4, "name": "Tove Jansson"}
    assert client.post("/admin/authors", json={"name": "Tove Jansson"}, headers=admin).status_code == 409


def test_users_are_listed_without_their_passwords(client: TestClient, admin: Headers, alice: Headers) -> None:
    assert client.get("/admin/users", headers=admin).json() == {
        "items": [
            {"id": 1, "username": "admin", "is_admin": True},
            {"id": 2, "username": "alice", "is_admin": False},
        ],
        "total": 2,
    }


def test_sales_are_reported_at_the_prices_paid(client: TestClient, admin: Headers) -> None:
    empty = client.get("/admin/sales", headers=admin)
    assert empty.json() == {"copies": 0, "revenue_cents": 0, "best_sellers": []}
    order(client, admin, (EARTHSEA, 2), (PRIDE, 1)).raise_for_status()
    client.patch(f"/admin/books/{EARTHSEA}", json={"price_cents": 1}, headers=admin).raise_for_status()
    order(client, admin, (EARTHSEA, 1)).raise_for_status()
    report = client.get("/admin/sales", params={"top": 1}, headers=admin).json()
    assert report == {
        "copies": 4,
        "revenue_cents": 2 * 999 + 850 + 1,
        "best_sellers": [{"book_id": EARTHSEA, "title": "A Wizard of Earthsea", "copies": 3, "revenue_cents": 1999}],
    }
    assert client.get("/admin/sales", params={"top": 0}, headers=admin).status_code == 422


def test_the_whole_catalogue_is_a_stream_of_books(client: TestClient, admin: Headers) -> None:
    client.post("/admin/books", json=NEW_BOOK, headers=admin).raise_for_status()
    with client.stream("GET", "/books/all") as answer:
        assert answer.headers["content-type"] == "application/jsonl"
        books = [json.loads(line) for line in answer.iter_lines()]
    assert books == [client.get(f"/books/{number}").json() for number in range(1, 7)]


def test_a_till_asks_for_stock_over_an_open_socket(client: TestClient, admin: Headers) -> None:
    with client.websocket_connect("/stock") as till:
        till.send_json({"book_id": EARTHSEA})
        assert till.receive_json() == {"book_id": EARTHSEA, "stock": 7}
        order(client, admin, (EARTHSEA, 2)).raise_for_status()
        till.send_json({"book_id": EARTHSEA})
        assert till.receive_json() == {"book_id": EARTHSEA, "stock": 5}
        till.send_json({"book_id": 99})
        assert till.receive_json() == {"book_id": 99, "stock": None}
        till.send_json({"book": "Earthsea"})
        with pytest.raises(WebSocketDisconnect) as closed:
            till.receive_json()
    assert closed.value.code == 1007


# The application


def test_a_shop_that_opens_again_keeps_its_books(settings: Settings, client: TestClient, admin: Headers) -> None:
    client.post("/admin/books", json=NEW_BOOK, headers=admin).raise_for_status()
    with TestClient(create_app(settings)) as reopened:
        assert reopened.get("/books").json()["total"] == 6


def test_workers_that_start_at_once_fill_a_new_database_once(tmp_path: Path) -> None:
    settings = Settings(database=tmp_path / "new folder" / "shop.db")
    with ThreadPoolExecutor(4) as pool:
        engines = list(pool.map(open_database, [settings] * 4))
    with make_sessions(engines[0])() as db:
        assert db.query(User).count() == 1
        assert db.query(Book).count() == 5
    for engine in engines:
        engine.dispose()


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("BOOKSHOP_DATABASE", str(tmp_path / "from environment.db"))
    monkeypatch.setenv("BOOKSHOP_TOKEN_SECONDS", "60")
    with TestClient(create_app()) as client:
        token = client.post("/auth/token", data={"username": "admin", "password": "wonderland"}).json()
    assert token["expires_in"] == 60
    assert (tmp_path / "from environment.db").exists()


def test_the_secret_differs_from_shop_to_shop_unless_it_is_set() -> None:
    assert Settings().secret != Settings().secret
    assert "secret" not in repr(Settings(secret=SecretStr("secret of the shop")).secret)


def test_the_front_door_leads_to_the_docs(client: TestClient) -> None:
    response = client.get("/")
    assert (response.status_code, response.url.path) == (200, "/docs")


def test_every_refusal_is_documented(client: TestClient) -> None:
    document = client.get("/openapi.json").json()
    assert (document["info"]["title"], document["info"]["version"]) == ("Bookshop", "1.0.0")
    assert [tag["name"] for tag in document["tags"]] == ["books", "authors", "orders", "auth", "admin"]
    documented = {
        operation["operationId"]: set(operation["responses"])
        for path in document["paths"].values()
        for operation in path.values()
    }
    created = {"201", "400", "422"}
    assert documented == {
        "list_books": {"200", "422"},
        "get_book": {"200", "404", "422"},
        "list_authors": {"200", "422"},
        "get_author": {"200", "404", "422"},
        "place_order": created | {"401", "404", "409"},
        "list_orders": {"200", "401", "422"},
        "get_order": {"200", "401", "404", "422"},
        "register": created | {"409"},
        "log_in": {"200", "400", "401", "422"},
        "get_me": {"200", "401"},
        "create_author": created | {"401", "403", "409"},
        "create_book": created | {"401", "403", "404", "409"},
        "change_book": {"200", "400", "401", "403", "404", "409", "422"},
        "delete_book": {"204", "401", "403", "404", "409", "422"},
        "list_users": {"200", "401", "403", "422"},
        "report_sales": {"200", "401", "403", "422"},
    }


def test_what_needs_a_login_says_so_in_the_document(client: TestClient) -> None:
    document = client.get("/openapi.json").json()
    (scheme,) = document["components"]["securitySchemes"]
    secured = {
        path
        for path, operations in document["paths"].items()
        if any(operation.get("security") == [{scheme: []}] for operation in operations.values())
    }
    assert secured == {path for path in document["paths"] if path.startswith(("/admin", "/orders", "/auth/me"))}


# Over real HTTP


def environment(folder: Path) -> dict[str, str]:
    return {"BOOKSHOP_DATABASE": str(folder / "shop.db"), "BOOKSHOP_RECEIPTS": str(folder / "receipts")}


def log_in(shop: httpx2.Client) -> Headers:
    token = shop.post("/auth/token", data={"username": "admin", "password": "wonderland"}).json()["access_token"]
    return {"Authorization": f"Bearer {token}"}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx2.Client]:
    with (
        serving(APPLICATION, environment(tmp_path_factory.mktemp("served"))) as address,
        httpx2.Client(base_url=address, trust_env=False) as client,
    ):
        yield client


@pytest.fixture(scope="module")
def manager(shop: httpx2.Client) -> Headers:
    return log_in(shop)


def test_a_served_shop_describes_itself(shop: httpx2.Client) -> None:
    document = shop.get("/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    assert "/books/{book_id}" in document["paths"]
    page = shop.get("/docs")
    assert page.headers["content-type"].startswith("text/html")
    assert "Bookshop" in page.text
    assert "/openapi.json" in page.text


def test_a_served_shop_lists_and_creates_books(shop: httpx2.Client, manager: Headers) -> None:
    before = shop.get("/books").json()["total"]
    created = shop.post("/admin/books", json=NEW_BOOK, headers=manager)
    assert created.status_code == 201
    assert shop.get(created.headers["location"]).json() == created.json()
    assert shop.get("/books").json()["total"] == before + 1


def test_a_served_shop_refuses_bad_books(shop: httpx2.Client, manager: Headers) -> None:
    wrong = shop.post("/admin/books", json=NEW_BOOK | {"price_cents": -1}, headers=manager)
    assert error_places(wrong) == [["body", "price_cents"]]
    json = {"content-type": "application/json"} | manager
    assert shop.post("/admin/books", content=b'{"isbn": ', headers=json).json()["detail"][0]["type"] == "json_invalid"
    assert shop.post("/admin/books", content=b'{"isbn": "\xff"}', headers=json).status_code == 400


def test_a_shop_that_was_stopped_leaves_its_database_and_receipts(tmp_path: Path) -> None:
    with (
        serving(APPLICATION, environment(tmp_path)) as address,
        httpx2.Client(base_url=address, trust_env=False) as shop,
    ):
        shop.post("/orders", json={"lines": [{"book_id": PRIDE}]}, headers=log_in(shop)).raise_for_status()
    # The server has ended, and did not end before its background tasks.
    assert "Pride and Prejudice" in (tmp_path / "receipts" / "order-1.txt").read_text(encoding="utf-8")
    with closing(sqlite3.connect(tmp_path / "shop.db")) as database:
        assert database.execute("SELECT stock FROM books WHERE id = ?", [PRIDE]).fetchone() == (11,)


def test_a_server_that_cannot_start_says_why(tmp_path: Path) -> None:
    (tmp_path / "shop.db").mkdir()
    with pytest.raises(RuntimeError, match="unable to open database file"), serving(APPLICATION, environment(tmp_path)):
        pass
