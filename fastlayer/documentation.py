"""What an app says about itself: its OpenAPI document and its pages. Imports `openapi/` only when asked."""

import importlib
from collections.abc import Callable
from typing import Any, get_args

from starlette.requests import Request

from .error_policy import ErrorPolicy
from .exceptions import FastLayerError
from .types import OpenAPICorrection


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
    openapi_corrections: frozenset[OpenAPICorrection]
    validation_errors: ErrorPolicy | None
    problem_details: bool
    servers: list[dict[str, Any]]
    terms_of_service: str | None
    contact: dict[str, Any] | None
    license_info: dict[str, Any] | None
    separate_input_output_schemas: bool
    docs_url: str | None
    redoc_url: str | None
    scalar_url: str | None
    docs_csp_nonce: Callable[[Request], str] | str | None
    swagger_ui_oauth2_redirect_url: str | None
    swagger_ui_init_oauth: dict[str, Any] | None
    swagger_ui_parameters: dict[str, Any] | None
    root_path_in_servers: bool
    webhooks: Any
    router: Any
    openapi_schema: dict[str, Any] | None = None
    _built_schema: dict[str, Any] | None = None
    _built_for: tuple[int, int] | None = None

    def openapi(self) -> dict[str, Any]:
        """The OpenAPI document; built on first use and again when routes changed. May be replaced.

        A document somebody put into `openapi_schema` stays, whatever happens to the routes.
        """
        routes = (self.router.routes_version, self.webhooks.routes_version)
        if self.openapi_schema is None or (self.openapi_schema is self._built_schema and self._built_for != routes):
            self._built_for = routes
            self.openapi_schema = self._built_schema = self._build()
        return self.openapi_schema

    def _build(self) -> dict[str, Any]:
        # Only here: programs that never show their document do not pay for what writes it.
        utils = importlib.import_module("fastlayer.openapi.utils")
        document: dict[str, Any] = utils.get_openapi(
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
            corrections=self.openapi_corrections,
            validation_errors=self.validation_errors,
            problem_details=self.problem_details,
        )
        return document

    def setup(self) -> None:
        """Add the routes of the document and its pages.

        Raises:
            DocumentError: a document is wanted, but title or version is empty.
            FastLayerError: there is no such correction.
        """
        if unknown := self.openapi_corrections - set(get_args(OpenAPICorrection)):
            raise FastLayerError(
                f"There is no OpenAPI correction {', '.join(sorted(map(repr, unknown)))}: choose among"
                f" {', '.join(map(repr, get_args(OpenAPICorrection)))}."
            )
        if not self.openapi_url:
            return
        if not (self.title and self.version):
            missing = "A title" if not self.title else "A version"
            raise DocumentError(f"{missing} must be provided for OpenAPI, e.g.: 'My API' and '2.1.0'")
        pages = importlib.import_module("fastlayer.openapi.pages")
        self.router.routes.extend(pages.docs_routes(self))


class DocumentError(FastLayerError, AssertionError):
    """The document lacks something it must have. Also an AssertionError, as FastAPI's users expect."""
