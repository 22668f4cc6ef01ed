"""Basic, Bearer and Digest: what they read, what they refuse, and that nothing a client sends breaks them."""

import base64
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import HTTPConnection, Request

from fastlayer.exceptions import HTTPException
from fastlayer.security import HTTPAuthorizationCredentials, HTTPBasic, HTTPBasicCredentials, HTTPBearer, HTTPDigest
from fastlayer.security.http import HTTPBase
from fastlayer.security.utils import get_authorization_scheme_param


def connection(authorization: str | bytes | None, kind: str = "http") -> HTTPConnection:
    value = authorization.encode("latin-1") if isinstance(authorization, str) else authorization
    headers = [] if value is None else [(b"authorization", value)]
    scope = {"type": kind, "headers": headers, "path": "/", "query_string": b""}
    return Request(scope) if kind == "http" else HTTPConnection(scope)


def basic(decoded: bytes) -> str:
    return "Basic " + base64.b64encode(decoded).decode()


def call(scheme: Any, authorization: str | bytes | None, kind: str = "http") -> Any:
    """Return what the scheme gives; none of them ever waits."""
    coroutine = scheme(connection(authorization, kind))
    try:
        coroutine.send(None)
    except StopIteration as done:
        return done.value
    raise AssertionError("waited")


@pytest.mark.parametrize("kind", ["http", "websocket"])
def test_credentials_are_read_from_requests_and_websockets(kind: str) -> None:
    assert call(HTTPBasic(), basic(b"u:p"), kind) == HTTPBasicCredentials(username="u", password="p")
    assert call(HTTPBearer(), "Bearer a b ", kind) == HTTPAuthorizationCredentials(scheme="Bearer", credentials="a b")
    assert call(HTTPDigest(), "digest x=1", kind) == HTTPAuthorizationCredentials(scheme="digest", credentials="x=1")
    assert call(HTTPBase(scheme="Other"), "Any x", kind) == HTTPAuthorizationCredentials(scheme="Any", credentials="x")


@pytest.mark.parametrize(
    ("header", "username", "password"),
    [
        (basic(b"u:p:q"), "u", "p:q"),
        (basic(b":"), "", ""),
        ("BASIC YTpi", "a", "b"),
        ("Basic   YTpi ", "a", "b"),
        ("Basic Y Tpi", "a", "b"),
    ],
)
def test_basic_credentials_are_split_at_the_first_colon(header: str, username: str, password: str) -> None:
    assert call(HTTPBasic(), header) == HTTPBasicCredentials(username=username, password=password)


MALFORMED = [
    "Basic",
    "Basic ",
    "Basic !!!",
    "Basic YTp",
    "Basic YTpi\xe9",
    b"Basic \xff\xfe",
    basic(b"no colon"),
    basic(b"\xff:\xfe"),
    basic("é:ü".encode()),
    basic(b"a\0:b"),
    basic(b"a:b\x7f"),
    "Basic " + "A" * 1_000_001,
    "Basic " + "\0" * 100,
]


@pytest.mark.parametrize("auto_error", [True, False])
@pytest.mark.parametrize("header", MALFORMED, ids=lambda header: repr(header[:20]))
def test_basic_credentials_that_cannot_be_read_are_401_even_when_optional(header: Any, auto_error: bool) -> None:
    with pytest.raises(HTTPException) as info:
        call(HTTPBasic(auto_error=auto_error), header)
    error = info.value
    assert (error.status_code, error.detail, error.headers) == (401, "Not authenticated", {"WWW-Authenticate": "Basic"})


SCHEMES = [
    (HTTPBasic, {}, "Basic"),
    (HTTPBasic, {"realm": "shop"}, 'Basic realm="shop"'),
    (HTTPBearer, {}, "Bearer"),
    (HTTPDigest, {}, "Digest"),
    (HTTPBase, {"scheme": "other"}, "Other"),
]


