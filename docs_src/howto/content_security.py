import secrets

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fastlayer import FastLayer, Request
from fastlayer.middleware import Middleware

POLICY = (
    "default-src 'self'; script-src 'nonce-{nonce}'; style-src 'self' 'nonce-{nonce}'; img-src 'self' data:;"
    " font-src data:; worker-src blob:; base-uri 'none'"
)


class ContentSecurity:
    """Gives every request a nonce, and every answer the policy that names it."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        nonce = secrets.token_urlsafe(16)
        scope.setdefault("state", {})["csp_nonce"] = nonce
        policy = POLICY.format(nonce=nonce)

        async def send_with_policy(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"content-security-policy", policy.encode())]
            await send(message)

        await self.app(scope, receive, send_with_policy)


def nonce_of(request: Request) -> str:
    nonce: str = request.state.csp_nonce
    return nonce


app = FastLayer(docs_csp_nonce=nonce_of, middleware=[Middleware(ContentSecurity)])
