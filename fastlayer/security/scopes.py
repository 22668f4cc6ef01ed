"""The OAuth2 scopes a request needs, collected on the way down the dependency graph."""

from collections.abc import Sequence


class SecurityScopes:
    """Ask for one in a dependency: `scopes` are those every `Security(...)` above it asks for (RFC 6749, 3.3)."""

    def __init__(self, scopes: Sequence[str] | None = None) -> None:
        self.scopes: list[str] = list(scopes or ())
        self.scope_str: str = " ".join(self.scopes)
