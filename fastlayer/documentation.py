"""What an app says about itself: its OpenAPI document and the pages that show it. Imports `openapi/` only when asked."""

import importlib
from collections.abc import Callable
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from .exceptions import FastLayerError


class Documentation:
    """The documentation half of an application; the other half is `FastLayer`."""

    title: str
    version: str
    summary: str | None
    description: str
    openapi_url: str | None
    openapi_tags: list[dict[str, Any]] | None
    openapi_version: str
    openapi_external_docs: dict[str, Any] | None
    servers: list[dict[str, Any]]
    terms_of_service: str | None
    contact: dict[str, Any] | None
    license_info: dict[str, Any] | None
    separate_input_output_schemas: bool
    docs_url: str | None
    redoc_url: str | None
    swagger_ui_oauth2_redirect_url: str | None
    swagger_ui_init_oauth: dict[str, Any] | None
    swagger_ui_parameters: dict[str, Any] | None
    root_path_in_servers: bool
    webhooks: Any
    router: Any
    add_route: Callable[..., None]

    pages_module = "fastlayer.openapi.docs"
    """The module whose functions make the pages, imported when one is asked for."""
    openapi_schema: dict[str, Any] | None = None
    _openapi_routes_version: int | None = None

    def openapi(self) -> dict[str, Any]:
        """The OpenAPI document; built on first use and again when routes changed. May be replaced."""
        version = self.router.routes_version
        if self.openapi_schema is None or self._openapi_routes_version not in (None, version):
            get_openapi = importlib.import_module("fastlayer.openapi.utils").get_openapi
            self._openapi_routes_version = version
            self.openapi_schema = get_openapi(
                title=self.title,
                version=self.version,
                openapi_version=self.openapi_version,
                summary=self.summary,
                description=self.description,
                terms_of_service=self.terms_of_service,
                contact=self.contact,
                license_info=self.license_info,
                routes=self.router.routes,
                webhooks=self.webhooks.routes,
                tags=self.openapi_tags,
                servers=self.servers,
                separate_input_output_schemas=self.separate_input_output_schemas,
                external_docs=self.openapi_external_docs,
            )
        return self.openapi_schema

    def setup(self) -> None:
        """Add the routes of the document and its pages.

        Raises:
            FastLayerError: a document is wanted, but title or version is empty.
        """
        if self.openapi_url and not (self.title and self.version):
            missing = "A title" if not self.title else "A version"
            raise DocumentError(f"{missing} must be provided for OpenAPI, e.g.: 'My API' and '2.1.0'")
        if not self.openapi_url:
            return
        self.add_route(self.openapi_url, self._document, include_in_schema=False)
        if self.docs_url:
            self.add_route(self.docs_url, self._swagger_ui, include_in_schema=False)
            if self.swagger_ui_oauth2_redirect_url:
                self.add_route(self.swagger_ui_oauth2_redirect_url, self._oauth2_redirect, include_in_schema=False)
        if self.redoc_url:
            self.add_route(self.redoc_url, self._redoc, include_in_schema=False)

    async def _document(self, request: Request) -> Response:
        root_path = request.scope.get("root_path", "").rstrip("/")
        schema = await run_in_threadpool(self.openapi)
        if root_path and self.root_path_in_servers:
            urls = {server.get("url") for server in schema.get("servers", [])}
            if root_path not in urls:
                schema = {**schema, "servers": [{"url": root_path}, *schema.get("servers", [])]}
        return JSONResponse(schema)

    async def _swagger_ui(self, request: Request) -> HTMLResponse:
        docs = importlib.import_module(self.pages_module)
        root_path = request.scope.get("root_path", "").rstrip("/")
        redirect = self.swagger_ui_oauth2_redirect_url
        return docs.get_swagger_ui_html(  # type: ignore[no-any-return]  # imported late
            openapi_url=f"{root_path}{self.openapi_url}",
            title=f"{self.title} - Swagger UI",
            oauth2_redirect_url=f"{root_path}{redirect}" if redirect else None,
            init_oauth=self.swagger_ui_init_oauth,
            swagger_ui_parameters=self.swagger_ui_parameters,
        )

    async def _oauth2_redirect(self, request: Request) -> HTMLResponse:
        docs = importlib.import_module(self.pages_module)
        return docs.get_swagger_ui_oauth2_redirect_html()  # type: ignore[no-any-return]  # imported late

    async def _redoc(self, request: Request) -> HTMLResponse:
        docs = importlib.import_module(self.pages_module)
        root_path = request.scope.get("root_path", "").rstrip("/")
        return docs.get_redoc_html(  # type: ignore[no-any-return]  # imported late
            openapi_url=f"{root_path}{self.openapi_url}", title=f"{self.title} - ReDoc"
        )


class DocumentError(FastLayerError, AssertionError):
    """The document lacks something it must have. Also an AssertionError, as FastAPI's users expect."""
