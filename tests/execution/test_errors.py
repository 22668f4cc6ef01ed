"""Which handler answers an exception."""

from typing import Any

import pytest
from starlette.exceptions import HTTPException

from fastlayer.exceptions import RequestValidationError, WebSocketRequestValidationError
from fastlayer.execution.errors import find_handler, invalid
from fastlayer.execution.exchange import Exchange

from ..in_memory import http_scope


class Base(Exception): ...


class Derived(Base): ...


def handlers(*keys: Any) -> dict[Any, Any]:
    return {key: f"for {key}" for key in keys}


def scope(everywhere: dict[Any, Any], by_status: dict[Any, Any] | None = None) -> dict[str, Any]:
    return {"starlette.exception_handlers": (everywhere, by_status or {})}


@pytest.mark.parametrize(
    ("exception", "own", "app", "expected"),
    [
        (Derived(), [], [], None),
        (Derived(), [], [Base], Base),
        (Derived(), [], [Base, Derived], Derived),
        (Derived(), [Base], [Derived], Base),
        (ExceptionGroup("g", [Derived()]), [], [Base], Base),
        (ExceptionGroup("g", [ExceptionGroup("h", [Derived()])]), [], [Base], Base),
        (ExceptionGroup("g", [Derived(), Base()]), [], [Base], None),
        (ExceptionGroup("g", [Derived()]), [ExceptionGroup], [Base], ExceptionGroup),
        (HTTPException(404), [404], [HTTPException], 404),
    ],
)
def test_the_nearest_and_most_special_handler_is_found(exception: Any, own: Any, app: Any, expected: Any) -> None:
    handler, _ = find_handler(exception, handlers(*own), scope(handlers(*app)))
    assert handler == (None if expected is None else f"for {expected}")


def test_a_status_of_the_app_is_found_before_a_class() -> None:
    found, _ = find_handler(HTTPException(404), {}, scope(handlers(HTTPException), handlers(404)))
    assert found == "for 404"


def test_the_member_of_a_group_is_what_its_handler_is_given() -> None:
    member = Derived()
    assert find_handler(ExceptionGroup("g", [member]), {}, scope(handlers(Base)))[1] is member


def test_without_an_app_there_are_no_handlers() -> None:
    assert find_handler(Base(), {}, {})[0] is None


async def nothing(*message: Any) -> Any: ...


@pytest.mark.parametrize(
    ("kind", "expected"), [("http", RequestValidationError), ("websocket", WebSocketRequestValidationError)]
)
def test_errors_of_a_request_are_an_exception_of_its_kind(kind: str, expected: Any) -> None:
    exchange = Exchange({**http_scope("GET", "/"), "type": kind}, nothing, nothing)
    error: Any = invalid(exchange, [{"loc": ("query", "q")}], {"path": "GET /", "function": "f"})
    assert type(error) is expected
    assert error.errors() == [{"loc": ("query", "q")}]
    assert "GET /" in str(error)
