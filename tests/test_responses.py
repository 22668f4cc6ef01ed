"""Response classes that are not Starlette's, and the check of headers."""

import datetime
import sys

import pytest
import starlette.responses

from fastlayer import responses
from fastlayer.responses import EncodedJSONResponse, ORJSONResponse, Response, UJSONResponse, check_headers


@pytest.mark.parametrize(
    "name",
    [
        "Response",
        "JSONResponse",
        "HTMLResponse",
        "PlainTextResponse",
        "RedirectResponse",
        "StreamingResponse",
        "FileResponse",
    ],
)
def test_the_common_classes_are_starlettes_own(name: str) -> None:
    assert getattr(responses, name) is getattr(starlette.responses, name)


def test_orjson_writes_dates_and_keys_that_are_not_strings_without_a_warning() -> None:
    response = ORJSONResponse({1: datetime.date(2020, 1, 1), "é": None})
    assert response.body == '{"1":"2020-01-01","é":null}'.encode()
    assert response.headers["content-type"] == "application/json"


def test_ujson_writes_text_unescaped() -> None:
    pytest.importorskip("ujson")
    assert UJSONResponse({"é": 1}).body == '{"é":1}'.encode()


def test_a_missing_ujson_is_named_with_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ujson", None)
    with pytest.raises(RuntimeError, match="pip install ujson"):
        UJSONResponse({})


def test_encoded_json_is_sent_as_it_is() -> None:
    response = EncodedJSONResponse(b"[1]", status_code=422)
    assert (response.body, response.headers["content-length"]) == (b"[1]", "3")


@pytest.mark.parametrize("bad", ["\r", "\n", "\0", "\r\nset-cookie: admin=1"])
@pytest.mark.parametrize("place", ["name", "value"])
def test_a_header_that_would_start_another_is_refused_by_name(bad: str, place: str) -> None:
    response = Response()
    name, value = (f"x{bad}", "v") if place == "name" else ("x-name", f"v{bad}")
    response.headers[name] = value
    with pytest.raises(ValueError, match="Header 'x"):
        check_headers(response.raw_headers)


def test_a_cookie_that_would_start_another_header_is_refused() -> None:
    response = Response()
    response.raw_headers.append((b"set-cookie", b"a=b; Path=/\r\nx-evil: 1"))
    with pytest.raises(ValueError, match="'set-cookie'"):
        check_headers(response.raw_headers)


def test_ordinary_headers_pass() -> None:
    response = Response("text", headers={"x-tab": "a\tb", "x-latin": "é"}, media_type="text/plain")
    response.set_cookie("session", "value; with = signs")
    check_headers(response.raw_headers)
    check_headers([])
