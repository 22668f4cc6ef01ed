"""Documentation pages made by the functions of `fastapi.applications`, where programs replace them."""

import importlib
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from ..openapi import docs
from ..openapi.pages import Pages, prefix


class ReplaceablePages(Pages):
    """The core's pages, unless somebody put a function of their own in the place of the one that makes them.

    Such a function is called as FastAPI calls it: with the URLs, but without those of scripts and styles, which are
    what it is there to choose.
    """

    async def swagger_ui(self, request: Request) -> Response:
        make = _made_by("get_swagger_ui_html")
        if make is docs.get_swagger_ui_html:
            return await super().swagger_ui(request)
        redirect = self.app.swagger_ui_oauth2_redirect_url
        return make(  # type: ignore[no-any-return]  # somebody's function
            openapi_url=self.openapi_url(request),
            title=f"{self.app.title} - Swagger UI",
            oauth2_redirect_url=prefix(request) + redirect if redirect else None,
            init_oauth=self.app.swagger_ui_init_oauth,
            swagger_ui_parameters=self.app.swagger_ui_parameters,
        )

    async def redoc(self, request: Request) -> Response:
        make = _made_by("get_redoc_html")
        if make is docs.get_redoc_html:
            return await super().redoc(request)
        return make(openapi_url=self.openapi_url(request), title=f"{self.app.title} - ReDoc")  # type: ignore[no-any-return]


def _made_by(name: str) -> Any:
    """The function of this name as it is now; `applications` imports this module, so it is found late."""
    return getattr(importlib.import_module("fastlayer.compat.applications"), name)
