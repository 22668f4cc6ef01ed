"""The order of a plan's steps: who runs before the body is read, and what shares a visit to a worker thread.

Steps come in depth-first order. Those that can tell a stranger without the body may stand before the one that reads it.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ..dependencies.models import Dependant
from .exchange import Exchange
from .plan import ENTER, InvalidRequest, Stage, Step


@dataclass(eq=False)
class Made:
    """A step under construction, with what its place depends on; `node` is None where a value is only looked up."""

    step: Step
    in_worker: bool
    node: Dependant | None = None


def schemes(made: Sequence[Made]) -> set[int]:
    """The steps that read credentials from the connection and nothing else, by index.

    Nobody can tell when they ran but by the answer: they ask for no dependency, no thread, and for the HTTPConnection,
    which has no body, rather than the request.
    """
    return {
        index
        for index, one in enumerate(made)
        if one.node is not None
        and one.node.is_security_scheme
        and one.node.request_param_name is None
        and not (one.in_worker or one.step.children or one.node.body_params or one.step.is_last)
    }


def guards(made: Sequence[Made]) -> set[int]:
    """The security steps that can do without the body, and all that they depend on, by index.

    A security step is a scheme, was asked for by `Security()`, or depends on a step that is one.
    """
    needs_body: set[int] = set()
    early: set[int] = set()
    for index, one in enumerate(made):  # a step stands after what it depends on
        node, children = one.node, one.step.children
        if node is None or one.step.is_last:
            continue
        if node.body_params or not needs_body.isdisjoint(children):
            needs_body.add(index)
        elif node.is_security_scheme or node.own_oauth_scopes is not None or not early.isdisjoint(children):
            early.add(index)
    for index in reversed(range(len(made))):
        if index in early:
            early.update(made[index].step.children)
    return early


def with_body_after(early: set[int], made: Sequence[Made], read: Step) -> tuple[list[Made], list[int]]:
    """The steps with the early ones first, then the one that reads the body; and the new index of each old one."""
    order = sorted(range(len(made)), key=lambda index: index not in early)
    places = [0] * len(made)
    for place, index in enumerate(order):
        places[index] = place + (index not in early)
    for one in made:
        one.step.inputs = tuple((name, places[index]) for name, index in one.step.inputs)
        one.step.children = tuple(places[index] for index in one.step.children)
    steps = [made[index] for index in order]
    steps.insert(len(early), Made(read, in_worker=False))
    return steps, places


def body_step(read_body: Callable[[Exchange], Awaitable[None]], *, refuses_first: bool) -> Step:
    """The step that reads the body; with `refuses_first`, not of a request that is invalid already."""

    async def read(exchange: Exchange, arguments: dict[str, Any]) -> None:
        if refuses_first and exchange.failures:
            raise InvalidRequest(exchange.failures)
        await read_body(exchange)

    return Step(read_body, mode=ENTER, enter=read)


def stages(made: Sequence[Made]) -> tuple[Stage, ...]:
    """The steps, consecutive ones together that run in the same place."""
    found: list[Stage] = []
    for one in made:
        if found and found[-1].in_worker == one.in_worker:
            found[-1] = Stage(one.in_worker, (*found[-1].steps, one.step))
        else:
            found.append(Stage(one.in_worker, (one.step,)))
    return tuple(found)
