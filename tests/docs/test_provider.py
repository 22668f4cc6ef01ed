"""Logging in at a provider, as the page shows it: the tea house tells where, and believes the provider's tokens."""

import base64
import hashlib
import json
import re
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest

from docs_src.howto.provider import PROVIDER, app
from fastlayer.diagnostics import diagnose
from fastlayer.testclient import TestClient

from .provider import site

VERIFIER = "a-verifier-of-at-least-forty-three-characters-long"
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
BACK = "http://testserver/docs/oauth2-redirect"


@pytest.fixture
def client() -> Iterator[TestClient]:
    with TestClient(site, follow_redirects=False) as client:
        yield client


def token(client: TestClient, verifier: str = VERIFIER, scope: str = "teas:read") -> httpx2.Response:
    """What the provider answers to the client of the documentation page, which was sent back with a code."""
    asked = {"response_type": "code", "client_id": "tea-house-docs", "redirect_uri": BACK, "state": "s", "scope": scope}
    asked |= {"code_challenge": CHALLENGE, "code_challenge_method": "S256"}
    back = urlsplit(client.get("/login/authorize", params=asked).headers["location"])
    assert f"{back.scheme}://{back.netloc}{back.path}" == BACK
    (code,) = parse_qs(back.query)["code"]
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK, "code_verifier": verifier}
    return client.post("/login/token", data=form)


def test_the_document_and_the_page_tell_where_to_log_in_and_to_use_pkce(client: TestClient) -> None:
    (scheme,) = client.get("/openapi.json").json()["components"]["securitySchemes"].values()
    assert scheme["flows"]["authorizationCode"] == {
        "authorizationUrl": f"{PROVIDER}/authorize",
        "tokenUrl": f"{PROVIDER}/token",
        "scopes": {"teas:read": "See the teas"},
    }
    found = re.search(r"ui\.initOAuth\((\{.*\})\)", client.get("/docs").text)
    assert found
    assert json.loads(found[1])["usePkceWithAuthorizationCodeGrant"] is True
    assert client.get("/docs/oauth2-redirect").status_code == 200


def test_who_logged_in_is_served(client: TestClient) -> None:
    headers = {"authorization": f"Bearer {token(client).json()['access_token']}"}
    assert client.get("/teas", headers=headers).json() == ["Ada's sencha"]


def test_a_code_is_worth_nothing_without_its_verifier(client: TestClient) -> None:
    assert token(client, verifier="x" * 43).json() == {"detail": "invalid_grant"}


def test_others_are_refused(client: TestClient) -> None:
    assert client.get("/teas").status_code == 401
    forged = client.get("/teas", headers={"authorization": "Bearer forged"})
    assert (forged.status_code, forged.headers["www-authenticate"]) == (401, "Bearer")
    narrow = {"authorization": f"Bearer {token(client, scope='').json()['access_token']}"}
    assert client.get("/teas", headers=narrow).json() == {"detail": "Not without teas:read"}


def test_nothing_about_it_is_suspicious() -> None:
    assert diagnose(app) == []
