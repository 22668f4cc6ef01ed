"""The HTML of the documentation pages: Swagger UI, its OAuth2 redirect, ReDoc and Scalar.

Every value is escaped for the place where it stands. Knows neither routes nor requests.
"""

import json
from html import escape
from typing import Any, Final

from starlette.responses import HTMLResponse

from .assets import ASSETS, REDOC_JS, SCALAR_JS, SWAGGER_CSS, SWAGGER_JS

FAVICON: Final = (
    "data:image/svg+xml;base64,PHN2ZyB4bWxucz0iaHR0cDovL3d3dy53My5vcmcvMjAwMC9zdmciIHZpZXdCb3g9IjAgMCAxNiAxNiI+PHBhdGgg"
    "ZmlsbD0iIzBhNyIgZD0iTTEgMWgxNHY0SDF6TTEgNmg5djRIMXpNMSAxMWg1djRIMXoiLz48L3N2Zz4="
)
GOOGLE_FONTS: Final = "https://fonts.googleapis.com/css?family=Montserrat:300,400,700|Roboto:300,400,700"

swagger_ui_default_parameters: Final[dict[str, Any]] = {
    "dom_id": "#swagger-ui",
    "layout": "BaseLayout",
    "deepLinking": True,
    "showExtensions": True,
    "showCommonExtensions": True,
}
scalar_default_parameters: Final[dict[str, Any]] = {
    "withDefaultFonts": False,
    "telemetry": False,
    "proxyUrl": "",
    # The rest are offers to send the document to the makers' services.
    "showDeveloperTools": "never",
    "agent": {"disabled": True},
    "mcp": {"disabled": True},
    "hideClientButton": True,
}

_INTEGRITY: Final = {asset.cdn_url: asset.integrity for asset in ASSETS}
_SCRIPT_ESCAPES: Final = str.maketrans(
    {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}
)


# ReDoc has no setting for its makers' logo, which it fetches from their server: the word stands in its place.
_REDOC_LOGO: Final = """\
{
    const word = "data:image/svg+xml," + encodeURIComponent(
        '<svg xmlns="http://www.w3.org/2000/svg" width="42" height="14">'
        + '<text y="11" font-family="sans-serif" font-size="12" fill="#777">ReDoc</text></svg>'
    );
    const local = (url) => String(url).startsWith("https://cdn.redoc.ly/") ? word : url;
    const image = HTMLImageElement.prototype;
    const {get, set} = Object.getOwnPropertyDescriptor(image, "src");
    Object.defineProperty(image, "src", {get, set(url) { set.call(this, local(url)); }, configurable: true});
    image.setAttribute = function (name, value) {
        Element.prototype.setAttribute.call(this, name, name === "src" ? local(value) : value);
    };
}"""

# The programs add styles while they run. Where a policy asks for a nonce, style elements get the page's; attributes are
# set through the object model instead, which policies let pass (CSP 3, 6.7.3.2).
_STYLES_WITH_NONCE: Final = """\
{
    const {nonce} = document.currentScript;
    const {createElement} = Document.prototype;
    const {setAttribute} = Element.prototype;
    const innerHTML = Object.getOwnPropertyDescriptor(Element.prototype, "innerHTML");
    const unstyled = (tag) => tag.replace(/\\sstyle=/i, " data-style=");
    Document.prototype.createElement = function (...args) {
        const element = createElement.apply(this, args);
        if (element.localName === "style") {
            element.nonce = nonce;
        }
        return element;
    };
    Element.prototype.setAttribute = function (name, value) {
        if (name === "style") {
            this.style.cssText = value;
        } else {
            setAttribute.call(this, name, value);
        }
    };
    Object.defineProperty(Element.prototype, "innerHTML", {...innerHTML, set(html) {
        innerHTML.set.call(this, `${html ?? ""}`.replace(/<[a-z][^>]*>/gi, unstyled));
        for (const element of (this.content ?? this).querySelectorAll("[data-style]")) {
            element.style.cssText = element.dataset.style;
        }
    }});
}"""


