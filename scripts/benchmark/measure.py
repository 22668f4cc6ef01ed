"""Time and Python calls per request, in process: the frameworks take turns, round by round.

It may not know a framework, nor how figures are shown.
"""

import gc
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from statistics import median
from types import FrameType
from typing import Any

from . import frameworks
from .driver import Caller, WrongAnswer, lifespan
from .scenarios import Scenario

_COUNTED = 10  # requests per count; the count of each is the same once caches are warm
_WARM_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class Result:
    """One framework in one scenario."""

    scenario: str
    framework: str
    microseconds: float  # median per request
    ratio: float | None  # median over the rounds of the reference's time through this one's; None without reference
    calls: float  # Python calls per request on the event loop's thread
    rounds: tuple[float, ...]  # microseconds per request of each round


@contextmanager
def _no_collection() -> Iterator[None]:
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


async def timed(caller: Caller, times: int) -> float:
    """Return the microseconds per request of `times` requests."""
    with _no_collection():
        begin = time.perf_counter_ns()
        await caller.call(times)
        return (time.perf_counter_ns() - begin) / times / 1000


async def _batch(caller: Caller, seconds: float) -> int:
    """Warm the caller up; return how many of its requests fit in `seconds`."""
    times = 1
    while True:
        each = await timed(caller, times) / 1e6
        if each * times >= _WARM_SECONDS:
            return max(1, round(seconds / each))
        times *= 4


async def count_calls(caller: Caller) -> float:
    """Return the Python calls per request, the driver's own `receive` and `send` among them.

    Each resumption of a coroutine counts as a call. Worker threads do not count: how often they wake is up to the
    operating system.
    """
    await caller.call(_COUNTED)
    once, twice = await _counted(caller, _COUNTED), await _counted(caller, 2 * _COUNTED)
    return (twice - once) / _COUNTED  # the difference is free of what surrounds the requests


async def _counted(caller: Caller, times: int) -> int:
    count = 0

    def note(frame: FrameType, event: str, argument: Any) -> None:
        nonlocal count
        count += event == "call"

    with _no_collection():
        sys.setprofile(note)
        try:
            await caller.call(times)
        finally:
            sys.setprofile(None)
    return count


async def start(stack: AsyncExitStack, framework: str, scenario: Scenario) -> Caller | None:
    """Return a started and checked application's caller, or nothing where the framework cannot do the scenario.

    Raises:
        WrongAnswer: it answers something else than the scenario expects.
    """
    application = frameworks.build(framework, scenario.name)
    if application is None:
        return None
    await stack.enter_async_context(lifespan(application))
    caller = Caller(application, scenario)
    try:
        await caller.check()
    except Exception as error:
        raise WrongAnswer(f"{framework}: {scenario.name}: {error}") from error
    return caller


async def compare(scenario: Scenario, names: Iterable[str], rounds: int, seconds: float) -> list[Result]:
    """Return the results of `names` in one scenario, `rounds` batches of about `seconds` each."""
    async with AsyncExitStack() as stack:
        callers = {name: caller for name in names if (caller := await start(stack, name, scenario))}
        sizes = {name: await _batch(caller, seconds) for name, caller in callers.items()}
        times: dict[str, list[float]] = {name: [] for name in callers}
        gc.freeze()  # the applications themselves need not be traversed between the batches
        order = list(callers)
        for _ in range(rounds):
            for name in order:
                times[name].append(await timed(callers[name], sizes[name]))
            order.append(order.pop(0))  # nobody is always the one behind the slowest
        gc.unfreeze()
        calls = {name: await count_calls(caller) for name, caller in callers.items()}
    reference = times.get(frameworks.REFERENCE)
    return [
        Result(
            scenario.name, name, median(times[name]), _ratio(reference, times[name]), calls[name], tuple(times[name])
        )
        for name in callers
    ]


def _ratio(reference: list[float] | None, times: list[float]) -> float | None:
    return median(a / b for a, b in zip(reference, times, strict=True)) if reference else None
