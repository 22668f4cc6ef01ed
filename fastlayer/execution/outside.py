"""Dependencies outside requests: the graph of any function resolved in scripts, workers and the lifespan.

The same analysis, plan, caching and teardown as in a request; what only a request has is an error that names it.
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from typing import Any

from ..dependencies.analysis import get_dependant
from ..dependencies.callables import name_of, place_of
from ..dependencies.models import Dependant, walk
from ..dependencies.overrides import Overrides
from ..exceptions import FastLayerError
from .compile import Settings, compile_with_keys
from .exchange import Exchange
from .lifetimes import SCOPES, cleanup_scope, close
from .plan import InvalidRequest, Plan, in_order_of_visits, run

_REQUEST_NAMES = (
    "request_param_name",
    "websocket_param_name",
    "http_connection_param_name",
    "response_param_name",
    "background_tasks_param_name",
    "outcome_param_name",
)


class DependencyScope:
    """Calls functions with their dependencies; what those yielded stays open until the scope is left."""

    def __init__(self, settings: Settings, overrides: Overrides) -> None:
        self._settings = settings
        self._overrides = overrides
        self._values: dict[Any, Any] = {}
        self._exchange = Exchange(_nowhere(), _no_messages, _no_messages)

    async def call(self, function: Callable[..., Any], **known: Any) -> Any:
        """What `function` returns, its dependencies resolved, `known` passed as they are.

        A dependency that was resolved by an earlier call in this scope is not called again.

        Raises:
            FastLayerError: a parameter can only be taken from a request, and is not among `known`.
        """
        dependant = _without(get_dependant(path="", call=function, scope="function"), known)
        for node in walk(dependant):
            refuse_request(node, "outside a request")
        plan, keys = compile_with_keys(dependant, self._settings, self._overrides, self._values)
        result = await self._run(_with_known(plan, known))
        for key, index in keys.items():
            self._values[key] = self._exchange.results[index]
        return result

    async def _run(self, plan: Plan) -> Any:
        self._exchange.results = []
        self._exchange.failures = None
        try:
            return await run(plan, self._exchange)
        except InvalidRequest as exc:
            errors = in_order_of_visits(plan, exc.failures)
            raise FastLayerError(
                "Outside a request there is nothing to take these parameters from: "
                + ", ".join(repr(".".join(map(str, error["loc"]))) for error in errors)
                + ". Pass them to call(), or give them defaults."
            ) from None


def _nowhere() -> dict[str, Any]:
    return {"type": "outside", "path_params": {}, "query_string": b"", "headers": []}


async def _no_messages(*message: Any) -> Any:
    raise FastLayerError("There is no request here to read from or to answer.")


def _without(dependant: Dependant, known: Mapping[str, Any]) -> Dependant:
    """The node without the parameters whose values are known."""
    changes: dict[str, Any] = {
        place: [field for field in getattr(dependant, place) if field.name not in known]
        for place in ("path_params", "query_params", "header_params", "cookie_params", "body_params")
    }
    changes |= {name: None for name in _REQUEST_NAMES if getattr(dependant, name) in known}
    children = [child for child in dependant.dependencies if child.name not in known]
    return replace(dependant, dependencies=children, **changes)


def _known(value: Any, exchange: Exchange) -> Any:
    return value


def _with_known(plan: Plan, known: Mapping[str, Any]) -> Plan:
    last = plan.steps[-1]
    last.specials += tuple((name, partial(_known, value)) for name, value in known.items())
    last.asks = last.asks or bool(known)
    return plan


def refuse_request(node: Dependant, where: str) -> None:
    """Refuse a node that takes something only a request has.

    Raises:
        FastLayerError: naming the parameter.
    """
    for attribute in _REQUEST_NAMES:
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
    async with _closing(scope._exchange, (*SCOPES,)):
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
    wanted = [node for dependant in dependants for node in walk(dependant) if node.scope == "app"]
    if not wanted:
        yield
        return
    for node in wanted:
        for inner in walk(node):
            refuse_request(inner, f'by {name_of(node.call)}, which has scope="app"')
    exchange = Exchange(_nowhere(), _no_messages, _no_messages)
    root = Dependant(call=_nothing, dependencies=[replace(node, name=None) for node in wanted], scope="app")
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