def get_swagger_ui_html(
    *,
    openapi_url: str,
    title: str,
    swagger_js_url: str = SWAGGER_JS.cdn_url,
    swagger_css_url: str = SWAGGER_CSS.cdn_url,
    swagger_favicon_url: str = FAVICON,
    oauth2_redirect_url: str | None = None,
    init_oauth: dict[str, Any] | None = None,
    swagger_ui_parameters: dict[str, Any] | None = None,
    nonce: str | None = None,
) -> HTMLResponse:
    """The Swagger UI page of the document at `openapi_url`.

    `swagger_ui_parameters` are added to `swagger_ui_default_parameters` (Swagger UI's own names, JSON values);
    `init_oauth` is what `initOAuth` is given; with `nonce` the page's scripts pass a Content-Security-Policy.
    """
    settings = swagger_ui_default_parameters | (swagger_ui_parameters or {})
    lines = [f"url: {script_string(openapi_url)},"]
    lines += [f"{script_json(key)}: {script_json(value)}," for key, value in settings.items()]
    if oauth2_redirect_url:
        lines.append(f"oauth2RedirectUrl: window.location.origin + {script_string(oauth2_redirect_url)},")
    lines += ["presets: [", "    SwaggerUIBundle.presets.apis,", "    SwaggerUIBundle.SwaggerUIStandalonePreset", "],"]
    script = "const ui = SwaggerUIBundle({\n" + "\n".join(f"    {line}" for line in lines) + "\n})"
    if init_oauth:
        script += f"\nui.initOAuth({script_json(init_oauth)})"
    body = f'<div id="swagger-ui"></div>\n{_script(swagger_js_url, nonce)}\n{_inline_script(script, nonce)}'
    return _page(title, swagger_favicon_url, body, head=_stylesheet(swagger_css_url), nonce=nonce)


def get_redoc_html(
    *,
    openapi_url: str,
    title: str,
    redoc_js_url: str = REDOC_JS.cdn_url,
    redoc_favicon_url: str = FAVICON,
    with_google_fonts: bool = True,
    redoc_js_module: bool | None = None,
    nonce: str | None = None,
) -> HTMLResponse:
    """The ReDoc page of the document at `openapi_url`.

    `redoc_js_module` tells whether the script is an ES module, as from ReDoc 3 (None: if it is the pinned one).
    `with_google_fonts` loads the fonts of ReDoc's design from Google.
    """
    is_module = redoc_js_url == REDOC_JS.cdn_url if redoc_js_module is None else redoc_js_module
    head = f"<style{_nonce(nonce)}>body {{ margin: 0; padding: 0; }}</style>"
    if with_google_fonts:
        head += f'\n<link href="{escape(GOOGLE_FONTS)}" rel="stylesheet">'
    body = (
        "<noscript>This page needs JavaScript to show the documentation.</noscript>\n"
        f'<redoc spec-url="{escape(openapi_url)}" disable-telemetry="true"></redoc>\n'
        f"{_inline_script(_REDOC_LOGO, nonce)}\n"
        f"{_script(redoc_js_url, nonce, is_module=is_module)}"
    )
    return _page(title, redoc_favicon_url, body, head=head, nonce=nonce)


def get_scalar_html(
    *,
    openapi_url: str,
    title: str,
    scalar_js_url: str = SCALAR_JS.cdn_url,
    scalar_favicon_url: str = FAVICON,
    scalar_parameters: dict[str, Any] | None = None,
    nonce: str | None = None,
) -> HTMLResponse:
    """The Scalar page of the document at `openapi_url`; by default it asks nothing of third parties.

    `scalar_parameters` are added to `scalar_default_parameters` (Scalar's own names, JSON values).
    """
    settings = {"url": openapi_url} | scalar_default_parameters | (scalar_parameters or {})
    script = f'Scalar.createApiReference("#scalar", {script_json(settings)})'
    body = f'<div id="scalar"></div>\n{_script(scalar_js_url, nonce)}\n{_inline_script(script, nonce)}'
    return _page(title, scalar_favicon_url, body, nonce=nonce)


