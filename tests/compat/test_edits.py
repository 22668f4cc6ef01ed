"""What packages do to routers and routes after registration."""

import inspect
from collections.abc import Callable
from copy import copy
from typing import Annotated, Any

import pytest
from pydantic import BaseModel
from starlette.requests import Request
from starlette.testclient import TestClient

from fastlayer import Depends, Query
from fastlayer.compat import tree
from fastlayer.compat.applications import FastAPI
from fastlayer.compat.dependencies.utils import get_dependant, get_parameterless_sub_dependant
from fastlayer.compat.routing import APIRouter, _iter_routes_with_context, request_response
from fastlayer.compat.solving import solve_dependencies
from fastlayer.dependencies.parameters import ParameterError


class Full(BaseModel):
    name: str
    secret: str = "s"


class Short(BaseModel):
    name: str


def router_with(endpoint: Callable[..., Any], **options: Any) -> APIRouter:
    router = APIRouter()
    router.add_api_route("/x", endpoint, **options)
    return router


def client_of(router: APIRouter, prefix: str = "/api") -> TestClient:
    app = FastAPI()
    app.include_router(router, prefix=prefix)
    return TestClient(app)


def test_a_copied_router_has_routes_of_its_own() -> None:
    router = router_with(lambda: 1)
    other = copy(router)
    other.routes = []
    assert len(router.routes) == 1
    other.add_api_route("/y", lambda: 2)
    assert TestClient(other).get("/y").json() == 2
    assert TestClient(router).get("/y").status_code == 404
    assert TestClient(router).get("/x").json() == 1


def test_a_signature_written_after_registration_counts_at_inclusion() -> None:
    def endpoint(number: Any) -> Any:
        return number

    router = router_with(endpoint)
    parameter = inspect.Parameter("number", inspect.Parameter.KEYWORD_ONLY, annotation=Annotated[int, Query()])
    endpoint.__signature__ = inspect.Signature([parameter])  # type: ignore[attr-defined]  # as class-based views do
    assert client_of(router).get("/api/x", params={"number": "5"}).json() == 5


def test_an_endpoint_replaced_after_registration_is_the_one_included() -> None:
    router = router_with(lambda: "old")
    router.routes[0].endpoint = lambda: "new"  # type: ignore[attr-defined]  # an APIRoute
    assert client_of(router).get("/api/x").json() == "new"


def test_attributes_edited_after_registration_count_at_inclusion() -> None:
    def endpoint() -> Any:
        return {"name": "n", "secret": "s"}

    seen: list[str] = []
    router = router_with(endpoint, response_model=Full, tags=["old"])
    route: Any = router.routes[0]
    route.response_model = Short
    route.tags = ["new"]
    route.operation_id = "named"
    route.dependencies = [Depends(lambda: seen.append("called"))]
    route.dependant.dependencies.append(
        get_parameterless_sub_dependant(depends=route.dependencies[0], path=route.path_format)
    )
    client = client_of(router)
    assert client.get("/api/x").json() == {"name": "n"}
    assert seen == ["called"]
    operation = client.get("/openapi.json").json()["paths"]["/api/x"]["get"]
    assert (operation["tags"], operation["operationId"]) == (["new"], "named")


def test_a_rebuilt_app_honours_an_extended_dependant() -> None:
    seen: list[int] = []

    def limit(size: int = 3) -> None:
        seen.append(size)

    app = FastAPI()

    @app.get("/x")
    def endpoint() -> int:
        return 1

    route: Any = app.router.routes[-1]
    dependant = get_parameterless_sub_dependant(depends=Depends(limit), path="/x")
    route.dependant.dependencies.append(dependant)
    route.app = request_response(route.get_route_handler())
    client = TestClient(app)
    assert client.get("/x", params={"size": 7}).json() == 1
    assert seen == [7]
    parameters = client.get("/openapi.json").json()["paths"]["/x"]["get"]["parameters"]
    assert [parameter["name"] for parameter in parameters] == ["size"]


def test_kinds_of_a_signature_written_by_hand_say_nothing() -> None:
    def endpoint(**numbers: int) -> dict[str, int]:
        return numbers

    parameter = inspect.Parameter("number", inspect.Parameter.POSITIONAL_ONLY, annotation=int)
    endpoint.__signature__ = inspect.Signature([parameter])  # type: ignore[attr-defined]  # as CRUD generators do
    assert client_of(router_with(endpoint)).get("/api/x", params={"number": 5}).json() == {"number": 5}


