"""URLs made from routes: where a slash too many or too few is redirected to, and the path of an endpoint."""

from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import quote

from starlette.datastructures import URL, URLPath
from starlette.routing import BaseRoute, Mount, NoMatchFound, replace_params
from starlette.types import Scope

_SAFE = "/%:?#[]@!$&'()*+,;="  # RFC 3986, 2.2, and what is encoded already


def slash_toggled(scope: Scope, path: str) -> Scope:
    """The scope of the same request with the slash at the end of its path added, or taken away."""
    target = dict(scope)
    target["path"] = scope["path"].rstrip("/") if path.endswith("/") else scope["path"] + "/"
    return target


def location(scope: Scope) -> str:
    """The URL of the scope for a Location header.

    The query string goes through as the bytes it is. A URL without a host, for a request that names none, does not
    begin with two slashes, which browsers would read as a host: Starlette sees to that.
    """
    url = str(URL(scope={**scope, "query_string": b""}))
    query: bytes = scope.get("query_string", b"")
    return f"{url}?{quote(query, safe=_SAFE)}" if query else url


def path_of(routes: Iterable[BaseRoute], endpoint: Callable[..., Any], path_params: dict[str, Any]) -> URLPath:
    """The path of the first route of the endpoint that takes these parameters, in mounted applications too.

    Raises:
        NoMatchFound: there is none.
    """
    for route in routes:
        try:
            if is_endpoint_of(route, endpoint):
                return route.url_path_for(getattr(route, "name", ""), **path_params)
            if isinstance(route, Mount):
                prefix, left = replace_params(route.path_format, route.param_convertors, {**path_params, "path": ""})
                inner = path_of(route.routes, endpoint, left)
                protocol: Any = inner.protocol
                return URLPath(path=prefix.rstrip("/") + str(inner), protocol=protocol)
        except NoMatchFound:
            continue
    raise NoMatchFound(getattr(endpoint, "__qualname__", repr(endpoint)), path_params)


def is_endpoint_of(route: BaseRoute, endpoint: Callable[..., Any]) -> bool:
    """Whether the route calls the endpoint, or a controller's method that is bound anew for it."""
    own = getattr(route, "endpoint", None)
    return own is not None and (own is endpoint or getattr(own, "controller_method", None) is endpoint)
