"""What an application offers around dependencies: overrides that restore themselves, and resolving outside requests."""

import warnings
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from typing import Any

from . import params
from .dependencies.callables import name_of
from .dependencies.models import walk
from .exceptions import FastLayerError
from .execution.compile import Settings
from .execution.outside import DependencyScope, app_scope, resolving
from .lifespans import cancelled_requests_ended

Overrides = dict[Callable[..., Any], Callable[..., Any]]


class UnusedOverrideWarning(UserWarning):
    """A dependency was overridden that no route uses."""


class Resolving:
    """The dependency half of an application."""

    default_dependency_scope: params.Scope
    sync_in_thread: bool
    dependency_overrides: Overrides
    router: Any

    @property
    def app_values(self) -> dict[Any, Any]:
        """What the dependencies with scope "app" gave, by key, while the app runs."""
        values: dict[Any, Any] = self.__dict__.setdefault("_app_values", {})
        return values

    def plan_settings(self) -> Settings:
        """What this application decides for the plans of its routes."""
        return Settings(self.default_dependency_scope, self.sync_in_thread, app_values=self.app_values)

    @contextmanager
    def override(self, overrides: Mapping[Callable[..., Any], Callable[..., Any]]) -> Iterator[None]:
        """Call other dependencies in the place of these until the block is left, then as before. Nests.

        Raises:
            FastLayerError: a key or a value is not callable.
        """
        for pair in overrides.items():
            if not all(map(callable, pair)):
                raise FastLayerError(f"override() takes callables: {pair[0]!r} -> {pair[1]!r}.")
        self._warn_unused(overrides)
        before: dict[Any, Any] = {original: self.dependency_overrides.get(original) for original in overrides}
        self.dependency_overrides.update(overrides)
        try:
            yield
        finally:
            for original, other in before.items():
                if other is None:
                    self.dependency_overrides.pop(original, None)
                else:
                    self.dependency_overrides[original] = other

    def _warn_unused(self, overrides: Mapping[Callable[..., Any], Callable[..., Any]]) -> None:
        used = {node.call for dependant in self._dependants() for node in walk(dependant)}
        for original in overrides:
            if original not in used:
                warnings.warn(
                    f"{name_of(original)} is overridden, but no route of this application depends on it.",
                    UnusedOverrideWarning,
                    stacklevel=4,
                )

    def _dependants(self) -> list[Any]:
        return [route.dependant for route in self.router.routes if hasattr(route, "dependant")]

    def dependencies(self) -> AbstractAsyncContextManager[DependencyScope]:
        """A scope to call functions in outside requests: `async with app.dependencies() as scope`.

        `await scope.call(function, **known)` resolves the function's dependencies as a request would.
        """
        return resolving(self.plan_settings(), self.dependency_overrides)

    @asynccontextmanager
    async def open_app_scope(self) -> AsyncIterator[None]:
        """Open the dependencies with scope "app", and close them after the last request; part of the lifespan."""
        settings = Settings(self.default_dependency_scope, self.sync_in_thread)
        async with app_scope(self._dependants(), settings, self.dependency_overrides, self.app_values):
            try:
                yield
            finally:
                await cancelled_requests_ended(self)
