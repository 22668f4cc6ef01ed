"""An application whose pages only use scripts and styles that carry the nonce of their response or are its own."""

from secrets import token_urlsafe

from fastlayer import FastLayer, Request, Response

POLICY = (
    "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'self' 'nonce-{nonce}'; connect-src 'self';"
    " img-src 'self' data:; font-src data:; worker-src blob:; base-uri 'none'; form-action 'none'"
)

app = FastLayer(title="Strict", scalar_url="/scalar", docs_csp_nonce=lambda request: request.state.nonce)


@app.middleware("http")
async def send_policy(request: Request, call_next) -> Response:
    request.state.nonce = token_urlsafe(16)
    response = await call_next(request)
    response.headers["Content-Security-Policy"] = POLICY.format(nonce=request.state.nonce)
    return response


@app.get("/hello")
def hello() -> str:
    return "Hello"
