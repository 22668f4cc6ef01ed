"""OpenID Connect: where a client finds the provider, and the header it then sends."""

from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection

from fastlayer.openapi.schemes import OpenIdConnect as OpenIdConnectModel
from fastlayer.security.base import SecurityBase
from fastlayer.status import HTTP_401_UNAUTHORIZED


class OpenIdConnect(SecurityBase):
    """Gives the whole Authorization header; checking the token is the application's business.

    `openIdConnectUrl` is the provider's discovery document. Without the header the answer is 401, or with
    `auto_error=False` the value is None.
    """

    def __init__(
        self,
        *,
        openIdConnectUrl: str,
        scheme_name: str | None = None,
        description: str | None = None,
        auto_error: bool = True,
    ) -> None:
        self.model = OpenIdConnectModel(openIdConnectUrl=openIdConnectUrl, description=description)
        self.scheme_name = scheme_name or type(self).__name__
        self.auto_error = auto_error

    def make_not_authenticated_error(self) -> HTTPException:
        """Return the error for a missing header; override it to answer otherwise."""
        return HTTPException(
            status_code=HTTP_401_UNAUTHORIZED, detail="Not authenticated", headers={"WWW-Authenticate": "Bearer"}
        )

    async def __call__(self, request: HTTPConnection) -> str | None:
        authorization = request.headers.get("Authorization")
        if authorization and "\0" not in authorization:
            return authorization
        if self.auto_error:
            raise self.make_not_authenticated_error()
        return None