@pytest.mark.parametrize("header", [None, "", " ", " Bearer t", "Bearer", "Bearer ", "Nothing", "x\ty"])
@pytest.mark.parametrize(("scheme", "options", "challenge"), SCHEMES)
def test_without_credentials_the_answer_is_401_with_a_challenge_or_the_value_is_none(
    scheme: Any, options: dict[str, Any], challenge: str, header: str | None
) -> None:
    with pytest.raises(HTTPException) as info:
        call(scheme(**options), header)
    assert (info.value.status_code, info.value.headers) == (401, {"WWW-Authenticate": challenge})
    assert call(scheme(**options, auto_error=False), header) is None


@pytest.mark.parametrize(("scheme", "header"), [(HTTPBearer(), "Digest x"), (HTTPDigest(), "Bearer x")])
def test_credentials_of_another_scheme_are_401(scheme: Any, header: str) -> None:
    with pytest.raises(HTTPException):
        call(scheme, header)


def test_a_token_with_nul_is_401() -> None:
    with pytest.raises(HTTPException):
        call(HTTPBearer(), "Bearer a\0b")


def test_a_realm_is_quoted_and_cannot_write_headers() -> None:
    assert HTTPBasic(realm='a"b\\').make_authenticate_headers() == {"WWW-Authenticate": 'Basic realm="a\\"b\\\\"'}
    with pytest.raises(ValueError, match="realm"):
        HTTPBasic(realm="a\r\nx-evil: 1")


@given(st.binary(max_size=80) | st.builds(lambda raw: b"Basic " + base64.b64encode(raw), st.binary(max_size=80)))
def test_no_header_leads_anywhere_but_to_credentials_none_or_401(header: bytes) -> None:
    for scheme in (HTTPBasic(), HTTPBasic(auto_error=False), HTTPBearer(), HTTPDigest(auto_error=False)):
        try:
            result = call(scheme, header)
        except HTTPException as error:
            assert error.status_code == 401
        else:
            assert result is None or isinstance(result, (HTTPBasicCredentials, HTTPAuthorizationCredentials))


@pytest.mark.parametrize("header", ["Basic " + "A" * 4_000_000, "Bearer" + " " * 4_000_000, basic(b"a" * 3_000_000)])
def test_megabytes_are_no_slow_path(header: str) -> None:
    start = time.perf_counter()
    for scheme in (HTTPBasic(auto_error=False), HTTPBearer(auto_error=False)):
        try:
            call(scheme, header)
        except HTTPException:
            pass
    assert time.perf_counter() - start < 1


def test_openapi_is_told_the_scheme() -> None:
    def said(scheme: Any) -> Any:
        return scheme.model.model_dump(mode="json", by_alias=True, exclude_none=True)

    assert said(HTTPBasic(description="d")) == {"type": "http", "scheme": "basic", "description": "d"}
    assert said(HTTPBearer(bearerFormat="JWT")) == {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
    assert said(HTTPDigest()) == {"type": "http", "scheme": "digest"}
    assert said(HTTPBase(scheme="Other")) == {"type": "http", "scheme": "Other"}
    assert (HTTPBasic().scheme_name, HTTPBearer(scheme_name="token").scheme_name) == ("HTTPBasic", "token")


def test_a_subclass_may_take_requests_only_and_call_up() -> None:
    class Mine(HTTPBearer):
        async def __call__(self, request: Request) -> Any:  # type: ignore[override]
            found = await super().__call__(request)
            return found and found.credentials.upper()

    assert call(Mine(), "Bearer abc") == "ABC"
    assert Mine().scheme_name == "Mine"


def test_a_subclass_may_answer_otherwise() -> None:
    class Forbidding(HTTPBearer):
        def make_not_authenticated_error(self) -> HTTPException:
            return HTTPException(403, "Go away")

    with pytest.raises(HTTPException) as info:
        call(Forbidding(), None)
    assert (info.value.status_code, info.value.detail) == (403, "Go away")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, ("", "")),
        ("", ("", "")),
        ("a", ("a", "")),
        ("a b", ("a", "b")),
        (" a b", ("", "a b")),
        ("a  b", ("a", "b")),
        ("a b c", ("a", "b c")),
    ],
)
def test_a_header_is_a_scheme_and_the_rest(value: str | None, expected: tuple[str, str]) -> None:
    assert get_authorization_scheme_param(value) == expected
