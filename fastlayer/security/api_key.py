"""API keys in a query parameter, a header or a cookie. Whether a key is valid is the application's business."""

from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection

from fastlayer.openapi.schemes import APIKey, APIKeyIn
from fastlayer.security.base import SecurityBase
from fastlayer.status import HTTP_401_UNAUTHORIZED


class APIKeyBase(SecurityBase):
    """What the three have in common: the answer to a request without a key."""

    model: APIKey

    def __init__(
        self, location: APIKeyIn, name: str, description: str | None, scheme_name: str | None, auto_error: bool
    ) -> None:
        self.auto_error = auto_error
        model = APIKey.model_validate({"in": location, "name": name, "description": description})
        # Narrower than the base class says: each kind of scheme has its own object.
        self.model = model  # pyright: ignore[reportIncompatibleVariableOverride]
        self.scheme_name = scheme_name or type(self).__name__

    def make_not_authenticated_error(self) -> HTTPException:
        """Return the error for a missing key; override it to answer otherwise.

        RFC 9110, 15.5.2 wants a challenge with every 401; there is no registered one for API keys.
        """
        return HTTPException(
            status_code=HTTP_401_UNAUTHORIZED, detail="Not authenticated", headers={"WWW-Authenticate": "APIKey"}
        )

    def check_api_key(self, api_key: str | None) -> str | None:
        """Return a usable key, or None without `auto_error`.

        Raises: the error of `make_not_authenticated_error` for a key that is missing, empty or contains NUL (which no
        key does, and databases choke on).
        """
        if api_key and "\0" not in api_key:
            return api_key
        if self.auto_error:
            raise self.make_not_authenticated_error()
        return None


class APIKeyQuery(APIKeyBase):
    """The key in query parameter `name`: `Depends(APIKeyQuery(name="key"))` gives it as a string.

    Without a key the answer is 401, or with `auto_error=False` the value is None. URLs end up in logs and histories:
    prefer a header.
    """

    def __init__(
        self, *, name: str, scheme_name: str | None = None, description: str | None = None, auto_error: bool = True
    ) -> None:
        super().__init__(APIKeyIn.query, name, description, scheme_name, auto_error)

    async def __call__(self, request: HTTPConnection) -> str | None:
        return self.check_api_key(request.query_params.get(self.model.name))


class APIKeyHeader(APIKeyBase):
    """The key in header `name`: `Depends(APIKeyHeader(name="x-key"))` gives it as a string.

    Without a key the answer is 401, or with `auto_error=False` the value is None.
    """

    def __init__(
        self, *, name: str, scheme_name: str | None = None, description: str | None = None, auto_error: bool = True
    ) -> None:
        super().__init__(APIKeyIn.header, name, description, scheme_name, auto_error)

    async def __call__(self, request: HTTPConnection) -> str | None:
        return self.check_api_key(request.headers.get(self.model.name))


class APIKeyCookie(APIKeyBase):
    """The key in cookie `name`: `Depends(APIKeyCookie(name="session"))` gives it as a string.

    Without a key the answer is 401, or with `auto_error=False` the value is None. Browsers send cookies unasked: what
    changes something needs protection against forged requests.
    """

    def __init__(
        self, *, name: str, scheme_name: str | None = None, description: str | None = None, auto_error: bool = True
    ) -> None:
        super().__init__(APIKeyIn.cookie, name, description, scheme_name, auto_error)

    async def __call__(self, request: HTTPConnection) -> str | None:
        return self.check_api_key(request.cookies.get(self.model.name))
