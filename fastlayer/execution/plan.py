"""Binding, Step, Plan, and `run`: the request loop and nothing else.

A plan is data: a tuple of steps in call order, dependencies before what asks for them, the endpoint last. `run` and
`run_in_worker` are the only code that interprets it, so the path of a request through a route can be read by
printing `route.plan` and then reading this module. What a plan is made from is `compile`'s business.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from pydantic import ValidationError

from ..error_lists import Errors, located, missing
from ..fields import ModelField
from .exchange import Exchange
from .sources import Reader
from .threads import run_in_thread

Extract = Callable[[Exchange, dict[str, Any]], Errors]
"""Fills in arguments that need more than one look-up: models, alias choices, forms, bodies; returns the errors."""


class _Sentinel:
    def __init__(self, name: str) -> None:
        self._name = name

    def __repr__(self) -> str:
        return self._name


ABSENT = _Sentinel("ABSENT")  # the request does not carry the parameter
REQUIRED = _Sentinel("REQUIRED")  # it has no default
COMPUTED = _Sentinel("COMPUTED")  # its default is made anew for each request, or validated
FAILED = _Sentinel("FAILED")  # the step did not run: its own parameters or an input's were invalid

MAX_REPEATS = 32
"""How often the errors of one shared dependency are reported, at most."""

AWAIT, INLINE, ENTER = "await", "inline", "enter"
"""How a step is called: awaited, called where we are, or entered: `enter(exchange, arguments)` is awaited."""


class Binding(NamedTuple):
    """How one argument is taken from the request."""

    name: str
    source: int  # index into the plan's sources
    key: Any  # the name on the wire; of a list, the tuple of it
    default: Any
    validate: Callable[[Any], Any] | None  # None where any string is valid
    field: ModelField
    loc: tuple[str, str]


class Step:
    """One call: take the bindings from the request and the inputs from earlier steps, then call."""

    __slots__ = ("asks", "bindings", "call", "children", "enter", "extract", "inputs", "is_last", "mode", "specials")

    def __init__(
        self,
        call: Callable[..., Any],
        *,
        mode: str = AWAIT,
        bindings: tuple[Binding, ...] = (),
        inputs: tuple[tuple[str, int], ...] = (),
        specials: tuple[tuple[str, Callable[[Exchange], Any]], ...] = (),
        extract: tuple[Extract, ...] = (),
        enter: Callable[[Exchange, dict[str, Any]], Any] | None = None,
        children: tuple[int, ...] = (),
        is_last: bool = False,
    ) -> None:
        self.call = call
        self.mode = mode
        self.bindings = bindings
        self.inputs = inputs
        self.specials = specials
        self.extract = extract
        self.enter = enter
        self.children = children
        self.is_last = is_last
        self.asks = bool(bindings or inputs or specials or extract)


class Stage(NamedTuple):
    """Consecutive steps that run in the same place: on the event loop, or in one visit to a worker thread."""

    in_worker: bool
    steps: tuple[Step, ...]


class Plan(NamedTuple):
    """What happens for one request, decided once."""

    steps: tuple[Step, ...]
    stages: tuple[Stage, ...]  # the same steps, by where they run
    readers: tuple[Reader, ...]
    has_exits: bool  # whether any step opens something that must be closed
    bare: Callable[[], Any] | None  # the endpoint, where it is an `async def` that asks for nothing
    reads_body: bool = False  # whether one of the steps reads the body, rather than somebody before the first


class InvalidRequest(Exception):
    """The steps whose parameters were invalid, by index, and their errors."""

    def __init__(self, failures: dict[int, Errors]) -> None:
        self.failures = failures


async def run(plan: Plan, exchange: Exchange) -> Any:
    """What the endpoint returned.

    A step with invalid parameters does not stop the others: every dependency that can be called is called, as in
    FastAPI, because applications rely on their effects. Then one InvalidRequest carries all errors.
    """
    if plan.readers:
        exchange.sources = [read(exchange.scope) for read in plan.readers]
    results = exchange.results
    for in_worker, steps in plan.stages:
        if in_worker:
            await run_in_thread(exchange, run_steps, steps)
            continue
        for step in steps:
            arguments = bind(step, exchange) if step.asks or exchange.failures is not None else {}
            if arguments is None:
                results.append(FAILED)
            elif step.mode is AWAIT:
                results.append(await step.call(**arguments))
            elif step.mode is INLINE:
                results.append(step.call(**arguments))
            else:
                results.append(await step.enter(exchange, arguments))  # type: ignore[misc]  # set by compile for ENTER
    if exchange.failures:
        raise InvalidRequest(exchange.failures)
    return results[-1]


def run_steps(exchange: Exchange, steps: tuple[Step, ...]) -> None:
    """The same for consecutive sync steps, in the worker thread they share."""
    results = exchange.results
    for step in steps:
        arguments = bind(step, exchange) if step.asks or exchange.failures is not None else {}
        if arguments is None:
            results.append(FAILED)
        elif step.enter is None:
            results.append(step.call(**arguments))
        else:
            results.append(step.enter(exchange, arguments))


def bind(step: Step, exchange: Exchange) -> dict[str, Any] | None:
    """The arguments of a step; None if it cannot be called.

    Errors of the places come in the order path, query, header, cookie, body: the order of the bindings, which only
    a parameter model among them can disturb (`compile` then moves them all to `extract`).
    """
    arguments: dict[str, Any] = {}
    errors: Errors = []
    if step.bindings:
        sources = exchange.sources
        for name, source, key, default, validate, field, loc in step.bindings:
            raw = sources[source].get(key, ABSENT)
            if raw is ABSENT:
                if default is REQUIRED:
                    errors.append(missing(loc))
                elif default is COMPUTED:
                    errors += _set_default(field, name, loc, arguments)
                else:
                    arguments[name] = default
            elif validate is None:
                arguments[name] = raw
            else:
                try:
                    arguments[name] = validate(raw)
                except ValidationError as exc:
                    errors += located(exc, loc)
    for extract in step.extract:
        errors += extract(exchange, arguments)
    for name, make in step.specials:
        arguments[name] = make(exchange)
    for name, index in step.inputs:
        arguments[name] = exchange.results[index]
    if errors or exchange.failures is not None:
        return arguments if _may_run(step, exchange, errors) else None
    return arguments


def _may_run(step: Step, exchange: Exchange, errors: Errors) -> bool:
    """Whether a step can be called although something was invalid, here (which is recorded) or before."""
    if exchange.failures is None:
        exchange.failures = {}
    if errors:
        exchange.failures[len(exchange.results)] = errors
    return not (errors or step.is_last or any(exchange.results[index] is FAILED for _, index in step.inputs))


def _set_default(field: ModelField, name: str, loc: tuple[str, str], arguments: dict[str, Any]) -> Errors:
    """Fill in a default that is made anew for each request; validated where the marker says so."""
    value = field.get_default()
    if field.field_info.validate_default:
        value, errors = field.validate(value, loc=loc)
        if errors:
            return errors
    arguments[name] = value
    return []


def in_order_of_visits(plan: Plan, failures: dict[int, Errors]) -> Errors:
    """All errors of a request, depth-first: a step's dependencies before its own.

    A shared dependency's errors repeat for each way that leads to it, as in FastAPI, but at most MAX_REPEATS times:
    in a graph of diamonds the ways double with every level.
    """
    steps = plan.steps
    errors: Errors = []
    repeats = [0] * len(steps)

    def visit(index: int) -> None:
        if repeats[index] == MAX_REPEATS:
            return
        repeats[index] += 1
        for child in steps[index].children:
            visit(child)
        errors.extend(failures.get(index, ()))

    visit(len(steps) - 1)
    return errors
