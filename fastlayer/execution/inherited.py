"""Overrides from outside: what an application or a router mounted in another application inherits, when it asks to.

Which application that is shows only in the scope of a request, since one may be mounted in several. Providers that do
not inherit never come here: their overrides are looked at where they are.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from ..dependencies.overrides import Overrides

_OUTER_KEY = "fastlayer.outer_overrides"  # in a scope: what holds around the application that says it inherits


class Overriding:
    """A provider of nothing but overrides."""

    def __init__(self, overrides: Overrides, *, inherits: bool = False) -> None:
        self.dependency_overrides = overrides
        self.inherit_overrides = inherits


INHERITING = Overriding(MappingProxyType({}), inherits=True)
"""The provider of a router that has no overrides of its own and inherits."""


def inherits(provider: Any) -> bool:
    """Whether the provider's overrides depend on where a request came through."""
    return bool(getattr(provider, "inherit_overrides", False))


def hand_on(scope: Scope) -> None:
    """Keep the overrides of the application that the scope came through; before another takes its place there."""
    scope[_OUTER_KEY] = overrides_around(scope)


def overrides_around(scope: Scope) -> Overrides:
    """The overrides of the scope's application; where it inherits, those around it too, which its own replace."""
    app = scope.get("app")
    own: Mapping[Any, Any] = getattr(app, "dependency_overrides", None) or {}
    outer = scope.get(_OUTER_KEY) if inherits(app) else None
    return {**outer, **own} if outer else own


def provider_for(scope: Scope, provider: Any) -> Any:
    """What has the overrides of one request in its `dependency_overrides`."""
    return Overriding(overrides_around(scope)) if inherits(provider) else provider


def following(make: Callable[[Any], ASGIApp], provider: Any) -> ASGIApp:
    """`make(provider)`; where the provider inherits, an app that looks in each scope for what it inherits."""
    if not inherits(provider):
        return make(provider)
    usual = make(None)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        found = provider_for(scope, provider)
        handler = make(found) if found.dependency_overrides else usual
        await handler(scope, receive, send)

    return app
