"""OAuth 2.0 and OpenID Connect: tokens, forms, scopes."""

import inspect
from typing import Any

import pytest
from starlette.requests import HTTPConnection

from fastlayer.openapi.models import OAuthFlows
from fastlayer.security import (
    OAuth2,
    OAuth2AuthorizationCodeBearer,
    OAuth2PasswordBearer,
    OAuth2PasswordRequestForm,
    OAuth2PasswordRequestFormStrict,
    OpenIdConnect,
    SecurityScopes,
)

pytestmark = pytest.mark.anyio


def connection(authorization: str | None, kind: str = "http") -> HTTPConnection:
    headers = [] if authorization is None else [(b"authorization", authorization.encode("latin-1"))]
    return HTTPConnection({"type": kind, "headers": headers, "path": "/"})


def bearers(**options: Any) -> list[Any]:
    return [OAuth2PasswordBearer("token", **options), OAuth2AuthorizationCodeBearer("login", "token", **options)]


def whole(**options: Any) -> list[Any]:
    return [OAuth2(**options), OpenIdConnect(openIdConnectUrl="u", **options)]


@pytest.mark.parametrize("kind", ["http", "websocket"])
async def test_the_bearers_give_the_token_and_the_others_the_header(kind: str) -> None:
    for scheme in bearers():
        assert await scheme(connection("bearer  tok ", kind)) == "tok"
        assert await scheme(connection("Bearer", kind)) == ""
    for scheme in whole():
        assert await scheme(connection("Any thing ", kind)) == "Any thing "


@pytest.mark.parametrize("header", [None, "", "Bearer a\0b"])
async def test_without_a_token_the_answer_is_401_or_the_value_none(header: str | None) -> None:
    for scheme in bearers() + whole():
        with pytest.raises(Exception, match="Not authenticated") as info:
            await scheme(connection(header))
        assert (info.value.status_code, info.value.headers) == (401, {"WWW-Authenticate": "Bearer"})  # type: ignore[attr-defined]
    for scheme in bearers(auto_error=False) + whole(auto_error=False):
        assert await scheme(connection(header)) is None


@pytest.mark.parametrize("header", ["Basic x", " Bearer x", "Bearer\tx", "x" * 1_000_000])
async def test_another_scheme_is_no_token(header: str) -> None:
    for scheme in bearers(auto_error=False):
        assert await scheme(connection(header)) is None


async def test_openapi_is_told_the_flows() -> None:
    def said(scheme: Any) -> Any:
        return scheme.model.model_dump(mode="json", by_alias=True, exclude_none=True)

    assert said(OAuth2()) == {"type": "oauth2", "flows": {}}
    assert said(OAuth2(flows=OAuthFlows())) == {"type": "oauth2", "flows": {}}
    flow = {"tokenUrl": "t", "scopes": {"a": "b"}}
    assert said(OAuth2(flows={"password": flow}, description="d")) == {
        "type": "oauth2",
        "description": "d",
        "flows": {"password": flow},
    }
    assert said(OAuth2PasswordBearer("t", scopes={"a": "b"}, refreshUrl="r")) == {
        "type": "oauth2",
        "flows": {"password": {**flow, "refreshUrl": "r"}},
    }
    assert said(OAuth2AuthorizationCodeBearer("login", "t")) == {
        "type": "oauth2",
        "flows": {"authorizationCode": {"authorizationUrl": "login", "tokenUrl": "t", "scopes": {}}},
    }
    assert said(OpenIdConnect(openIdConnectUrl="u")) == {"type": "openIdConnect", "openIdConnectUrl": "u"}
    names = [scheme.scheme_name for scheme in bearers() + whole()]
    assert names == ["OAuth2PasswordBearer", "OAuth2AuthorizationCodeBearer", "OAuth2", "OpenIdConnect"]


async def test_scopes_are_a_list_and_a_string() -> None:
    assert vars(SecurityScopes(["a", "b"])) == {"scopes": ["a", "b"], "scope_str": "a b"}
    assert vars(SecurityScopes()) == {"scopes": [], "scope_str": ""}


async def test_the_form_splits_the_scopes() -> None:
    form = OAuth2PasswordRequestForm(username="u", password="p", scope=" a b  c", client_id="i")
    assert vars(form) == {
        "grant_type": None,
        "username": "u",
        "password": "p",
        "scopes": ["a", "b", "c"],
        "client_id": "i",
        "client_secret": None,
    }


async def test_only_the_strict_form_requires_the_grant_type() -> None:
    def required(form: type) -> set[str]:
        return {
            name
            for name, parameter in inspect.signature(form).parameters.items()
            if parameter.default is parameter.empty
        }

    assert required(OAuth2PasswordRequestForm) == {"username", "password"}
    assert required(OAuth2PasswordRequestFormStrict) == {"grant_type", "username", "password"}
    assert OAuth2PasswordRequestFormStrict("password", "u", "p").scopes == []
