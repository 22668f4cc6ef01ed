"""prometheus-fastapi-instrumentator: counts requests by route, method and status."""

from fastapi import APIRouter, FastAPI
from fastapi.testclient import TestClient
from prometheus_client import CollectorRegistry
from prometheus_fastapi_instrumentator import Instrumentator


def test_requests_are_counted_by_the_path_as_it_is_served():
    app = FastAPI()
    router = APIRouter()

    @router.get("/items/{item_id}")
    def item(item_id: int):
        return item_id

    app.include_router(router, prefix="/api")
    Instrumentator(registry=CollectorRegistry()).instrument(app).expose(app)
    client = TestClient(app)
    for number in range(3):
        client.get(f"/api/items/{number}")
    client.get("/api/items/none")
    metrics = client.get("/metrics").text
    assert 'http_requests_total{handler="/api/items/{item_id}",method="GET",status="2xx"} 3.0' in metrics
    assert 'http_requests_total{handler="/api/items/{item_id}",method="GET",status="4xx"} 1.0' in metrics
