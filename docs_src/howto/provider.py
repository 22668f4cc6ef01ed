import os
from collections.abc import AsyncIterator
from typing import Annotated

import httpx2

from fastlayer import Depends, FastLayer, HTTPException, Security
from fastlayer.security import OAuth2AuthorizationCodeBearer, SecurityScopes

PROVIDER = os.environ.get("PROVIDER", "https://login.example")

bearer = OAuth2AuthorizationCodeBearer(
    authorizationUrl=f"{PROVIDER}/authorize",
    tokenUrl=f"{PROVIDER}/token",
    scopes={"teas:read": "See the teas"},
)


async def open_provider() -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(base_url=PROVIDER) as client:
        yield client


Provider = Annotated[httpx2.AsyncClient, Depends(open_provider, scope="app")]


async def get_user(scopes: SecurityScopes, token: Annotated[str, Depends(bearer)], provider: Provider) -> str:
    answer = await provider.post("/introspect", data={"token": token})  # RFC 7662
    claims = answer.raise_for_status().json()
    if not claims["active"]:
        raise HTTPException(401, "Log in again", headers={"WWW-Authenticate": "Bearer"})
    if missing := set(scopes.scopes) - set(claims["scope"].split()):
        raise HTTPException(403, f"Not without {', '.join(sorted(missing))}")
    return str(claims["sub"])


app = FastLayer(
    security_first=True,
    swagger_ui_init_oauth={
        "clientId": "tea-house-docs",
        "scopes": "teas:read",
        "usePkceWithAuthorizationCodeGrant": True,
    },
)


@app.get("/teas")
async def list_teas(user: Annotated[str, Security(get_user, scopes=["teas:read"])]) -> list[str]:
    return [f"{user}'s sencha"]
