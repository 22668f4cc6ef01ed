"""The routes that serve a document, its pages and their assets. Knows Starlette, and
of the application what `Documented` says."""

from collections.abc import Callable, Sequence
from hashlib import sha256
from threading import Lock
from typing import Any, Protocol
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from .assets import REDOC_JS, SCALAR_JS, SWAGGER_CSS, SWAGGER_JS, Asset
from .docs import (
    get_redoc_html,
    get_scalar_html,
    get_swagger_ui_html,
    get_swagger_ui_oauth2_redirect_html,
)

ONE_YEAR = "public, max-age=31536000, immutable"


class Documented(Protocol):
    """What is asked of an application, at each request anew, so that it may be changed; a path of None serves nothing.

    `openapi()` answers the document (it may be slow: it is called in a worker thread). `docs_csp_nonce` is the
    Content-Security-Policy nonce of a request's page, or a function that answers it.
    """

    title: str
    openapi_url: str | None
    docs_url: str | None
    redoc_url: str | None
    scalar_url: str | None
    swagger_ui_oauth2_redirect_url: str | None
    swagger_ui_init_oauth: dict[str, Any] | None
    swagger_ui_parameters: dict[str, Any] | None
    root_path_in_servers: bool
    docs_csp_nonce: Callable[[Request], str] | str | None

    def openapi(self) -> dict[str, Any]: ...


def docs_routes(app: Documented) -> list[Route]:
    """The routes of the document and its pages, the document first; none without `openapi_url`."""
    if not app.openapi_url:
        return []
    pages = getattr(app, "docs_pages", Pages)(app)
    routes = [_route(app.openapi_url, DocumentEndpoint(app).serve, "openapi")]
    if app.docs_url:
        routes.append(_route(app.docs_url, pages.swagger_ui, "swagger_ui_html"))
        routes += _asset_routes(app.docs_url, (SWAGGER_JS, SWAGGER_CSS))
        if redirect := app.swagger_ui_oauth2_redirect_url:
            routes.append(_route(redirect, pages.oauth2_redirect, "swagger_ui_redirect"))
    if app.redoc_url:
        routes.append(_route(app.redoc_url, pages.redoc, "redoc_html"))
        routes += _asset_routes(app.redoc_url, (REDOC_JS,))
    if app.scalar_url:
        routes.append(_route(app.scalar_url, pages.scalar, "scalar_html"))
        routes += _asset_routes(app.scalar_url, (SCALAR_JS,))
    return routes


class DocumentEndpoint:
    """Serves the document as bytes with an ETag; writes them once per document and root path.

    Only the last one is kept: a root path may be a visitor's choice, and must not fill the memory.
    """

    def __init__(self, app: Documented) -> None:
        self._app = app
        self._lock = Lock()
        self._written: tuple[dict[str, Any], str, bytes, str] | None = None

    async def serve(self, request: Request) -> Response:
        """The document, or 304 if the client has it."""
        root_path = prefix(request) if self._app.root_path_in_servers else ""
        body, etag = await run_in_threadpool(self._body, root_path)
        headers = {"etag": etag}
        if _matches(request.headers.get("if-none-match", ""), etag):
            return Response(status_code=304, headers=headers)
        return Response(body, media_type="application/json", headers=headers)

    def _body(self, root_path: str) -> tuple[bytes, str]:
        with self._lock:  # several first requests build one document
            document = self._app.openapi()
            if self._written is None or self._written[0] is not document or self._written[1] != root_path:
                body = bytes(JSONResponse(with_server(document, root_path)).body)
                self._written = (document, root_path, body, f'"{sha256(body).hexdigest()[:32]}"')
            return self._written[2:]


def with_server(document: dict[str, Any], root_path: str) -> dict[str, Any]:
    """The document with the root path first among its servers, itself if that is there or empty."""
    servers = document.get("servers", [])
    if not root_path or any(server.get("url") == root_path for server in servers):
        return document
    return {**document, "servers": [{"url": root_path}, *servers]}


def prefix(request: Request) -> str:
    """The path under which the application is reached, as it stands in URLs: quoted, and never another host.

    It may be a visitor's choice (a mount at `/{name}`, a header behind some proxies), and a URL that starts with two
    slashes is one of another host.
    """
    root_path: str = request.scope.get("root_path", "").strip("/")
    return "/" + quote(root_path, safe="/:@!$&()*+,;=~") if root_path else ""


class Pages:
    """The endpoints of the pages; an application may name a subclass as `docs_pages`."""

    def __init__(self, app: Documented) -> None:
        self.app = app

    async def swagger_ui(self, request: Request) -> Response:
        app = self.app
        redirect = app.swagger_ui_oauth2_redirect_url
        docs_url = app.docs_url or ""
        return get_swagger_ui_html(
            openapi_url=self.openapi_url(request),
            title=f"{app.title} - Swagger UI",
            oauth2_redirect_url=prefix(request) + redirect if redirect else None,
            init_oauth=app.swagger_ui_init_oauth,
            swagger_ui_parameters=app.swagger_ui_parameters,
            swagger_js_url=_asset_url(request, docs_url, SWAGGER_JS),
            swagger_css_url=_asset_url(request, docs_url, SWAGGER_CSS),
            nonce=self._nonce(request),
        )

    async def oauth2_redirect(self, request: Request) -> Response:
        return get_swagger_ui_oauth2_redirect_html(nonce=self._nonce(request))

    async def redoc(self, request: Request) -> Response:
        return get_redoc_html(
            openapi_url=self.openapi_url(request),
            title=f"{self.app.title} - ReDoc",
            redoc_js_url=_asset_url(request, self.app.redoc_url or "", REDOC_JS),
            redoc_js_module=True,
            with_google_fonts=False,
            nonce=self._nonce(request),
        )

    async def scalar(self, request: Request) -> Response:
        return get_scalar_html(
            openapi_url=self.openapi_url(request),
            title=f"{self.app.title} - Scalar",
            scalar_js_url=_asset_url(request, self.app.scalar_url or "", SCALAR_JS),
            nonce=self._nonce(request),
        )

    def openapi_url(self, request: Request) -> str:
        return prefix(request) + (self.app.openapi_url or "")

    def _nonce(self, request: Request) -> str | None:
        nonce = self.app.docs_csp_nonce
        return nonce(request) if callable(nonce) else nonce


def _asset_path(page_url: str, asset: Asset) -> str:
    return f"{page_url.rstrip('/')}/assets/{asset.served_name}"


def _asset_url(request: Request, page_url: str, asset: Asset) -> str:
    """Where a page finds a file: here if we have it, else on the CDN."""
    return prefix(request) + _asset_path(page_url, asset) if asset.file else asset.cdn_url


def _asset_routes(page_url: str, assets: Sequence[Asset]) -> list[Route]:
    """Routes for those of the files that are here."""
    return [_asset_route(_asset_path(page_url, asset), asset) for asset in assets if asset.file]


def _asset_route(path: str, asset: Asset) -> Route:
    async def serve(request: Request) -> Response:
        # The URL names the version, so what it answers never changes.
        return FileResponse(asset.file or "", media_type=asset.media_type, headers={"cache-control": ONE_YEAR})

    return _route(path, serve, "docs_asset")


def _route(path: str, endpoint: Callable[[Request], Any], name: str) -> Route:
    return Route(path, endpoint, name=name, include_in_schema=False)


def _matches(if_none_match: str, etag: str) -> bool:
    """Whether the client has this version (RFC 9110, 13.1.2: weak comparison)."""
    tags = [tag.strip().removeprefix("W/") for tag in if_none_match.split(",")]
    return etag in tags or "*" in tags
