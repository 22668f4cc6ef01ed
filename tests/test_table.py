"""Which routes the table finds for a path, and in which order."""

from typing import Any

import pytest
from starlette.routing import Route

from fastlayer.paths import parse_path
from fastlayer.table import Described, RouteTable, build_tables


async def endpoint(request: Any) -> None:
    """Never called: the table only finds routes."""


def table(*paths: str | None) -> RouteTable:
    """A table of routes with these paths, in this order; None is a route that must be asked."""
    return build_tables(
        Described(Route(path or "/asked", endpoint), None if path is None else parse_path(path)) for path in paths
    ).http


def found(routes: RouteTable, path: str) -> list[tuple[int, Any]]:
    return [(entry.order, params) for entry, params in routes.candidates(path)]


def test_candidates_come_in_the_order_of_registration() -> None:
    routes = table("/users/{name}", "/users/me", "/{section}/me", None, "/users/{id:int}")

    assert found(routes, "/users/me") == [(0, {"name": "me"}), (1, {}), (2, {"section": "users"}), (3, None)]
    assert found(routes, "/users/7") == [(0, {"name": "7"}), (3, None), (4, {"id": 7})]


@pytest.mark.parametrize(
    ("template", "path", "params"),
    [
        ("/a/{x}", "/a/", None),
        ("/a/{x}", "/a/b/c", None),
        ("/a/{x:path}", "/a/b/c", {"x": "b/c"}),
        ("/a/{x:path}/end", "/a/b/c/end", {"x": "b/c"}),
        ("/a/{x:int}", "/a/\N{ARABIC-INDIC DIGIT ONE}", None),
        ("/a/{x:int}", "/a/-1", None),
        ("/a/{x:float}", "/a/1.5", {"x": 1.5}),
        ("/a/v{x}", "/a/v2", {"x": "2"}),
        ("/a/{x}-{y}", "/a/1-2", {"x": "1", "y": "2"}),
        ("", "", {}),
        ("/", "/", {}),
    ],
)
def test_a_path_fits_a_template_or_not(template: str, path: str, params: dict[str, Any] | None) -> None:
    assert found(table(template), path) == ([] if params is None else [(0, params)])


def test_an_integer_too_long_to_convert_fits_no_route() -> None:
    assert found(table("/items/{id:int}", "/items/{id:int}.json"), f"/items/{'9' * 5000}") == []


def test_routes_that_must_be_asked_keep_their_place() -> None:
    assert [order for order, _ in found(table("/a", None, "/a"), "/a")] == [0, 1, 2]
    assert found(table(None), "/anything") == [(0, None)]


def test_sockets_and_requests_have_tables_of_their_own() -> None:
    route = Route("/a", endpoint)
    tables = build_tables(
        [Described(route, parse_path("/a"), None, "http"), Described(route, parse_path("/a"), None, "websocket")]
    )

    assert found(tables.http, "/a") == [(0, {})]
    assert found(tables.websocket, "/a") == [(1, {})]
