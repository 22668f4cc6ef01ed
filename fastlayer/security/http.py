"""The Authorization header's schemes Basic (RFC 7617), Bearer (RFC 6750) and Digest (RFC 7616).

Owns reading and refusing; whether credentials are right is the application's business. Whatever a client sends, the
outcome is credentials, None or 401.
"""

import binascii
import re
from typing import Any

from pydantic import BaseModel, ConfigDict
from starlette.requests import HTTPConnection

from fastlayer.exceptions import HTTPException
from fastlayer.openapi.schemes import HTTPBase as HTTPBaseModel
from fastlayer.openapi.schemes import HTTPBearer as HTTPBearerModel
from fastlayer.security.base import SecurityBase
from fastlayer.security.utils import get_authorization_scheme_param
from fastlayer.status import HTTP_401_UNAUTHORIZED

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class HTTPBasicCredentials(BaseModel):
    """What HTTPBasic read: the user's name (without a colon) and the password, either of which may be empty."""

    model_config = ConfigDict(defer_build=True)

    username: str
    password: str


class HTTPAuthorizationCredentials(BaseModel):
    """An Authorization header in two parts: the scheme as the client wrote it, and what followed."""

    model_config = ConfigDict(defer_build=True)

    scheme: str
    credentials: str


class HTTPBase(SecurityBase):
    """Any scheme of the Authorization header: gives HTTPAuthorizationCredentials whatever scheme the client used.

    Without credentials the answer is 401 with a challenge for `scheme`, or with `auto_error=False` the value is None.
    """

    model: HTTPBaseModel

    def __init__(
        self, *, scheme: str, scheme_name: str | None = None, description: str | None = None, auto_error: bool = True
    ) -> None:
        model = HTTPBaseModel(scheme=scheme, description=description)
        # Narrower than the base class says: each kind of scheme has its own object.
        self.model = model  # pyright: ignore[reportIncompatibleVariableOverride]
        self.scheme_name = scheme_name or type(self).__name__
        self.auto_error = auto_error

    def make_authenticate_headers(self) -> dict[str, str]:
        """Return the challenge, RFC 9110, 11.6.1."""
        return {"WWW-Authenticate": self.model.scheme.title()}

    def make_not_authenticated_error(self) -> HTTPException:
        """Return the error for missing or unreadable credentials; override it to answer otherwise."""
        return HTTPException(
            status_code=HTTP_401_UNAUTHORIZED, detail="Not authenticated", headers=self.make_authenticate_headers()
        )

    def _read(self, request: HTTPConnection, scheme: str | None = None) -> HTTPAuthorizationCredentials | None:
        """Return credentials of `scheme` (lower case; None: any). Raises: 401 where there are none, if it should."""
        written, credentials = get_authorization_scheme_param(request.headers.get("Authorization"))
        # NUL is in no token, and databases choke on it.
        if written and credentials and "\0" not in credentials and scheme in (None, written.lower()):
            return HTTPAuthorizationCredentials(scheme=written, credentials=credentials)
        if self.auto_error:
            raise self.make_not_authenticated_error()
        return None

    async def __call__(self, request: HTTPConnection) -> Any:
        return self._read(request)


class HTTPBasic(HTTPBase):
    """Name and password in every request: `Depends(HTTPBasic())` gives HTTPBasicCredentials.

    Without them the answer is 401 with a challenge for `realm`, or with `auto_error=False` the value is None.
    Credentials that cannot be read are 401 in any case: not base64, not ASCII, no colon, control characters.
    Compare passwords with `secrets.compare_digest`.
    """

    def __init__(
        self,
        *,
        scheme_name: str | None = None,
        realm: str | None = None,
        description: str | None = None,
        auto_error: bool = True,
    ) -> None:
        super().__init__(scheme="basic", scheme_name=scheme_name, description=description, auto_error=auto_error)
        if realm is not None and _CONTROL.search(realm):
            raise ValueError(f"HTTPBasic(realm={realm!r}) is sent in a header: it cannot have control characters")
        self.realm = realm

    def make_authenticate_headers(self) -> dict[str, str]:
        if not self.realm:
            return {"WWW-Authenticate": "Basic"}
        quoted = self.realm.replace("\\", "\\\\").replace('"', '\\"')
        return {"WWW-Authenticate": f'Basic realm="{quoted}"'}

    async def __call__(self, request: HTTPConnection) -> HTTPBasicCredentials | None:
        scheme, encoded = get_authorization_scheme_param(request.headers.get("Authorization"))
        if scheme.lower() != "basic":
            if self.auto_error:
                raise self.make_not_authenticated_error()
            return None
        try:
            decoded = binascii.a2b_base64(encoded).decode("ascii")
        except ValueError:  # also Error and UnicodeError
            raise self.make_not_authenticated_error() from None
        username, colon, password = decoded.partition(":")
        # RFC 7617, 2: neither part may contain a control character.
        if not colon or _CONTROL.search(decoded):
            raise self.make_not_authenticated_error()
        return HTTPBasicCredentials(username=username, password=password)


class HTTPBearer(HTTPBase):
    """A token: `Depends(HTTPBearer())` gives HTTPAuthorizationCredentials with the token as `credentials`.

    Without one the answer is 401, or with `auto_error=False` the value is None. `bearerFormat` ("JWT") is only said in
    OpenAPI.
    """

    def __init__(
        self,
        *,
        bearerFormat: str | None = None,
        scheme_name: str | None = None,
        description: str | None = None,
        auto_error: bool = True,
    ) -> None:
        super().__init__(scheme="bearer", scheme_name=scheme_name, description=description, auto_error=auto_error)
        self.model = HTTPBearerModel(bearerFormat=bearerFormat, description=description)

    async def __call__(self, request: HTTPConnection) -> HTTPAuthorizationCredentials | None:
        return self._read(request, "bearer")


class HTTPDigest(HTTPBase):
    """A digest: `Depends(HTTPDigest())` gives HTTPAuthorizationCredentials with its parameters unparsed.

    A place in OpenAPI and the reading of the header; the protocol (nonce, response) is the application's to do.
    """

    def __init__(
        self, *, scheme_name: str | None = None, description: str | None = None, auto_error: bool = True
    ) -> None:
        super().__init__(scheme="digest", scheme_name=scheme_name, description=description, auto_error=auto_error)

    async def __call__(self, request: HTTPConnection) -> HTTPAuthorizationCredentials | None:
        return self._read(request, "digest")
