"""Dependant -> Plan, with overrides -> another Plan. Everything a request need not decide is decided here."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from .. import params
from ..dependencies.analysis import LIFETIMES
from ..dependencies.callables import (
    identity,
    is_async_gen_callable,
    is_cheap_constructor,
    is_coroutine_callable,
    is_gen_callable,
    place_of,
)
from ..dependencies.models import Dependant
from ..dependencies.overrides import Overridden, Overrides
from ..exceptions import FastLayerError
from ..fields import ModelField, is_sequence
from ..security.oauth2 import SecurityScopes
from . import lifetimes
from .exchange import (
    Exchange,
    get_background,
    get_outcome,
    get_request,
    get_response,
    get_websocket,
)
from .extraction import body_extract, is_plain, parameters_extract
from .ordering import Made, body_step, guards, schemes, stages, with_body_after
from .plan import ABSENT, AWAIT, COMPUTED, ENTER, INLINE, REQUIRED, Binding, Plan, Step
from .sources import Reader, cookie_source, header_reader, path_source, query_reader

_PLACES = ("path", "query", "header", "cookie")

_Specials = tuple[tuple[str, Callable[[Exchange], Any]], ...]
_OF_HTTP: _Specials = (("request_param_name", get_request), ("http_connection_param_name", get_request))
_OF_WEBSOCKET: _Specials = (("websocket_param_name", get_websocket), ("http_connection_param_name", get_websocket))
_OF_BOTH: _Specials = (
    ("response_param_name", get_response),
    ("background_tasks_param_name", get_background),
    ("outcome_param_name", get_outcome),
)

_IMMUTABLE = (str, int, float, bool, bytes, tuple, frozenset, type(None))


@dataclass
class Settings:
    """What the application decides for all its plans."""

    default_scope: params.Scope = "response"
    sync_in_thread: bool = True
    embed_body_fields: bool = False
    scope_type: str = "http"  # or "websocket"
    app_values: Mapping[Any, Any] = field(default_factory=dict)  # what scope "app" opened, by key
    opens_app_scope: bool = False  # whether this plan is the one that opens it
    read_body: Callable[[Exchange], Awaitable[None]] | None = None  # what may become a step of the plan
    security_first: bool | None = None  # whether all security steps precede it; None: those that are schemes


def compile_plan(dependant: Dependant, settings: Settings, overrides: Overrides | None = None) -> Plan:
    """The plan of an endpoint: each distinct dependency once, in depth-first order.

    Raises:
        FastLayerError: an override's signature cannot work, or overrides form a cycle.
    """
    return compile_with_keys(dependant, settings, overrides)[0]


def compile_with_keys(
    dependant: Dependant,
    settings: Settings,
    overrides: Overrides | None = None,
    ready: Mapping[Any, Any] | None = None,
) -> tuple[Plan, Mapping[Any, int]]:
    """The plan and, for each dependency that may be shared, its key and the index of its step.

    `ready` has values that need not be made again, by key.
    """
    overridden = Overridden(overrides or {})
    overridden.refuse_cycles(dependant)
    compiler = _Compiler(dependant, settings, overridden, ready or {})
    compiler.add(dependant, is_last=True)
    reads_body = compiler.place_body()
    steps = tuple(made.step for made in compiler.steps)
    bare = steps[0].call if len(steps) == 1 and steps[0].mode is AWAIT and not steps[0].asks else None
    plan = Plan(steps, stages(compiler.steps), compiler.readers(), compiler.has_exits, bare, reads_body)
    return plan, compiler.known


class _Compiler:
    def __init__(self, root: Dependant, settings: Settings, overridden: Overridden, ready: Mapping[Any, Any]) -> None:
        self.settings = settings
        self.ready = ready
        self.overridden = overridden
        self.root = root
        self.steps: list[Made] = []
        self.known: dict[Any, int] = {}
        self.has_exits = False
        self.sources: dict[str, dict[str, bool]] = {}  # place -> name on the wire -> whether all values are wanted
        self.order: list[str] = []
        self.lives: dict[Any, str] = {}
        self._plan_lifetimes(root)

    # --- lifetimes: an unspecified scope lives at least as long as what asks for it -------------------------

    def _plan_lifetimes(self, root: Dependant) -> None:
        seen: set[tuple[int, str]] = set()

        def visit(node: Dependant, needed: str) -> None:
            if (id(node.dependencies), needed) in seen:
                return
            seen.add((id(node.dependencies), needed))
            for child in node.dependencies:
                child = self.overridden(child)
                own: str = child.scope or self.settings.default_scope
                if child.scope is None and LIFETIMES[needed] > LIFETIMES[own]:
                    own = needed
                key = self.key(child)
                if LIFETIMES[own] > LIFETIMES[self.lives.get(key, "function")] or key not in self.lives:
                    self.lives[key] = own
                visit(child, own if child.is_generator else needed)

        visit(root, "function")

    # --- nodes -> steps ---------------------------------------------------------------------------------------

    def key(self, node: Dependant) -> Any:
        call, scopes, scope = node.cache_key
        if not scope and node.is_generator:
            scope = self.settings.default_scope
        return (identity(call), scopes, scope)

    def add(self, node: Dependant, *, is_last: bool = False) -> int:
        """The index of the node's step, made unless an equal one was."""
        key: Any = None
        if not is_last:
            if (given := self.given(node)) is not None:
                return given
            key = self.key(node)  # of what is asked for, as in FastAPI: an override shares its call with nobody else
            if node.use_cache and (known := self.known.get(key)) is not None:
                return known
            node = self.overridden(node)
        children = []
        inputs = []
        for child in node.dependencies:
            index = self.add(child)
            children.append(index)
            if child.name is not None:
                inputs.append((child.name, index))
        made = self.make(node, tuple(inputs), tuple(children), is_last)
        self.steps.append(made)
        index = len(self.steps) - 1
        if not is_last:
            # The first call is everybody's who takes part, also where it was made for a place that does not.
            self.known.setdefault(key, index)
        return index

    def given(self, node: Dependant) -> int | None:
        """The index of a step that only looks up a value made elsewhere: by scope "app", or by an earlier call."""
        key = self.key(node)
        look_up: Callable[[], Any]
        if key in self.ready:
            look_up = partial(self.ready.__getitem__, key)
        elif node.scope == "app" and not self.settings.opens_app_scope:
            look_up = partial(_app_value, self.settings.app_values, key, node.call)
        else:
            return None
        if key not in self.known:
            self.steps.append(Made(Step(look_up, mode=INLINE), in_worker=False))
            self.known[key] = len(self.steps) - 1
        return self.known[key]

    def make(
        self, node: Dependant, inputs: tuple[tuple[str, int], ...], children: tuple[int, ...], is_last: bool
    ) -> Made:
        if node.call is None:
            raise FastLayerError("A Dependant without `call` cannot be compiled: set the function it stands for.")
        bindings, extract = self.parameters(node)
        mode, enter, in_worker = self.how(node, is_last)
        if mode is ENTER:
            self.has_exits = True
        step = Step(
            node.call,
            mode=mode,
            bindings=bindings,
            inputs=inputs,
            specials=_specials(node, self.settings.scope_type),
            extract=extract,
            enter=enter,
            children=children,
            is_last=is_last,
        )
        return Made(step, in_worker, node)

    def how(self, node: Dependant, is_last: bool) -> tuple[str, Any, bool]:
        """The step's mode, its `enter`, and whether it runs in a worker thread."""
        call: Any = node.call
        scope = self.lives.get(self.key(node), self.settings.default_scope)
        if is_last and node.is_generator:
            return INLINE, None, False  # a stream: its generator is run by the responder
        if is_async_gen_callable(call):
            return ENTER, self.bounded(node, lifetimes.enter_async_generator(call, scope), scope, holds=True), False
        threaded = node.thread and self.settings.sync_in_thread and not is_cheap_constructor(call)
        placed = lifetimes.in_worker if threaded else lifetimes.on_the_loop
        if is_gen_callable(call):
            enter = lifetimes.enter_generator(call, scope, threaded=threaded)
            self.has_exits = True
            if node.concurrency is None and threaded:
                return INLINE, enter, True
            return ENTER, self.bounded(node, placed(enter), scope, holds=True), False
        if is_coroutine_callable(call):
            if node.concurrency is None:
                return AWAIT, None, False
            return ENTER, self.bounded(node, _awaited(call), scope, holds=False), False
        if node.concurrency is None:
            return INLINE, None, threaded
        return ENTER, self.bounded(node, placed(_called(call)), scope, holds=False), False

    @staticmethod
    def bounded(node: Dependant, enter: Any, scope: str, *, holds: bool) -> Any:
        if node.concurrency is None:
            return enter
        return lifetimes.limited(enter, node.concurrency, scope, holds=holds)

    def place_body(self) -> bool:
        """Put the reading of the body after the steps that can do without it; no if none can."""
        read_body, security_first = self.settings.read_body, self.settings.security_first
        if read_body is None or security_first is False:
            return False
        early = guards(self.steps) if security_first else schemes(self.steps)
        if not early:
            return False
        read = body_step(read_body, refuses_first=bool(security_first))
        self.steps, places = with_body_after(early, self.steps, read)
        self.known = {key: places[index] for key, index in self.known.items()}
        return True

    # --- parameters -------------------------------------------------------------------------------------------

    def parameters(self, node: Dependant) -> tuple[tuple[Binding, ...], Any]:
        places: dict[str, list[ModelField]] = {place: getattr(node, f"{place}_params") for place in _PLACES}
        extract: list[Any] = []
        bindings: list[Binding] = []
        if all(is_plain(field) for fields in places.values() for field in fields):
            for place, fields in places.items():
                bindings += [self.binding(place, field) for field in fields]
        else:
            extract += [parameters_extract(place, fields) for place, fields in places.items() if fields]
        if node.body_params:
            extract.append(body_extract(node.body_params, embed=self.settings.embed_body_fields))
        return tuple(bindings), tuple(extract)

    def binding(self, place: str, field: ModelField) -> Binding:
        name = field.validation_alias or field.alias
        many = place in ("query", "header") and is_sequence(field.field_info.annotation)
        wanted = self.sources.setdefault(place, {})
        if place not in self.order:
            self.order.append(place)
        key = name.lower() if place == "header" else name
        wanted[key] = wanted.get(key, False) or many
        default = REQUIRED if field.field_info.is_required() else _constant_default(field)
        validate = None if _takes_any_string(place, field) else field.validator.validate_python
        return Binding(
            field.name, self.order.index(place), (key,) if many else key, default, validate, field, (place, name)
        )

    def readers(self) -> tuple[Reader, ...]:
        return tuple(_reader(place, self.sources[place]) for place in self.order)


