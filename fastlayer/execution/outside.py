"""Dependencies outside requests: the graph of any function resolved in scripts, workers and the lifespan.

The same analysis, plan, caching and teardown as in a request; what only a request has is an error that names it.
"""

from collections import ChainMap
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar, overload

from ..dependencies.analysis import get_dependant
from ..dependencies.callables import name_of, place_of
from ..dependencies.models import Dependant
from ..dependencies.overrides import Overridden, Overrides
from ..exceptions import FastLayerError
from ..outcome import Outcome
from .compile import Settings, compile_with_keys
from .exchange import Exchange
from .lifetimes import SCOPES, cleanup_scope, close
from .plan import InvalidRequest, Plan, in_order_of_visits, run

T = TypeVar("T")

_REQUEST_NAMES = (
    "request_param_name",
    "websocket_param_name",
    "http_connection_param_name",
    "response_param_name",
    "background_tasks_param_name",
)
_OUTCOME_NAME = "outcome_param_name"


class DependencyScope:
    """Calls functions with their dependencies; what those yielded stays open until the scope is left."""

    def __init__(self, settings: Settings, overrides: Overrides) -> None:
        self._settings = replace(settings, opens_app_scope=True)
        self._overrides = overrides
        self._values: dict[Any, Any] = {}
        self._known = ChainMap(self._values, dict(settings.app_values))
        self._opened = _exchange()
        self._opened.exits = {scope: [] for scope in (*SCOPES, "app")}
        self._opened.outcome = Outcome()

    @overload
    async def call(self, function: Callable[..., Awaitable[T]], /, **known: Any) -> T: ...
    @overload
    async def call(self, function: Callable[..., T], /, **known: Any) -> T: ...
    async def call(self, function: Callable[..., Any], /, **known: Any) -> Any:
        """What `function` returns, its dependencies resolved, `known` passed as they are.

        A dependency that was resolved by an earlier call in this scope is not called again. What has the scope "app"
        is the application's own while that runs; otherwise it is opened here, and closed with the scope.

        Raises:
            FastLayerError: a parameter can only be taken from a request, and is not among `known`.
        """
        dependant = _without(get_dependant(path="", call=function, scope="function"), known)
        refuse_request(dependant, "outside a request")
        for _, node in Overridden(self._overrides).calls(dependant):
            refuse_request(node, "outside a request")
        plan, keys = compile_with_keys(dependant, self._settings, self._overrides, self._known)
        exchange = _exchange()  # of its own, since calls may overlap; what they open is closed together
        exchange.exits, exchange.outcome = self._opened.exits, self._opened.outcome
        result = await self._run(_with_known(plan, known), exchange)
        for key, index in keys.items():
            self._values.setdefault(key, exchange.results[index])
        return result

    @staticmethod
    async def _run(plan: Plan, exchange: Exchange) -> Any:
        try:
            return await run(plan, exchange)
        except InvalidRequest as exc:
            errors = in_order_of_visits(plan, exc.failures)
            raise FastLayerError(
                "Outside a request there is nothing to take these parameters from: "
                + ", ".join(repr(".".join(map(str, error["loc"]))) for error in errors)
                + ". Pass them to call(), or give them defaults."
            ) from None


def _exchange() -> Exchange:
    return Exchange(
        {"type": "outside", "path_params": {}, "query_string": b"", "headers": []}, _no_messages, _no_messages
    )


async def _no_messages(*message: Any) -> Any:
    raise FastLayerError("There is no request here to read from or to answer.")


def _without(dependant: Dependant, known: Mapping[str, Any]) -> Dependant:
    """The node without the parameters whose values are known."""
    changes: dict[str, Any] = {
        place: [field for field in getattr(dependant, place) if field.name not in known]
        for place in ("path_params", "query_params", "header_params", "cookie_params", "body_params")
    }
    changes |= {name: None for name in (*_REQUEST_NAMES, _OUTCOME_NAME) if getattr(dependant, name) in known}
    children = [child for child in dependant.dependencies if child.name not in known]
    return replace(dependant, dependencies=children, **changes)


def _known(value: Any, exchange: Exchange) -> Any:
    return value


def _with_known(plan: Plan, known: Mapping[str, Any]) -> Plan:
    last = plan.steps[-1]
    last.specials += tuple((name, partial(_known, value)) for name, value in known.items())
    last.asks = last.asks or bool(known)
    return plan


def refuse_request(node: Dependant, where: str, names: Sequence[str] = _REQUEST_NAMES) -> None:
    """Refuse a node that takes something only a request has.

    Raises:
        FastLayerError: naming the parameter.
    """
    for attribute in names:
        name = getattr(node, attribute)
        if name is not None:
            raise FastLayerError(
                f"Parameter {name!r} of {place_of(node.call)} needs a request, and it is used {where}. Pass the value"
                " to call(), or take what it needs as a parameter with a default."
            )


@asynccontextmanager
async def resolving(settings: Settings, overrides: Overrides) -> AsyncIterator[DependencyScope]:
    """A scope to call functions in; everything opened is closed in reverse when it is left."""
    scope = DependencyScope(settings, overrides)
    async with _closing(scope._opened, (*SCOPES, "app")):
        yield scope


@asynccontextmanager
async def _closing(exchange: Exchange, scopes: Sequence[str]) -> AsyncIterator[None]:
    with cleanup_scope() as cleanup:
        failure: BaseException | None = None
        try:
            yield
        except BaseException as exc:
            failure = exc
        for scope in scopes:
            failure = await close(exchange, scope, failure, cleanup)
        if failure is not None:
            raise failure


@asynccontextmanager
async def app_scope(
    dependants: Sequence[Dependant], settings: Settings, overrides: Overrides, values: dict[Any, Any]
) -> AsyncIterator[None]:
    """Open every dependency with scope "app" of these graphs, in dependency order; close them in reverse.

    `values` is filled with what they gave, by key, while the app runs.

    Raises:
        FastLayerError: one of them needs a request.
    """
    overridden = Overridden(overrides)
    asked = [node for dependant in dependants for node, _ in overridden.calls(dependant) if node.scope == "app"]
    if not asked:
        yield
        return
    root = Dependant(call=_nothing, dependencies=[replace(node, name=None) for node in asked], scope="app")
    for outer in root.dependencies:
        for _, node in overridden.calls(replace(root, dependencies=[outer])):
            refuse_request(node, f'by {name_of(outer.call)}, which has scope="app"', (*_REQUEST_NAMES, _OUTCOME_NAME))
    exchange = _exchange()
    async with _closing(exchange, ("app",)):
        plan, keys = compile_with_keys(root, replace(settings, opens_app_scope=True, default_scope="app"), overrides)
        await run(plan, exchange)
        values.update({key: exchange.results[index] for key, index in keys.items()})
        try:
            yield
        finally:
            values.clear()


def _nothing() -> None:
    return None
