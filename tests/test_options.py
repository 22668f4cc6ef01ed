"""Options of an app, a router, an inclusion and a route: written anywhere, combined by one mechanism, per option."""

from collections.abc import Callable
from typing import Any

import pytest
from pydantic import BaseModel, Field
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Receive, Scope, Send

from fastlayer import APIRouter, Depends, FastLayer, Form, HTTPException, Request
from fastlayer.options import RouteOptions, SharedOptions, combine, written
from fastlayer.responses import JSONResponse, PlainTextResponse
from fastlayer.routing import APIRoute
from fastlayer.testclient import TestClient

LAYERS = ("app", "router", "include", "route")


class Item(BaseModel):
    name: str | None = None
    size: int = 1


def layered(values: dict[str, dict[str, Any]], endpoint: Callable[..., Any] | None = None, method: str = "post") -> Any:
    """The app, and its one route `/v1/items`, with these options at each layer."""

    def take(item: Item) -> Item:
        return item

    app = FastLayer(**values.get("app", {}))
    router = APIRouter(**values.get("router", {}))
    getattr(router, method)("/items", **values.get("route", {}))(endpoint or take)
    app.include_router(router, prefix="/v1", **values.get("include", {}))
    return app


def operation(app: FastLayer, method: str = "post") -> dict[str, Any]:
    found: dict[str, Any] = app.openapi()["paths"]["/v1/items"][method]
    return found


def each(option: str, *values: Any) -> dict[str, dict[str, Any]]:
    """The option at every layer, outermost first; None where it is not written."""
    return {layer: {option: value} for layer, value in zip(LAYERS, values, strict=True) if value is not None}


def test_tags_of_all_layers_add_up() -> None:
    assert operation(layered(each("tags", ["a"], ["b"], ["c"], ["d"])))["tags"] == ["a", "c", "b", "d"]


def test_dependencies_of_all_layers_are_called_outermost_first() -> None:
    called: list[str] = []

    def calling(name: str) -> Any:
        async def dependency() -> None:
            called.append(name)

        return [Depends(dependency)]

    app = layered(each("dependencies", *(calling(layer) for layer in LAYERS)))
    assert TestClient(app).post("/v1/items", json={}).status_code == 200
    assert called == ["app", "include", "router", "route"]


def test_responses_of_all_layers_are_documented_and_the_innermost_wins() -> None:
    def saying(status: int, layer: str) -> dict[int, Any]:
        return {status: {"description": layer}, 418: {"description": layer}}

    documented = operation(layered(each("responses", *map(saying, (401, 403, 404, 409), LAYERS))))["responses"]
    described = {status: documented[status]["description"] for status in ("401", "403", "404", "409", "418")}
    assert described == {"401": "app", "403": "router", "404": "include", "409": "route", "418": "route"}


def test_callbacks_of_all_layers_are_documented() -> None:
    def telling(layer: str) -> list[Any]:
        told = APIRouter()
        told.post(f"/{layer}", name=layer)(lambda: None)
        return told.routes

    assert set(operation(layered(each("callbacks", *map(telling, LAYERS))))["callbacks"]) == set(LAYERS)


@pytest.mark.parametrize("layer", LAYERS)
def test_what_any_layer_calls_deprecated_is(layer: str) -> None:
    assert operation(layered({layer: {"deprecated": True}}))["deprecated"] is True
    assert "deprecated" not in operation(layered({layer: {"deprecated": False}}))


@pytest.mark.parametrize("layer", LAYERS)
def test_what_any_layer_hides_is_not_in_the_document(layer: str) -> None:
    app = layered({layer: {"include_in_schema": False}})
    assert "/v1/items" not in app.openapi()["paths"]
    assert TestClient(app).post("/v1/items", json={}).status_code == 200


def innermost(option: str, values: dict[str, Any], look: Callable[[FastLayer], Any]) -> list[Any]:
    """What comes out with the option at the app alone, then also at the inclusion, the router and the route."""
    order = ("app", "include", "router", "route")
    return [look(layered({layer: {option: values[layer]} for layer in order[: count + 1]})) for count in range(4)]


