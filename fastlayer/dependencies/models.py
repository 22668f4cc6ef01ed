"""Dependant: one node of the dependency graph, as analysed.

Plain, mutable data under the names third parties read and edit. It knows what its callable asks for, not how
that is taken from a request.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..fields import ModelField
from ..limits import ConcurrencyLimit
from ..params import Scope
from ..security.base import SecurityBase
from .callables import is_async_gen_callable, is_gen_callable, unpartial

CacheKey = tuple[Any, tuple[str, ...], str]


@dataclass(eq=False)
class Dependant:
    """A callable, its parameters by their place in the request, and the dependencies it asks for."""

    path_params: list[ModelField] = field(default_factory=list)
    query_params: list[ModelField] = field(default_factory=list)
    header_params: list[ModelField] = field(default_factory=list)
    cookie_params: list[ModelField] = field(default_factory=list)
    body_params: list[ModelField] = field(default_factory=list)
    dependencies: list["Dependant"] = field(default_factory=list)
    name: str | None = None
    call: Callable[..., Any] | None = None
    request_param_name: str | None = None
    websocket_param_name: str | None = None
    http_connection_param_name: str | None = None
    response_param_name: str | None = None
    background_tasks_param_name: str | None = None
    security_scopes_param_name: str | None = None
    own_oauth_scopes: list[str] | None = None
    parent_oauth_scopes: list[str] | None = None
    use_cache: bool = True
    path: str | None = None
    scope: Scope | None = None
    concurrency: ConcurrencyLimit | None = None
    thread: bool = True
    outcome_param_name: str | None = None

    @property
    def oauth_scopes(self) -> list[str]:
        """The OAuth2 scopes asked for here and by what asks for this, each once, outermost first."""
        scopes = list(self.parent_oauth_scopes or ())
        scopes += [scope for scope in self.own_oauth_scopes or () if scope not in scopes]
        return scopes

    @property
    def is_security_scheme(self) -> bool:
        return self.security_scheme is not None

    @property
    def security_scheme(self) -> SecurityBase | None:
        """The scheme this dependency reads credentials by, if it is one."""
        call = unpartial(self.call)
        return call if isinstance(call, SecurityBase) else None

    @property
    def is_generator(self) -> bool:
        """Whether what it gives is closed at the end of a scope."""
        return is_gen_callable(self.call) or is_async_gen_callable(self.call)

    @property
    def uses_scopes(self) -> bool:
        """Whether its result may depend on the OAuth2 scopes asked for; asking for some by itself counts."""
        return _uses_scopes(self, set())

    @property
    def cache_key(self) -> CacheKey:
        """Two dependencies with equal keys share one call per request."""
        scopes = tuple(sorted(set(self.oauth_scopes))) if self.uses_scopes else ()
        return (self.call, scopes, self.scope or "")


def _uses_scopes(dependant: Dependant, seen: set[int]) -> bool:
    if dependant.own_oauth_scopes:
        return True
    # `seen` keeps a graph of shared nodes linear: a node looked at once need not be looked at again.
    if id(dependant.dependencies) in seen:
        return False
    seen.add(id(dependant.dependencies))
    if dependant.security_scopes_param_name is not None or dependant.is_security_scheme:
        return True
    return any(_uses_scopes(child, seen) for child in dependant.dependencies)


def walk(dependant: Dependant) -> Sequence[Dependant]:
    """Every node of the graph once, a node before its dependencies, in the order of declaration."""
    seen: set[int] = set()
    found: list[Dependant] = []

    def visit(node: Dependant) -> None:
        if id(node.dependencies) in seen:
            return
        seen.add(id(node.dependencies))
        found.append(node)
        for child in node.dependencies:
            visit(child)

    visit(dependant)
    return found


def flat_body_params(dependant: Dependant) -> list[ModelField]:
    """The body parameters of the whole graph, each once."""
    fields: dict[int, ModelField] = {}
    for node in walk(dependant):
        for body_param in node.body_params:
            fields.setdefault(id(body_param), body_param)
    return list(fields.values())


def last_body_params(dependant: Dependant) -> list[ModelField]:
    """Of each name, the body parameter that a walk meets last which goes through shared dependencies again and again.

    Walked from the end, where the first of a name is the last, it need not do so.
    """
    seen: set[int] = set()
    found: dict[str, ModelField] = {}

    def visit(node: Dependant) -> None:
        if id(node.dependencies) in seen:
            return
        seen.add(id(node.dependencies))
        for child in reversed(node.dependencies):
            visit(child)
        for body_param in reversed(node.body_params):
            found.setdefault(body_param.name, body_param)

    visit(dependant)
    return list(found.values())
