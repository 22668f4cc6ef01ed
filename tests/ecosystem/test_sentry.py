"""sentry-sdk: reports errors with the route they happened in."""

import pytest
import sentry_sdk
from fastapi import APIRouter, FastAPI
from fastapi.testclient import TestClient
from sentry_sdk.integrations.fastapi import FastApiIntegration
from sentry_sdk.integrations.starlette import StarletteIntegration


@pytest.fixture
def events():
    events = []
    sentry_sdk.init(
        dsn="http://key@localhost/1",
        transport=events.append,
        traces_sample_rate=1.0,
        before_send=lambda event, hint: events.append(event),
        before_send_transaction=lambda event, hint: events.append(event),
        integrations=[StarletteIntegration(), FastApiIntegration()],
        default_integrations=False,
    )
    yield events
    sentry_sdk.get_client().close()


def make_client() -> TestClient:
    app = FastAPI()
    router = APIRouter()

    @router.get("/sync/{item_id}")
    def sync(item_id: int):
        return item_id

    @router.post("/broken/{item_id}")
    async def broken(item_id: int, body: dict[str, str]):
        raise ValueError("broken")

    app.include_router(router, prefix="/api")
    return TestClient(app, raise_server_exceptions=False)


def test_a_transaction_is_named_after_the_route(events):
    assert make_client().get("/api/sync/3").json() == 3
    [transaction] = [event for event in events if event.get("type") == "transaction"]
    assert transaction["transaction"] == "/api/sync/{item_id}"
    assert transaction["transaction_info"] == {"source": "route"}


def test_an_error_carries_route_and_body(events):
    assert make_client().post("/api/broken/3", json={"why": "test"}).status_code == 500
    [error] = [event for event in events if "exception" in event]
    assert error["transaction"] == "/api/broken/{item_id}"
    assert error["exception"]["values"][-1]["value"] == "broken"
    assert error["request"]["data"] == {"why": "test"}