def test_the_innermost_maker_of_ids_wins() -> None:
    values = {layer: lambda route, layer=layer: f"{layer}_{route.name}" for layer in LAYERS}
    ids = innermost("generate_unique_id_function", values, lambda app: operation(app)["operationId"])
    assert ids == ["app_take", "include_take", "router_take", "route_take"]


def test_the_innermost_class_of_responses_wins() -> None:
    class Own(JSONResponse):
        media_type = "application/own+json"

    def kind(**values: dict[str, Any]) -> str:
        return TestClient(layered(values)).post("/v1/items", json={}).headers["content-type"]

    own, usual = {"default_response_class": Own}, {"default_response_class": JSONResponse}
    assert kind() == "application/json"
    assert kind(app=own) == kind(include=own) == kind(router=own) == "application/own+json"
    assert kind(app=own, include=usual) == kind(include=own, router=usual) == "application/json"
    assert kind(router=own, route={"response_class": JSONResponse}) == "application/json"


def test_the_innermost_demand_for_a_content_type_wins() -> None:
    values = {"app": False, "include": True, "router": False, "route": True}

    def look(app: FastLayer) -> int:
        return TestClient(app).post("/v1/items", content=b"{}").status_code

    assert innermost("strict_content_type", values, look) == [200, 422, 200, 422]


@pytest.mark.parametrize(
    ("option", "expected"),
    [
        ("response_model_exclude_none", {"size": 1}),
        ("response_model_exclude_unset", {}),
        ("response_model_exclude_defaults", {}),
    ],
)
@pytest.mark.parametrize("layer", LAYERS)
def test_defaults_of_responses_reach_the_route_from_every_layer(layer: str, option: str, expected: Any) -> None:
    assert TestClient(layered({layer: {option: True}})).post("/v1/items", json={}).json() == expected
    inner = layered({layer: {option: True}, "route": {option: False}}) if layer != "route" else layered({})
    assert TestClient(inner).post("/v1/items", json={}).json() == {"name": None, "size": 1}


class Aliased(BaseModel):
    size: int = Field(1, alias="size-of-it")


@pytest.mark.parametrize("layer", LAYERS)
def test_names_in_answers_are_those_the_nearest_layer_says(layer: str) -> None:
    def take() -> Aliased:
        return Aliased.model_validate({})

    def look(values: dict[str, dict[str, Any]]) -> Any:
        return TestClient(layered(values, take)).post("/v1/items").json()

    assert look({}) == {"size-of-it": 1}
    assert look({layer: {"response_model_by_alias": False}}) == {"size": 1}
    if layer != "route":
        both = {layer: {"response_model_by_alias": False}, "route": {"response_model_by_alias": True}}
        assert look(both) == {"size-of-it": 1}


def test_the_innermost_limit_of_a_body_wins() -> None:
    values = {"app": 1, "include": 100, "router": 1, "route": 100}

    def look(app: FastLayer) -> int:
        return TestClient(app).post("/v1/items", json={"size": 2}).status_code

    assert innermost("max_body_size", values, look) == [413, 200, 413, 200]


def test_the_innermost_limit_of_a_form_wins_key_by_key() -> None:
    def take(names: list[str] = Form()) -> int:
        return len(names)

    def send(count: int, **values: Any) -> int:
        app = layered({layer: {"form_limits": limits} for layer, limits in values.items()}, take)
        return TestClient(app).post("/v1/items", data={"names": ["a"] * count}).status_code

    assert send(2, app={"max_fields": 1}) == send(2, router={"max_fields": 1}) == 400
    assert send(2, include={"max_fields": 1}) == send(2, route={"max_fields": 1}) == 400
    assert send(2, app={"max_fields": 1}, route={"max_fields": 2}) == 200
    assert send(2, router={"max_fields": 1}, route={"max_part_size": 5}) == 400


