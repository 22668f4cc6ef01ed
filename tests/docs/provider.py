"""A provider of tokens: the authorization code flow with PKCE (RFC 7636), for the page about logging in at one.

Serve `site`, with `PROVIDER=/login`, to see both: the tea house, and the provider. Everybody is Ada, and logged in.
"""

import base64
import hashlib
import secrets
from collections.abc import AsyncIterator
from typing import Annotated, Literal
from urllib.parse import urlencode

import httpx2

from docs_src.howto.provider import app, open_provider
from fastlayer import FastLayer, Form, HTTPException
from fastlayer.responses import RedirectResponse

provider = FastLayer()
provider.state.codes = {}
provider.state.tokens = {}


@provider.get("/authorize")
async def authorize(
    response_type: Literal["code"],
    client_id: Literal["tea-house-docs"],
    redirect_uri: str,
    state: str,
    code_challenge: str,
    code_challenge_method: Literal["S256"],
    scope: str = "",
) -> RedirectResponse:
    code = secrets.token_urlsafe()
    provider.state.codes[code] = (code_challenge, redirect_uri, scope)
    return RedirectResponse(f"{redirect_uri}?{urlencode({'code': code, 'state': state})}")


@provider.post("/token")
async def give_token(
    grant_type: Annotated[Literal["authorization_code"], Form()],
    code: Annotated[str, Form()],
    redirect_uri: Annotated[str, Form()],
    code_verifier: Annotated[str, Form(min_length=43, max_length=128)],
) -> dict[str, str]:
    challenge, wanted_uri, scope = provider.state.codes.pop(code, (None, None, ""))
    digest = base64.urlsafe_b64encode(hashlib.sha256(code_verifier.encode()).digest()).rstrip(b"=").decode()
    if (digest, redirect_uri) != (challenge, wanted_uri):
        raise HTTPException(400, "invalid_grant")
    token = secrets.token_urlsafe()
    provider.state.tokens[token] = scope
    return {"access_token": token, "token_type": "bearer", "scope": scope}


@provider.post("/introspect")
async def introspect(token: Annotated[str, Form()]) -> dict[str, str | bool]:
    if token not in provider.state.tokens:
        return {"active": False}
    return {"active": True, "sub": "Ada", "scope": provider.state.tokens[token]}


async def open_provider_here() -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(provider), base_url="http://login") as client:
        yield client


app.dependency_overrides[open_provider] = open_provider_here
site = FastLayer(openapi_url=None)
site.mount("/login", provider)
site.mount("/", app)
