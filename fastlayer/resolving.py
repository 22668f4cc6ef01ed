"""What an application offers around dependencies: overrides that restore themselves, and resolving outside requests."""

import warnings
from collections import ChainMap
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from threading import Lock
from typing import Any

from starlette.routing import BaseRoute, Router

from . import params
from .dependencies.analysis import get_dependant
from .dependencies.callables import identity, name_of
from .dependencies.models import walk
from .dependencies.overrides import Overridden, Overrides
from .exceptions import FastLayerError
from .execution.compile import Settings
from .execution.inherited import inherits
from .execution.outside import DependencyScope, app_scope, resolving
from .lifespans import cancelled_requests_ended, mounted_apps

_ABSENT: Any = object()
_replacing = Lock()  # held only while one dict is changed


class UnusedOverrideWarning(UserWarning):
    """A dependency was overridden to no effect: no route uses it, or it is open already."""


class Resolving:
    """The dependency half of an application."""

    default_dependency_scope: params.Scope
    sync_in_thread: bool
    dependency_overrides: dict[Callable[..., Any], Callable[..., Any]]
    inherit_overrides: bool
    router: Any
    _outer: Any = None  # the application whose lifespan runs this one's

    @property
    def app_values(self) -> dict[Any, Any]:
        """What the dependencies with scope "app" gave, by key, while the app runs."""
        values: dict[Any, Any] = self.__dict__.setdefault("_app_values", {})
        return values

    def plan_settings(self) -> Settings:
        """What this application decides for the plans of its routes."""
        return Settings(self.default_dependency_scope, self.sync_in_thread, app_values=self.app_values)

    @contextmanager
    def override(self, overrides: Overrides) -> Iterator[None]:
        """Call other dependencies in the place of these until the block is left, then as before.

        Blocks nest, and may overlap in several threads: leaving one leaves what the others replace.

        Raises:
            FastLayerError: a key or a value is not callable, or an override asks for what it replaces.
        """
        for pair in overrides.items():
            if not all(map(callable, pair)):
                raise FastLayerError(f"override() takes callables: {pair[0]!r} -> {pair[1]!r}.")
        together = Overridden({**self.dependency_overrides, **overrides})
        for other in overrides.values():
            together.calls(get_dependant(path="", call=other))
        self._warn_unused(overrides, together)
        with replaced(self, overrides):
            yield

    def _warn_unused(self, overrides: Overrides, together: Overridden) -> None:
        used = {identity(call) for call in self._asked_for(together)}
        opened = {call for call, *_ in self.app_values}
        for original in overrides:
            found = None
            if original not in used:
                found = "is overridden, but no route of this application depends on it."
            elif original in opened:
                found = 'is overridden, but has scope="app" and is open already: override it before start-up.'
            if found is not None:
                warnings.warn(f"{name_of(original)} {found}", UnusedOverrideWarning, stacklevel=4)

    def _asked_for(self, together: Overridden) -> Iterator[Any]:
        """What routes ask for, and what is asked for in its place."""
        for dependant in _dependants(overridden_routes(self.router)):
            yield from (node.call for node in walk(dependant))
            yield from (node.call for node, _ in together.calls(dependant))

    def overrides_outside_requests(self) -> Overrides:
        """The overrides that hold in the lifespan and wherever else there is no request: inherited ones too."""
        if self._outer is None or not self.inherit_overrides:
            return self.dependency_overrides
        return ChainMap(self.dependency_overrides, self._outer.overrides_outside_requests())

    def dependencies(self) -> AbstractAsyncContextManager[DependencyScope]:
        """A scope to call functions in outside requests: `async with app.dependencies() as scope`.

        `await scope.call(function, **known)` resolves the function's dependencies as a request would.
        """
        return resolving(self.plan_settings(), self.overrides_outside_requests())

    @asynccontextmanager
    async def open_app_scope(self) -> AsyncIterator[None]:
        """Open the dependencies with scope "app", and close them after the last request; part of the lifespan."""
        settings = Settings(self.default_dependency_scope, self.sync_in_thread)
        overrides = self.overrides_outside_requests()
        async with app_scope(_dependants(self.router.routes), settings, overrides, self.app_values):
            try:
                yield
            finally:
                await cancelled_requests_ended(self)

    @asynccontextmanager
    async def mounted_in(self, outer: Any, lifespan: AbstractAsyncContextManager[Any]) -> AsyncIterator[Any]:
        """Run the lifespan inside that of the application this one is mounted in."""
        self._outer = outer
        try:
            async with lifespan as state, self.open_app_scope():
                yield state
        finally:
            self._outer = None


def _dependants(routes: Iterable[Any]) -> list[Any]:
    return [route.dependant for route in routes if hasattr(route, "dependant")]


def overridden_routes(router: Router) -> Iterator[BaseRoute]:
    """The routes that overrides of the router's application apply to: its own, and those mounted that inherit."""
    yield from router.routes
    for mounted, inner in mounted_apps(router.routes):
        if inherits(getattr(inner, "dependency_overrides_provider", None)):
            # What is mounted in a mounted router is among the mounted applications already.
            yield from inner.routes if mounted is inner else overridden_routes(inner)


@contextmanager
def replaced(app: Any, overrides: Overrides) -> Iterator[None]:
    """Have `app.dependency_overrides` hold these until the block is left, then what was there.

    Blocks may overlap: where a later one replaced the same, it takes over what has to be put back.
    """
    with _replacing:
        blocks: list[dict[Any, Any]] = app.__dict__.setdefault("_override_blocks", [])
        current = app.dependency_overrides
        before = {original: current.get(original, _ABSENT) for original in overrides}
        current.update(overrides)
        blocks.append(before)
    try:
        yield
    finally:
        with _replacing:
            index = next(number for number, block in enumerate(blocks) if block is before)
            del blocks[index]
            for original, other in before.items():
                later = next((block for block in blocks[index:] if original in block), None)
                if later is not None:
                    later[original] = other
                elif other is _ABSENT:
                    app.dependency_overrides.pop(original, None)
                else:
                    app.dependency_overrides[original] = other
