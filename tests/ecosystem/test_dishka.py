"""dishka: dependencies by type from a container, injected into endpoints."""

from collections.abc import AsyncIterator

from dishka import Provider, Scope, make_async_container, provide
from dishka.integrations.fastapi import DishkaRoute, FromDishka, inject, setup_dishka
from fastapi import APIRouter, FastAPI
from fastapi.testclient import TestClient


class Connection:
    open = False


class Connections(Provider):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[Connection] = []

    @provide(scope=Scope.REQUEST)
    async def connection(self) -> AsyncIterator[Connection]:
        connection = Connection()
        connection.open = True
        self.seen.append(connection)
        yield connection
        connection.open = False


def make_client() -> tuple[TestClient, Connections]:
    provider = Connections()
    app = FastAPI()
    router = APIRouter(route_class=DishkaRoute)

    @router.get("/auto/{number}")
    async def auto(number: int, connection: FromDishka[Connection]) -> dict[str, bool | int]:
        return {"number": number, "open": connection.open}

    @app.get("/by-hand")
    @inject
    async def by_hand(connection: FromDishka[Connection]) -> dict[str, bool]:
        return {"open": connection.open}

    app.include_router(router, prefix="/api")
    setup_dishka(make_async_container(provider), app)
    return TestClient(app), provider


def test_a_route_class_injects():
    client, provider = make_client()
    assert client.get("/api/auto/3").json() == {"number": 3, "open": True}
    assert client.get("/api/auto/x").status_code == 422
    assert [connection.open for connection in provider.seen] == [False]


def test_a_decorator_injects():
    client, _ = make_client()
    assert client.get("/by-hand").json() == {"open": True}
