"""Whether a request gets dearer when more is registered: routes, dependencies elsewhere, overrides.

It builds FastAPI-shaped applications only; it may not judge, the figures beside each other do.
"""
# mypy: disable-error-code="untyped-decorator"

from collections.abc import Callable
from statistics import median
from typing import Annotated, Any

from .apps.declarative import Kit, load
from .driver import Caller, lifespan
from .frameworks import DECLARATIVE
from .measure import count_calls, timed
from .scenarios import Request, Scenario

_SIZES = (5, 500, 5000)


def _routes(kit: Kit, size: int) -> Any:
    """Return an application of `size` dynamic routes."""
    app = kit.application()

    async def read(item_id: int) -> Any:
        return {"item_id": item_id}

    for number in range(size):
        app.get(f"/r{number}/{{item_id}}", name=f"read_{number}", response_model=None)(read)
    return app


def _dependencies(kit: Kit, size: int) -> Any:
    """Return an application whose last route has one dependency, and the others one each."""
    app = kit.application()
    for number in range(size):

        async def value(number: int = 1) -> int:
            return number

        async def read(item_id: int, found: Annotated[int, kit.api.Depends(value)]) -> Any:
            return {"item_id": item_id}

        # Static prefixes of one length, registered first: this shows dependencies, not matching.
        app.get("/r0/{item_id}" if number == 0 else f"/other{number}", response_model=None, name=f"read_{number}")(
            read if number == 0 else value
        )
    return app


def _overrides(kit: Kit, size: int) -> Any:
    """Return an application with `size` overrides, one of them in use."""
    app = kit.application()

    def function() -> Callable[[], Any]:
        async def value() -> int:
            return 1

        return value

    used = function()

    @app.get("/r0/{item_id}", response_model=None)
    async def read(item_id: int, found: Annotated[int, kit.api.Depends(used)]) -> Any:
        return {"item_id": item_id}

    app.dependency_overrides.update({function(): function() for _ in range(size - 1)})
    app.dependency_overrides[used] = function()
    return app


_BUILDERS: dict[str, tuple[Callable[[Kit, int], Any], Callable[[int], str]]] = {
    "routes": (_routes, lambda size: f"/r{size - 1}/9"),
    "dependencies": (_dependencies, lambda size: "/r0/9"),
    "overrides": (_overrides, lambda size: "/r0/9"),
}


async def run(names: list[str], rounds: int, seconds: float) -> list[dict[str, Any]]:
    """Print microseconds and Python calls per request for 5, 500 and 5,000 registrations; return them."""
    results = []
    for name in (name for name in names if name in DECLARATIVE):
        for what, (builder, path) in _BUILDERS.items():
            for size in _SIZES:
                scenario = Scenario(what, 1, what, {"item_id": 9}, Request(path(size)))
                application = builder(load(name, DECLARATIVE[name]), size)
                microseconds, calls = await _measured(application, scenario, rounds, seconds)
                print(f"{name:10} {size:6,} {what:14} {microseconds:10,.1f} us {calls:8,.1f} calls", flush=True)
                figures = {"framework": name, "what": what, "size": size, "microseconds": microseconds, "calls": calls}
                results.append(figures)
    return results


async def _measured(application: Any, scenario: Scenario, rounds: int, seconds: float) -> tuple[float, float]:
    async with lifespan(application):
        caller = Caller(application, scenario)
        await caller.check()
        await timed(caller, 10)
        times = max(1, round(seconds * 1e6 / await timed(caller, 10)))
        return median([await timed(caller, times) for _ in range(rounds)]), await count_calls(caller)
