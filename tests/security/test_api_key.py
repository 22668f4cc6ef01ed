"""API keys in their three places."""

from typing import Any

import pytest
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection

from fastlayer.security import APIKeyCookie, APIKeyHeader, APIKeyQuery

PLACES = [APIKeyQuery, APIKeyHeader, APIKeyCookie]
pytestmark = pytest.mark.anyio


def connection(place: Any, key: str | None, kind: str) -> HTTPConnection:
    headers: list[tuple[bytes, bytes]] = []
    query = b""
    if key is not None and place is APIKeyQuery:
        query = b"key=" + key.replace("\0", "%00").encode()
    elif key is not None and place is APIKeyHeader:
        headers.append((b"key", key.encode()))
    elif key is not None:
        headers.append((b"cookie", b"other=1; key=" + key.encode()))
    return HTTPConnection({"type": kind, "headers": headers, "query_string": query, "path": "/"})


@pytest.mark.parametrize("kind", ["http", "websocket"])
@pytest.mark.parametrize("place", PLACES)
async def test_the_key_is_read_from_its_place(place: Any, kind: str) -> None:
    assert await place(name="key")(connection(place, "secret", kind)) == "secret"


async def test_a_header_has_its_name_in_any_case() -> None:
    assert await APIKeyHeader(name="KEY")(connection(APIKeyHeader, "secret", "http")) == "secret"


@pytest.mark.parametrize("key", [None, "", "a\0b"])
@pytest.mark.parametrize("place", PLACES)
async def test_without_a_usable_key_the_answer_is_401_or_the_value_none(place: Any, key: str | None) -> None:
    request = connection(place, key, "http")
    with pytest.raises(HTTPException) as info:
        await place(name="key")(request)
    error = info.value
    assert (error.status_code, error.detail, error.headers) == (
        401,
        "Not authenticated",
        {"WWW-Authenticate": "APIKey"},
    )
    assert await place(name="key", auto_error=False)(request) is None


@pytest.mark.parametrize(("place", "location"), list(zip(PLACES, ["query", "header", "cookie"], strict=True)))
async def test_openapi_is_told_place_and_name(place: Any, location: str) -> None:
    scheme = place(name="key", description="d")
    assert scheme.model.model_dump(mode="json", by_alias=True) == {
        "type": "apiKey",
        "in": location,
        "name": "key",
        "description": "d",
    }
    assert scheme.scheme_name == place.__name__
    assert place(name="key", scheme_name="mine").scheme_name == "mine"
