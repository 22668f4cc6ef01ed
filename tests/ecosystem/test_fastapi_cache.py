"""fastapi-cache2: keeps the answers of endpoints, whose signatures it extends."""

from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.testclient import TestClient
from fastapi_cache import FastAPICache
from fastapi_cache.backends.inmemory import InMemoryBackend
from fastapi_cache.decorator import cache
from pydantic import BaseModel


class Item(BaseModel):
    item_id: int
    call: int


def make_app() -> FastAPI:
    calls: list[int] = []

    @asynccontextmanager
    async def lifespan(app: FastAPI):
        FastAPICache.init(InMemoryBackend(), prefix="test")
        yield
        FastAPICache.reset()

    app = FastAPI(lifespan=lifespan)

    @app.get("/items/{item_id}")
    @cache(expire=60)
    async def item(item_id: int) -> Item:
        calls.append(item_id)
        return Item(item_id=item_id, call=len(calls))

    @app.get("/sync/{item_id}")
    @cache(expire=60)
    def sync(item_id: int):
        calls.append(item_id)
        return {"call": len(calls)}

    return app


def test_the_second_answer_comes_from_the_cache():
    with TestClient(make_app()) as client:
        first = client.get("/items/3")
        second = client.get("/items/3")
        assert first.json() == second.json() == {"item_id": 3, "call": 1}
        assert [first.headers["x-fastapi-cache"], second.headers["x-fastapi-cache"]] == ["MISS", "HIT"]
        assert client.get("/items/4").json()["call"] == 2
        unchanged = client.get("/items/3", headers={"if-none-match": second.headers["etag"]})
        assert unchanged.status_code == 304


def test_sync_endpoints_are_cached_too():
    with TestClient(make_app()) as client:
        assert client.get("/sync/1").json() == client.get("/sync/1").json()