def test_a_real_positional_only_parameter_is_still_refused() -> None:
    def endpoint(number: int, /) -> None: ...

    with pytest.raises(ParameterError, match="Positional-only"):
        router_with(endpoint)


def test_routes_of_the_tree_need_no_context() -> None:
    router = router_with(lambda: 1)
    assert list(_iter_routes_with_context(router.routes)) == [(router.routes[0], None)]
    assert list(tree.iter_included_route_candidates(router.routes)) == router.routes


def test_a_key_of_the_scope_is_put_back_or_taken_out() -> None:
    scope: dict[str, Any] = {"fastapi": {"route": "inner", "other": 1}}
    tree.restore_fastapi_scope_key(scope, "route", "outer")
    assert scope == {"fastapi": {"route": "outer", "other": 1}}
    tree.restore_fastapi_scope_key(scope, "route", tree._SCOPE_MISSING)
    tree.restore_fastapi_scope_key(scope, "never", tree._SCOPE_MISSING)
    assert scope == {"fastapi": {"other": 1}}


def test_a_scope_without_a_part_of_fastapis_stays_as_it_is() -> None:
    scope: dict[str, Any] = {"type": "http"}
    tree.restore_fastapi_scope_key(scope, "route", "outer")
    assert scope == {"type": "http"}


class Message(Request):
    """A request that is no HTTP, as message brokers make one."""

    def __init__(self, body: Any, path: dict[str, Any]) -> None:
        self.scope = {"path_params": path}
        self._body = body
        self._headers = {"origin": "broker"}  # type: ignore[assignment]
        self._query_params = path  # type: ignore[assignment]
        self._cookies = {}


@pytest.mark.anyio
async def test_dependencies_are_solved_for_a_request_that_is_no_http() -> None:
    from contextlib import AsyncExitStack

    def endpoint(body: Full, message: Request, level: str) -> None: ...

    async with AsyncExitStack() as stack:
        message = Message({"name": "n"}, {"level": "high"})
        solved = await solve_dependencies(
            request=message,
            dependant=get_dependant(path="{level}", call=endpoint),
            body=message._body,
            async_exit_stack=stack,
            embed_body_fields=False,
        )
    assert solved.errors == []
    assert solved.values == {"body": Full(name="n"), "message": message, "level": "high"}


def test_a_websocket_dependency_of_an_http_route_keeps_its_default() -> None:
    from starlette.websockets import WebSocket

    def endpoint(request: Request, socket: WebSocket = None) -> bool:  # type: ignore[assignment]  # as dishka writes it
        return socket is None

    assert client_of(router_with(endpoint)).get("/api/x").json() is True


def test_middleware_that_takes_the_stack_apart_finds_starlettes() -> None:
    from starlette.middleware.errors import ServerErrorMiddleware

    app = FastAPI()
    assert not isinstance(app.build_middleware_stack(), ServerErrorMiddleware)
    original = app.build_middleware_stack
    stacks: list[Any] = []

    def build() -> Any:
        stacks.append(original())
        return stacks[-1]

    app.build_middleware_stack = build  # type: ignore[method-assign]  # as instrumentation does
    assert TestClient(app).get("/openapi.json").status_code == 200
    assert [type(stack) for stack in stacks] == [ServerErrorMiddleware]


def test_a_replaced_call_of_starlette_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    from starlette.applications import Starlette

    original = Starlette.__call__
    seen: list[str] = []

    async def noting(self: Any, scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope["path"])
        await original(self, scope, receive, send)

    monkeypatch.setattr(Starlette, "__call__", noting)
    assert TestClient(FastAPI()).get("/openapi.json").status_code == 200
    assert "/openapi.json" in seen


@pytest.mark.parametrize(
    ("name", "path", "title"),
    [("get_swagger_ui_html", "/docs", "Mine - Swagger UI"), ("get_redoc_html", "/redoc", "Mine - ReDoc")],
)
def test_pages_are_made_by_functions_that_may_be_replaced(
    monkeypatch: pytest.MonkeyPatch, name: str, path: str, title: str
) -> None:
    from starlette.responses import HTMLResponse

    from fastlayer.compat import applications

    client = TestClient(FastAPI(title="Mine"))
    assert "<html" in client.get(path).text
    monkeypatch.setattr(applications, name, lambda **options: HTMLResponse(f"{options['title']} {len(options)}"))
    assert client.get(path).text == f"{title} {5 if path == '/docs' else 2}"
