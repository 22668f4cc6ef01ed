"""svcs: services from a registry that the lifespan fills, one container per request."""

import svcs
from fastapi import FastAPI
from fastapi.testclient import TestClient


class Database:
    def __init__(self) -> None:
        self.closed = False

    def close(self) -> None:
        self.closed = True


def test_a_service_is_made_for_a_request_and_closed_after_it():
    made: list[Database] = []

    def factory():
        made.append(Database())
        yield made[-1]
        made[-1].close()

    @svcs.fastapi.lifespan
    async def lifespan(app: FastAPI, registry: svcs.Registry):
        registry.register_factory(Database, factory)
        yield {"your": "state"}

    app = FastAPI(lifespan=lifespan)

    @app.get("/")
    async def index(services: svcs.fastapi.DepContainer) -> dict[str, bool]:
        return {"closed": (await services.aget(Database)).closed}

    with TestClient(app) as client:
        assert client.get("/").json() == {"closed": False}
    assert [database.closed for database in made] == [True]
