"""OAuth 2.0 (RFC 6749): bearer tokens, the password form, scopes. Owns reading; issues and checks nothing."""

from typing import Annotated, Any

from starlette.requests import HTTPConnection

from fastlayer.exceptions import HTTPException
from fastlayer.openapi.schemes import OAuth2 as OAuth2Model
from fastlayer.openapi.schemes import OAuthFlows as OAuthFlowsModel
from fastlayer.param_functions import Form
from fastlayer.security.base import SecurityBase
from fastlayer.security.utils import get_authorization_scheme_param
from fastlayer.status import HTTP_401_UNAUTHORIZED


class OAuth2PasswordRequestForm:
    """The form of a password login (RFC 6749, 4.3.2), as a dependency: `form: Annotated[..., Depends()]`.

    `scopes` is the list of what the client asked for. `grant_type` may be left out, which the RFC does not allow.
    """

    def __init__(
        self,
        *,
        grant_type: Annotated[str | None, Form(pattern="^password$")] = None,
        username: Annotated[str, Form()],
        password: Annotated[str, Form(json_schema_extra={"format": "password"})],
        scope: Annotated[str, Form()] = "",
        client_id: Annotated[str | None, Form()] = None,
        client_secret: Annotated[str | None, Form(json_schema_extra={"format": "password"})] = None,
    ) -> None:
        self.grant_type = grant_type
        self.username = username
        self.password = password
        self.scopes = scope.split()
        self.client_id = client_id
        self.client_secret = client_secret


class OAuth2PasswordRequestFormStrict(OAuth2PasswordRequestForm):
    """The same, where `grant_type` has to be there and has to be "password"."""

    def __init__(
        self,
        grant_type: Annotated[str, Form(pattern="^password$")],
        username: Annotated[str, Form()],
        password: Annotated[str, Form()],
        scope: Annotated[str, Form()] = "",
        client_id: Annotated[str | None, Form()] = None,
        client_secret: Annotated[str | None, Form()] = None,
    ) -> None:
        super().__init__(
            grant_type=grant_type,
            username=username,
            password=password,
            scope=scope,
            client_id=client_id,
            client_secret=client_secret,
        )


class OAuth2(SecurityBase):
    """Gives the whole Authorization header, for any combination of `flows` (a dict or OpenAPI's object).

    Without the header the answer is 401, or with `auto_error=False` the value is None. The subclasses give the token.
    """

    def __init__(
        self,
        *,
        flows: OAuthFlowsModel | dict[str, dict[str, Any]] | None = None,
        scheme_name: str | None = None,
        description: str | None = None,
        auto_error: bool = True,
    ) -> None:
        self.model = OAuth2Model.model_validate({"flows": {} if flows is None else flows, "description": description})
        self.scheme_name = scheme_name or type(self).__name__
        self.auto_error = auto_error

    def make_not_authenticated_error(self) -> HTTPException:
        """Return the error for a missing token, with RFC 6750's challenge; override it to answer otherwise."""
        return HTTPException(
            status_code=HTTP_401_UNAUTHORIZED, detail="Not authenticated", headers={"WWW-Authenticate": "Bearer"}
        )

    def _checked(self, credentials: str | None) -> str | None:
        # NUL is in no token (RFC 6750, 2.1), and databases choke on it.
        if credentials is not None and "\0" not in credentials:
            return credentials
        if self.auto_error:
            raise self.make_not_authenticated_error()
        return None

    def _bearer_token(self, request: HTTPConnection) -> str | None:
        scheme, token = get_authorization_scheme_param(request.headers.get("Authorization"))
        return self._checked(token if scheme.lower() == "bearer" else None)

    async def __call__(self, request: HTTPConnection) -> str | None:
        return self._checked(request.headers.get("Authorization") or None)


class OAuth2PasswordBearer(OAuth2):
    """Gives the bearer token of a client that logged in with a password at `tokenUrl` (RFC 6749, 4.3).

    `scopes`: name and description of each scope a client may ask for. Without a token the answer is 401, or with
    `auto_error=False` the value is None.
    """

    def __init__(
        self,
        tokenUrl: str,
        scheme_name: str | None = None,
        scopes: dict[str, str] | None = None,
        description: str | None = None,
        auto_error: bool = True,
        refreshUrl: str | None = None,
    ) -> None:
        flow = {"tokenUrl": tokenUrl, "refreshUrl": refreshUrl, "scopes": scopes or {}}
        super().__init__(
            flows={"password": flow}, scheme_name=scheme_name, description=description, auto_error=auto_error
        )

    async def __call__(self, request: HTTPConnection) -> str | None:
        return self._bearer_token(request)


class OAuth2AuthorizationCodeBearer(OAuth2):
    """Gives the bearer token of a client that was sent to `authorizationUrl` and back (RFC 6749, 4.1; RFC 7636).

    Arguments and answers are those of OAuth2PasswordBearer.
    """

    def __init__(
        self,
        authorizationUrl: str,
        tokenUrl: str,
        refreshUrl: str | None = None,
        scheme_name: str | None = None,
        scopes: dict[str, str] | None = None,
        description: str | None = None,
        auto_error: bool = True,
    ) -> None:
        flow = {
            "authorizationUrl": authorizationUrl,
            "tokenUrl": tokenUrl,
            "refreshUrl": refreshUrl,
            "scopes": scopes or {},
        }
        super().__init__(
            flows={"authorizationCode": flow}, scheme_name=scheme_name, description=description, auto_error=auto_error
        )

    async def __call__(self, request: HTTPConnection) -> str | None:
        return self._bearer_token(request)


class SecurityScopes:
    """The scopes everything above in the dependency tree asks for, as a parameter type of a dependency.

    `scopes` in the order of the tree from the endpoint down, `scope_str` the same as one string (RFC 6749, 3.3).
    """

    def __init__(self, scopes: list[str] | None = None) -> None:
        self.scopes = scopes or []
        self.scope_str = " ".join(self.scopes)
