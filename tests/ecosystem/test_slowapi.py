"""slowapi: limits on how often a client may call."""

from fastapi import FastAPI, Request
from fastapi.testclient import TestClient
from slowapi import Limiter, _rate_limit_exceeded_handler
from slowapi.errors import RateLimitExceeded
from slowapi.middleware import SlowAPIMiddleware
from slowapi.util import get_remote_address


def make_app(**options):
    limiter = Limiter(key_func=get_remote_address, **options)
    app = FastAPI()
    app.state.limiter = limiter
    app.add_exception_handler(RateLimitExceeded, _rate_limit_exceeded_handler)
    return app, limiter


def test_the_third_call_in_a_minute_is_refused():
    app, limiter = make_app()

    @app.get("/home")
    @limiter.limit("2/minute")
    async def home(request: Request):
        return {"hello": "world"}

    client = TestClient(app)
    assert [client.get("/home").status_code for _ in range(3)] == [200, 200, 429]


def test_a_limit_on_a_sync_endpoint_of_an_included_router():
    from fastapi import APIRouter

    app, limiter = make_app()
    router = APIRouter()

    @router.get("/items/{item_id}")
    @limiter.limit("1/minute")
    def item(request: Request, item_id: int):
        return item_id

    app.include_router(router, prefix="/api")
    client = TestClient(app)
    assert client.get("/api/items/3").json() == 3
    assert client.get("/api/items/3").status_code == 429


def test_the_middleware_applies_a_default_limit():
    app, _ = make_app(default_limits=["1/minute"])
    app.add_middleware(SlowAPIMiddleware)

    @app.get("/")
    def index():
        return 1

    client = TestClient(app)
    assert [client.get("/").status_code for _ in range(2)] == [200, 429]
