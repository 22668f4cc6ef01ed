"""Inclusion: routers stay live, in order, however often and deep they are included."""

import gc
from copy import copy
from typing import Any

import pytest
from starlette.routing import BaseRoute

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


@pytest.mark.parametrize("change", ["remove", "sort", "add"])
def test_lists_of_routes_are_followed_through_every_method_of_a_list(change: str) -> None:
    router, other, app = APIRouter(), APIRouter(), FastLayer(openapi_url=None)
    app.include_router(router, prefix="/p")
    router.get("/b")(endpoint)
    router.get("/a")(endpoint)
    other.get("/c")(endpoint)
    if change == "remove":
        router.routes.remove(router.routes[0])
        assert paths(app) == ["/p/a"]
    elif change == "sort":
        router.routes.sort(key=lambda route: route.path)
        assert paths(router) == ["/a", "/b"]
        assert sorted(paths(app)) == ["/p/a", "/p/b"]
    else:
        routes = router.routes
        routes += other.routes
        assert routes is router.routes
        assert paths(app) == ["/p/b", "/p/a", "/p/c"]


def test_a_copied_list_of_routes_is_a_plain_one_that_nobody_follows() -> None:
    router, app = APIRouter(), FastLayer(openapi_url=None)
    app.include_router(router, prefix="/p")
    router.get("/a")(endpoint)

    copied = copy(router.routes)
    copied.clear()
    assert type(copied) is list
    assert paths(router) == ["/a"]
    assert paths(app) == ["/p/a"]


class Unknown(BaseRoute):
    """A kind of route that has no path to put a prefix before."""

    path = "/unknown"


def test_a_kind_of_route_without_a_path_of_its_own_is_left_out() -> None:
    router, app = APIRouter(), FastLayer(openapi_url=None)
    router.routes.append(Unknown())
    app.include_router(router, prefix="/p")
    router.routes.append(Unknown())
    router.get("/a")(endpoint)
    assert paths(app) == ["/p/a"]


def test_a_route_taken_out_of_the_app_stays_out_and_those_after_it_keep_their_place() -> None:
    router, app = APIRouter(), FastLayer(openapi_url=None)
    router.get("/a")(endpoint)
    router.get("/b")(endpoint)
    app.include_router(router, prefix="/p")
    app.get("/last")(endpoint)
    del app.router.routes[1]
    assert paths(app) == ["/p/a", "/last"]

    router.get("/c")(endpoint)
    assert paths(app) == ["/p/a", "/p/c", "/last"]
    del router.routes[1]
    assert paths(app) == ["/p/a", "/p/c", "/last"]


def test_routes_come_last_where_what_stood_before_the_inclusion_is_gone() -> None:
    router, app = APIRouter(), FastLayer(openapi_url=None)
    app.get("/before")(endpoint)
    app.include_router(router, prefix="/p")
    app.get("/after")(endpoint)
    del app.router.routes[0]

    router.get("/a")(endpoint)
    assert paths(app) == ["/after", "/p/a"]


def test_an_app_that_nobody_holds_any_more_is_not_told_of_changes() -> None:
    router, kept, dropped = APIRouter(), FastLayer(openapi_url=None), APIRouter()
    kept.include_router(router)
    dropped.include_router(router)
    del dropped
    gc.collect()

    router.routes.touch()
    router.get("/a")(endpoint)
    assert paths(kept) == ["/a"]
    assert len(router.routes.inclusions) == 1


def test_route_contexts_show_every_kind_of_route() -> None:
    router, app = APIRouter(tags=["t"]), FastLayer(openapi_url=None)
    router.get("/items/{id:int}", name="item")(endpoint)
    app.include_router(router, prefix="/api")
    app.mount("/files", FastLayer(), name="files")

    item, mounted = iter_route_contexts(app.routes)
    assert (item.path, item.path_format) == ("/api/items/{id:int}", "/api/items/{id}")
    assert (item.name, item.methods, item.endpoint) == ("item", {"GET"}, endpoint)
    assert item.tags == ["t"]
    assert item.route is item.original_route is router.routes[0]
    assert (mounted.path, mounted.name, mounted.methods) == ("/files", "files", None)
    assert mounted.original_route is app.routes[1]
    assert "/files" in repr(mounted)
    assert repr(mounted).startswith("RouteContext(")
    assert list(iter_route_contexts([item])) == [item]
    with pytest.raises(AttributeError):
        _ = mounted.tags