class Marking:
    """Adds its name to a header, the innermost first."""

    def __init__(self, app: ASGIApp, name: str) -> None:
        self.app, self.name = app, name

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def marking(message: Any) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"x-through", self.name.encode())]
            await send(message)

        await self.app(scope, receive, marking)


def test_middleware_of_all_layers_stands_around_the_route_outermost_first() -> None:
    app = layered(each("middleware", *([Middleware(Marking, name=layer)] for layer in LAYERS)))
    answer = TestClient(app).post("/v1/items", json={})
    assert answer.headers.get_list("x-through") == ["route", "router", "include", "app"]


def test_the_nearest_handler_of_an_exception_answers() -> None:
    def fail() -> None:
        raise HTTPException(418)

    def answering(layer: str) -> dict[Any, Any]:
        return {HTTPException: lambda request, exc: PlainTextResponse(layer)}

    def look(values: dict[str, dict[str, Any]]) -> str:
        return TestClient(layered(values, fail, "get")).get("/v1/items").text

    order = ("app", "include", "router", "route")
    answers = [
        look({layer: {"exception_handlers": answering(layer)} for layer in order[: count + 1]}) for count in range(4)
    ]
    assert answers == list(order)


def test_meta_is_merged_key_by_key_and_read_in_dependencies_and_middleware() -> None:
    seen: list[Any] = []

    async def note(request: Request) -> None:
        seen.append(dict(request.scope["route"].meta))

    class Noting(Marking):
        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            seen.append(dict(scope["route"].meta))
            await self.app(scope, receive, send)

    values = each("meta", {"a": 1, "b": 1}, {"b": 2, "c": 2}, {"c": 3, "d": 3}, {"d": 4})
    values["router"] |= {"dependencies": [Depends(note)], "middleware": [Middleware(Noting, name="")]}
    app = layered(values)

    @app.middleware("http")
    async def after(request: Request, call_next: Any) -> Any:
        answer = await call_next(request)
        seen.append(dict(request.scope["route"].meta))
        return answer

    assert TestClient(app).post("/v1/items", json={}).status_code == 200
    assert seen == [{"a": 1, "b": 2, "c": 2, "d": 4}] * 3


def test_a_router_of_its_own_answers_by_its_own_default_and_redirects_or_not() -> None:
    async def default(scope: Scope, receive: Receive, send: Send) -> None:
        await PlainTextResponse("nothing here", 404)(scope, receive, send)

    for redirects, status in ((True, 307), (False, 404)):
        router = APIRouter(default=default, redirect_slashes=redirects)
        router.get("/items")(lambda: None)
        client = TestClient(router, follow_redirects=False)
        assert client.get("/items").status_code == 200
        assert client.get("/items/").status_code == status
        assert client.get("/nowhere").text == "nothing here"


def test_a_router_makes_routes_of_its_class() -> None:
    class Own(APIRoute):
        """Nothing else."""

    router = APIRouter(route_class=Own)
    router.get("/items")(lambda: None)
    app = FastLayer()
    app.include_router(router, prefix="/v1")
    assert [type(route) for route in app.routes if isinstance(route, APIRoute)] == [Own]


def test_events_of_a_router_run_with_the_app_that_includes_it() -> None:
    events: list[str] = []
    inner = APIRouter(on_startup=[lambda: events.append("up")], on_shutdown=[lambda: events.append("down")])
    outer = APIRouter()
    outer.include_router(inner)
    app = FastLayer()
    app.include_router(outer)
    with TestClient(app):
        assert events == ["up"]
    assert events == ["up", "down"]


def test_every_option_of_a_layer_is_one_of_a_route() -> None:
    assert set(SharedOptions.__annotations__) < set(RouteOptions.__annotations__)


def test_what_was_not_said_inherits() -> None:
    assert written({"tags": None, "deprecated": None, "response_model": None}) == {"response_model": None}
    outer, inner = {"tags": ["a"], "auto_head": True}, {"tags": ["b"], "response_model": None}
    assert combine(outer, inner) == {"tags": ["a", "b"], "auto_head": True, "response_model": None}
    assert combine({}, inner) is inner