def _reader(place: str, wanted: Mapping[str, bool]) -> Reader:
    lists = {name: (name,) for name, many in wanted.items() if many}
    if place == "query":
        return query_reader(lists)
    if place == "header":
        return header_reader({name.encode("latin-1", "replace"): name for name in wanted}, lists)
    return path_source if place == "path" else cookie_source


def _takes_any_string(place: str, field: ModelField) -> bool:
    """Whether validation cannot change or refuse a string: a plain `str` without constraints. Path values may be
    converted already, so they are validated."""
    marker = field.field_info
    return place != "path" and marker.annotation is str and not marker.metadata


def _constant_default(field: ModelField) -> Any:
    marker = field.field_info
    if marker.default_factory is not None or marker.validate_default or not isinstance(marker.default, _IMMUTABLE):
        return COMPUTED
    return marker.default


def _specials(node: Dependant, scope_type: str) -> _Specials:
    # A dependency of both kinds of route declares `websocket: WebSocket = None`: the absent one keeps its default.
    own = _OF_HTTP if scope_type == "http" else _OF_WEBSOCKET
    found = [
        (getattr(node, attribute), make)
        for attribute, make in (*own, *_OF_BOTH)
        if getattr(node, attribute) is not None
    ]
    if node.security_scopes_param_name is not None:
        scopes = node.oauth_scopes
        found.append((node.security_scopes_param_name, lambda exchange: SecurityScopes(scopes)))
    return tuple(found)


def _app_value(values: Mapping[Any, Any], key: Any, call: Any) -> Any:
    if key not in values:
        raise FastLayerError(
            f'The dependency {place_of(call)} has scope="app", and it is not open: no lifespan ran. Serve the app'
            " with its lifespan on (in tests: `with TestClient(app) as client:`), declare routes before start-up, and"
            " include routers rather than mounting them."
        )
    return values[key]


def _awaited(call: Callable[..., Any]) -> Any:
    async def enter(exchange: Exchange, arguments: dict[str, Any]) -> Any:
        return await call(**arguments)

    return enter


def _called(call: Callable[..., Any]) -> Any:
    return lambda exchange, arguments: call(**arguments)


__all__ = ["ABSENT", "Settings", "compile_plan"]
