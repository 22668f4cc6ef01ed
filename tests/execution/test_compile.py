"""Dependant -> Plan: what is decided once, and what editing the graph or overriding it changes."""

from collections.abc import Iterator
from typing import Annotated, Any

import pytest

from fastlayer import Depends, FastLayer, FastLayerError
from fastlayer.dependencies.analysis import get_dependant
from fastlayer.dependencies.models import Dependant
from fastlayer.execution.compile import Settings, compile_plan
from fastlayer.execution.plan import Plan

from ..in_memory import call

pytestmark = pytest.mark.anyio


def plan_of(function: Any, **settings: Any) -> Plan:
    return compile_plan(get_dependant(path="/", call=function, scope="function"), Settings(**settings))


def shared() -> int:
    return 1


def left(a: int = Depends(shared)) -> int:
    return a


async def right(a: int = Depends(shared)) -> int:
    return a


def endpoint(a: int = Depends(left), b: int = Depends(right)) -> int:
    return a + b


def test_a_plan_is_the_tuple_of_calls_each_distinct_one_once() -> None:
    assert [step.call for step in plan_of(endpoint).steps] == [shared, left, right, endpoint]


def test_consecutive_sync_steps_are_one_stage() -> None:
    def stages(**settings: Any) -> list[tuple[bool, int]]:
        return [(stage.in_worker, len(stage.steps)) for stage in plan_of(endpoint, **settings).stages]

    assert stages() == [(True, 2), (False, 1), (True, 1)]
    assert stages(sync_in_thread=False) == [(False, 4)]


def test_a_plan_knows_whether_anything_has_to_be_closed() -> None:
    def opens() -> Iterator[int]:
        yield 1

    assert not plan_of(endpoint).has_exits
    assert plan_of(lambda a=Depends(opens): a).has_exits


def test_a_dependant_without_call_is_refused_with_the_remedy() -> None:
    with pytest.raises(FastLayerError, match="set the function it stands for"):
        compile_plan(Dependant(), Settings())


class Unhashable:
    __hash__ = None  # type: ignore[assignment]  # what a class with __eq__ has

    def __init__(self) -> None:
        self.calls = 0

    def __eq__(self, other: object) -> bool:
        return self is other

    def __call__(self) -> int:
        self.calls += 1
        return self.calls


async def test_an_unhashable_dependency_is_called_once_and_left_alone_by_overrides() -> None:
    app = FastLayer()
    one = Unhashable()

    @app.get("/")
    async def endpoint(a: Annotated[int, Depends(one)], b: Annotated[int, Depends(one)]) -> list[int]:
        return [a, b]

    assert (await call(app)).json() == [1, 1]
    app.dependency_overrides[shared] = left
    assert (await call(app)).json() == [2, 2]


async def test_an_override_that_cannot_work_is_an_error_that_says_why() -> None:
    app = FastLayer()

    def broken(q: Annotated[int, Depends(3)]) -> None: ...

    @app.get("/", dependencies=[Depends(shared)])
    async def endpoint() -> None: ...

    app.dependency_overrides[shared] = broken
    answer = await call(app)
    assert isinstance(answer.raised, FastLayerError)
    assert "needs a callable" in str(answer.raised)


async def test_what_is_edited_in_the_graph_before_the_first_request_is_honoured() -> None:
    app = FastLayer()

    @app.get("/")
    async def endpoint(a: int = Depends(shared)) -> int:
        return a

    (route,) = [route for route in app.routes if getattr(route, "endpoint", None) is endpoint]
    route.dependant.dependencies[0].call = lambda: 7  # type: ignore[attr-defined]  # an APIRoute
    assert (await call(app)).json() == 7


async def test_a_dependency_lives_as_long_as_what_asks_for_it() -> None:
    app = FastLayer()
    events: list[str] = []

    def inner() -> Iterator[None]:
        yield
        events.append("inner closed")

    def outer(value: None = Depends(inner)) -> Iterator[None]:
        yield
        events.append("outer closed")

    from fastlayer import BackgroundTasks

    @app.get("/", dependencies=[Depends(outer, scope="request")])
    async def endpoint(tasks: BackgroundTasks) -> None:
        tasks.add_task(events.append, "background")

    await call(app)
    assert events == ["background", "outer closed", "inner closed"]
