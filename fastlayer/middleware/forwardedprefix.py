"""The path under which a proxy serves the application, believed from proxies one knows."""

import re
from collections.abc import Collection
from typing import Final
from urllib.parse import unquote

from starlette.types import ASGIApp, Receive, Scope, Send

_HEADER: Final = b"x-forwarded-prefix"
_PREFIX: Final = re.compile(r"(/[\w.~!$&'()*+;=:@%-]+)+", re.ASCII)  # segments of a path (RFC 3986, 3.3), none empty


class ForwardedPrefixMiddleware:
    """Takes the `X-Forwarded-Prefix` of a proxy that strips a path, so that links and documentation pages have it.

    `trusted_hosts` are the addresses of proxies; "*" believes everybody, and is for servers that only the proxy can
    reach. From others, and if it is no path, the header is ignored.
    """

    def __init__(self, app: ASGIApp, trusted_hosts: str | Collection[str] = ("127.0.0.1", "::1")) -> None:
        self.app = app
        self.trusted = frozenset([trusted_hosts] if isinstance(trusted_hosts, str) else trusted_hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI application."""
        if scope["type"] in ("http", "websocket") and (prefix := self._prefix(scope)):
            scope = {**scope, "root_path": unquote(prefix) + scope.get("root_path", "")}
            scope["path"] = unquote(prefix) + scope["path"]  # ASGI: the path begins with the root path
            if scope.get("raw_path"):
                scope["raw_path"] = prefix.encode() + scope["raw_path"]
        await self.app(scope, receive, send)

    def _prefix(self, scope: Scope) -> str:
        """What the proxy said, without a slash at the end; empty if nobody may be believed."""
        client = scope.get("client")
        if "*" not in self.trusted and (client is None or client[0] not in self.trusted):
            return ""
        values = [value for name, value in scope["headers"] if name == _HEADER]
        prefix = values[0].decode("latin-1").rstrip("/") if len(values) == 1 else ""
        return prefix if _PREFIX.fullmatch(prefix) else ""