_OAUTH2_REDIRECT: Final = """\
"use strict";
const flow = window.opener.swaggerUIRedirectOauth2;
const answer = Object.fromEntries(new URLSearchParams(
    /code|token|error/.test(location.hash) ? location.hash.slice(1).replace("?", "&") : location.search
));
const isValid = answer.state === flow.state;
const kind = flow.auth.schema.get("flow");
const isCodeFlow = ["accessCode", "authorizationCode", "authorization_code"].includes(kind);
function report(level, message) {
    flow.errCb({authId: flow.auth.name, source: "auth", level, message});
}
if (!isCodeFlow || flow.auth.code) {
    flow.callback({auth: flow.auth, token: answer, isValid, redirectUrl: flow.redirectUrl});
} else {
    if (!isValid) {
        report("warning", "The state that came back is not the one that was sent: this answer may not be yours.");
    }
    if (answer.code) {
        delete flow.state;
        flow.auth.code = answer.code;
        flow.callback({auth: flow.auth, redirectUrl: flow.redirectUrl});
    } else {
        const words = [answer.error_description, answer.error_uri].filter(Boolean).join(" ");
        report("error", answer.error ? `${answer.error}: ${words}` : "The server sent no authorization code.");
    }
}
window.close();"""


def get_swagger_ui_oauth2_redirect_html(*, nonce: str | None = None) -> HTMLResponse:
    """The page an authorization server sends users back to; it hands what came back to Swagger UI and closes."""
    return _page("Swagger UI: OAuth2 redirect", FAVICON, _inline_script(_OAUTH2_REDIRECT, nonce))


def script_json(value: Any) -> str:
    """The value as JSON that may stand in an HTML script: nothing in it ends the script or starts a comment."""
    return json.dumps(value).translate(_SCRIPT_ESCAPES)


def script_string(value: str) -> str:
    """The text as a JavaScript string in single quotes, for HTML scripts."""
    inner = json.dumps(value)[1:-1].replace('\\"', '"').replace("'", "\\u0027")
    return f"'{inner.translate(_SCRIPT_ESCAPES)}'"


def _page(title: str, favicon_url: str, body: str, *, head: str = "", nonce: str | None = None) -> HTMLResponse:
    if nonce:
        # Scalar and ReDoc look for the nonce of their own styles here.
        meta = f'<meta property="csp-nonce" content="{escape(nonce)}">'
        head = f"{meta}\n{_inline_script(_STYLES_WITH_NONCE, nonce)}\n{head}"
    return HTMLResponse(
        f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}</title>
<link rel="icon" href="{escape(favicon_url)}">
{head}
</head>
<body>
{body}
</body>
</html>
"""
    )


def _nonce(nonce: str | None) -> str:
    return f' nonce="{escape(nonce)}"' if nonce else ""


def _pinned(url: str) -> str:
    """The attributes that let a browser refuse another file than the pinned one."""
    return f' integrity="{_INTEGRITY[url]}" crossorigin="anonymous"' if url in _INTEGRITY else ""


def _script(url: str, nonce: str | None, *, is_module: bool = False) -> str:
    kind = ' type="module"' if is_module else ""
    return f'<script{kind} src="{escape(url)}"{_pinned(url)}{_nonce(nonce)}></script>'


def _inline_script(code: str, nonce: str | None) -> str:
    return f"<script{_nonce(nonce)}>\n{code}\n</script>"


def _stylesheet(url: str) -> str:
    return f'<link rel="stylesheet" href="{escape(url)}"{_pinned(url)}>'
