"""Inclusion: routers stay live, in order, however often and deep they are included."""

from typing import Any

import pytest

from fastlayer import APIRouter, Depends, FastLayer
from fastlayer.routing import iter_route_contexts


def paths(router: Any) -> list[str]:
    return [route.path for route in router.routes if not route.path.startswith(("/openapi", "/docs", "/redoc"))]


def endpoint() -> None:
    """Never called: these tests look at the routes."""


def test_routes_added_later_stand_where_they_would_have_stood() -> None:
    first, second, app = APIRouter(), APIRouter(), FastLayer(openapi_url=None)
    app.get("/before")(endpoint)
    app.include_router(first, prefix="/first")
    app.include_router(second, prefix="/second")
    app.get("/after")(endpoint)
    second.get("/2")(endpoint)
    first.get("/1")(endpoint)
    first.get("/0")(endpoint)

    assert paths(app) == ["/before", "/first/1", "/first/0", "/second/2", "/after"]


def test_one_router_is_included_often_with_other_options() -> None:
    router, app = APIRouter(tags=["r"]), FastLayer(openapi_url=None)
    app.include_router(router, prefix="/v1", tags=["one"])
    app.include_router(router, prefix="/v2", tags=["two"], deprecated=True)
    router.get("/a", tags=["a"])(endpoint)

    served: list[Any] = list(app.routes)
    assert [(route.path, route.tags, route.deprecated) for route in served] == [
        ("/v1/a", ["one", "r", "a"], None),
        ("/v2/a", ["two", "r", "a"], True),
    ]
    assert router.routes[0].tags == ["r", "a"]  # type: ignore[attr-defined]  # an APIRoute


def test_nested_routers_are_live_too() -> None:
    leaf, middle, app = APIRouter(), APIRouter(prefix="/middle"), FastLayer(openapi_url=None)
    app.include_router(middle, prefix="/app")
    middle.include_router(leaf, prefix="/leaf")
    leaf.get("/x")(endpoint)
    assert paths(app) == ["/app/middle/leaf/x"]

    del leaf.routes[0]
    assert paths(app) == []


def test_dependencies_come_from_the_outside_in() -> None:
    calls: list[str] = []

    def noting(name: str) -> Any:
        return Depends(lambda: calls.append(name))

    leaf = APIRouter(dependencies=[noting("leaf")])
    middle = APIRouter(dependencies=[noting("middle")])
    app = FastLayer(dependencies=[noting("app")], openapi_url=None)
    leaf.get("/", dependencies=[noting("route")])(endpoint)
    middle.include_router(leaf, dependencies=[noting("include leaf")], prefix="/leaf")
    app.include_router(middle, dependencies=[noting("include middle")])

    served: Any = app.routes[0]
    for one in served.dependencies:
        one.dependency()
    assert calls == ["app", "include middle", "middle", "include leaf", "leaf", "route"]


def test_route_contexts_tell_where_a_users_route_is_served() -> None:
    router, app = APIRouter(), FastLayer(openapi_url=None)
    router.get("/items/{id}")(endpoint)
    app.include_router(router, prefix="/api")

    [context] = iter_route_contexts(app.routes)
    assert context.path == "/api/items/{id}"
    assert context.original_route is router.routes[0]


@pytest.mark.parametrize("change", ["clear", "reverse", "replace", "insert"])
def test_every_change_of_the_list_is_followed(change: str) -> None:
    router, app = APIRouter(), FastLayer(openapi_url=None)
    app.include_router(router, prefix="/p")
    for path in ("/a", "/b"):
        router.get(path)(endpoint)
    kept = list(router.routes)
    if change == "clear":
        router.routes.clear()
        assert paths(app) == []
    elif change == "reverse":
        router.routes.reverse()
        assert sorted(paths(app)) == ["/p/a", "/p/b"]
    elif change == "replace":
        router.routes = kept[1:]
        assert paths(app) == ["/p/b"]
    else:
        router.routes.insert(0, router.routes.pop())
        assert paths(app) == ["/p/b", "/p/a"]
