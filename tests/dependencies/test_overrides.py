"""Overrides applied to a graph: each node replaced once, cycles and what cannot be called refused."""

from collections.abc import Callable
from typing import Annotated, Any

import pytest

from fastlayer import Depends, FastLayerError
from fastlayer.dependencies import overrides as module
from fastlayer.dependencies.analysis import get_dependant
from fastlayer.dependencies.models import Dependant
from fastlayer.dependencies.overrides import Overridden
from fastlayer.execution.compile import Settings, compile_plan


def first() -> str:
    return "first"


def second(value: Annotated[str, Depends(first)]) -> str:
    return value


def wrapping(value: Annotated[str, Depends(first)]) -> str:
    return value


def endpoint(value: Annotated[str, Depends(second)]) -> None: ...


def graph(call: Callable[..., Any] = endpoint) -> Dependant:
    return get_dependant(path="/", call=call)


def test_a_node_that_nothing_overrides_is_itself() -> None:
    (node,) = graph().dependencies
    assert Overridden({})(node) is node
    assert Overridden({first: wrapping})(node) is node


def test_a_replacement_keeps_how_the_node_was_asked_for() -> None:
    def asking(value: Annotated[str, Depends(first, use_cache=False, scope="request", max_concurrency=2)]) -> None: ...

    (node,) = graph(asking).dependencies
    made = Overridden({first: second})(node)
    kept = ("name", "use_cache", "scope", "concurrency", "path")
    assert made.call is second
    assert [getattr(made, name) for name in kept] == [getattr(node, name) for name in kept]


def other() -> str:
    return "other"


def asking_for_both(a: Annotated[str, Depends(first)], b: Annotated[str, Depends(other)]) -> None: ...


@pytest.mark.parametrize(
    ("overrides", "calls"),
    [
        ({first: other, other: first}, [other, first]),
        ({first: other}, [other, other]),
        ({other: first}, [first, first]),
        ({first: first}, [first, other]),
    ],
)
def test_what_is_asked_for_is_called_once_not_what_is_called_in_its_place(
    overrides: dict[Any, Any], calls: list[Any]
) -> None:
    plan = compile_plan(graph(asking_for_both), Settings(), overrides)
    assert [step.call for step in plan.steps] == [*calls, asking_for_both]


def test_an_override_that_asks_for_what_it_replaces_is_a_cycle_that_is_shown() -> None:
    with pytest.raises(FastLayerError) as caught:
        compile_plan(graph(), Settings(), {first: wrapping})
    message = str(caught.value)
    assert "form a cycle: wrapping (in place of first) → wrapping (in place of first)" in message
    assert f"wrapping ({__file__}:" in message
    assert "call that itself, as a function" in message


def test_a_cycle_through_dependencies_that_nothing_overrides_is_shown_whole() -> None:
    def far(value: Annotated[str, Depends(second)]) -> str:
        return value

    with pytest.raises(FastLayerError, match=r"far \(in place of first\) → second → far \(in place of first\)\.\n"):
        compile_plan(graph(), Settings(), {first: far})


def test_an_endpoint_that_is_overridden_as_a_dependency_is_still_the_endpoint() -> None:
    plan = compile_plan(graph(), Settings(), {endpoint: first})
    assert [step.call for step in plan.steps] == [first, second, endpoint]


@pytest.mark.parametrize("other", [None, 5, "text"])
def test_an_override_that_is_not_callable_is_refused_with_the_remedy(other: Any) -> None:
    with pytest.raises(FastLayerError) as caught:
        compile_plan(graph(), Settings(), {first: other})
    assert f"first ({__file__}:" in str(caught.value)
    assert f"is overridden by {other!r}, which is not callable" in str(caught.value)
    assert f"dependency_overrides[first] = lambda: {other!r}" in str(caught.value)


def test_overrides_of_a_graph_of_diamonds_take_one_analysis_a_level(monkeypatch: pytest.MonkeyPatch) -> None:
    analysed: list[Any] = []

    def counting(**options: Any) -> Dependant:
        analysed.append(options["call"])
        return get_dependant(**options)

    def diamond(below: Any) -> Any:
        def level(a: Any = Depends(below), b: Any = Depends(below)) -> None: ...

        return level

    monkeypatch.setattr(module, "get_dependant", counting)
    levels: list[Any] = [first]
    overrides = {}
    for _ in range(20):
        levels.append(diamond(levels[-1]))
        overrides[levels[-1]] = diamond(levels[-2])
    plan = compile_plan(graph(diamond(levels[-1])), Settings(), overrides)
    assert len(plan.steps) == 22  # of 2 ** 21 ways
    assert len(analysed) == 20
