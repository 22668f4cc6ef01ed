"""Controllers: a class as a router, its constructor as shared dependencies, its methods as operations."""

from collections.abc import Iterator
from functools import partial
from typing import Annotated, Any, ClassVar

import pytest
from starlette.requests import Request

from fastlayer import Controller, Depends, FastLayer, FastLayerError, WebSocket
from fastlayer.controllers import api_route, delete, get, patch, post, put, websocket
from fastlayer.testclient import TestClient

events: list[str] = []


def database() -> Iterator[str]:
    events.append("open")
    yield "db"
    events.append("close")


def auditor(db: Annotated[str, Depends(database)]) -> str:
    return f"audited {db}"


class Items(Controller):
    prefix = "/items"
    tags = ("items",)
    meta: ClassVar[dict[str, str]] = {"owner": "shop"}

    def __init__(
        self, db: Annotated[str, Depends(database)], audit: Annotated[str, Depends(auditor)], limit: int = 10
    ) -> None:
        events.append("made")
        self.db, self.audit, self.limit = db, audit, limit

    @get("/{id}", "/by-id/{id}", summary="Read one")
    async def read(self, id: int, request: Request) -> dict[str, Any]:
        """What one item is."""
        return {"id": id, "db": self.db, "limit": self.limit, **request.scope["route"].meta}

    @post("/", status_code=201)
    def create(self, name: str) -> str:
        return f"{name} in {self.audit}"

    @put("/{id}")
    @patch("/{id}")
    async def change(self, id: int) -> str:
        return f"changed {id}"

    @delete("/{id}", status_code=204)
    async def remove(self, id: int) -> None:
        events.append(f"removed {id}")

    @websocket("/ws")
    async def listen(self, socket: WebSocket) -> None:
        await socket.accept()
        await socket.send_text(self.db)
        await socket.close()


class Books(Items):
    prefix = "/books"

    async def read(self, id: int) -> dict[str, Any]:  # type: ignore[override]  # asks for less
        return {"book": id, "db": self.db}

    @api_route("/odd", methods=["LOCK"])
    async def lock(self) -> str:
        return "locked"


class Plain(Controller):
    @get("/plain")
    async def read(self) -> str:
        return "plain"


@pytest.fixture
def client() -> TestClient:
    events.clear()
    app = FastLayer()
    app.include_router(Items)
    app.include_router(Books, prefix="/v2", tags=["books"])
    app.include_router(Plain)
    return TestClient(app)


def test_methods_are_operations_with_the_class_attributes_as_options(client: TestClient) -> None:
    assert client.get("/items/3?limit=4").json() == {"id": 3, "db": "db", "limit": 4, "owner": "shop"}
    assert client.get("/items/by-id/3").json()["limit"] == 10
    assert client.post("/items/?name=x").json() == "x in audited db"
    assert [client.request(method, "/items/3").json() for method in ("PUT", "PATCH")] == ["changed 3", "changed 3"]
    assert client.delete("/items/3").status_code == 204
    assert client.get("/plain").json() == "plain"


def test_the_constructors_dependencies_are_resolved_once_per_request_and_closed(client: TestClient) -> None:
    client.get("/items/3")

    assert events == ["open", "made", "close"]


def test_invalid_constructor_arguments_are_validation_errors(client: TestClient) -> None:
    answer = client.get("/items/3?limit=many")

    assert answer.status_code == 422
    assert [error["loc"] for error in answer.json()["detail"]] == [["query", "limit"]]
    assert "made" not in events


def test_subclasses_inherit_operations_and_override_methods(client: TestClient) -> None:
    assert client.get("/v2/books/3").json() == {"book": 3, "db": "db"}
    assert client.post("/v2/books/?name=y").json() == "y in audited db"
    assert client.request("LOCK", "/v2/books/odd").json() == "locked"
    assert client.request("LOCK", "/items/odd").status_code == 405


def test_sockets_have_the_controller_too(client: TestClient) -> None:
    with client.websocket_connect("/items/ws") as socket:
        assert socket.receive_text() == "db"


def test_urls_are_made_from_methods(client: TestClient) -> None:
    app: Any = client.app

    assert app.url_path_for(Items.read, id=3) == "/items/3"
    assert app.url_path_for(Books.read, id=3) == "/v2/books/3"


def test_the_document_does_not_mention_the_instance(client: TestClient) -> None:
    operation = client.get("/openapi.json").json()["paths"]["/items/{id}"]["get"]

    assert [one["name"] for one in operation["parameters"]] == ["id", "limit"]
    assert (operation["summary"], operation["description"]) == ("Read one", "What one item is.")
    assert operation["tags"] == ["items"]


def test_an_operation_that_is_no_plain_method_is_refused() -> None:
    class Wrong(Controller):
        read = get("/")(partial(print, "never"))

    with pytest.raises(FastLayerError, match="plain method"):
        FastLayer().include_router(Wrong)
