"""wireup: services by type from a container, in endpoints of the application and of routers."""

import wireup
import wireup.integration.fastapi
from fastapi import APIRouter, FastAPI
from fastapi.testclient import TestClient
from wireup import Injected


@wireup.injectable
class Greeter:
    def greet(self, name: str) -> str:
        return f"Hello {name}"


def test_services_are_injected():
    app = FastAPI()
    router = APIRouter()

    @app.get("/sync/{name}")
    def sync(name: str, greeter: Injected[Greeter]):
        return greeter.greet(name)

    @router.get("/asynchronous")
    async def asynchronous(greeter: Injected[Greeter], name: str = "world"):
        return greeter.greet(name)

    app.include_router(router, prefix="/api")
    container = wireup.create_async_container(injectables=[Greeter, wireup.integration.fastapi])
    wireup.integration.fastapi.setup(container, app)
    with TestClient(app) as client:
        assert client.get("/sync/you").json() == "Hello you"
        assert client.get("/api/asynchronous").json() == "Hello world"
