"""Live inclusion: the route list of a router that tells who included it when it changes.

`router.routes` is one flat list. What an included router has stands in it as routes of its own, with the prefix and
the options of the way there; a route added to the included router later is added here too, at its place.
"""

from collections.abc import Callable, Iterable
from typing import Any, SupportsIndex
from weakref import ref

from starlette.routing import BaseRoute

Derive = Callable[[BaseRoute], BaseRoute | None]


class RouteList(list[BaseRoute]):
    """A list of routes that calls `changed()` after every change, and keeps inclusions in step."""

    def __init__(self, routes: Iterable[BaseRoute] = (), changed: Callable[[], None] = lambda: None) -> None:
        super().__init__(routes)
        self.changed = changed
        self.inclusions: list[ref[Inclusion]] = []
        self.arrivals: list[Inclusion] = []

    def _update(self, before: list[BaseRoute]) -> None:
        self.changed()
        if not self.inclusions:
            return
        alive = [(pointer, inclusion) for pointer in self.inclusions if (inclusion := pointer()) is not None]
        self.inclusions = [pointer for pointer, _ in alive]
        for _, inclusion in alive:
            inclusion.follow(before, self)

    def touch(self) -> None:
        """Say that something beside the list changed, here and wherever the router is included."""
        self.changed()
        for pointer in self.inclusions:
            inclusion = pointer()
            if inclusion is not None:
                inclusion.target.touch()

    def append(self, route: BaseRoute) -> None:
        before = list(self) if self.inclusions else []
        super().append(route)
        self._update(before)

    def extend(self, routes: Iterable[BaseRoute]) -> None:
        before = list(self)
        super().extend(routes)
        self._update(before)

    def insert(self, index: SupportsIndex, route: BaseRoute) -> None:
        before = list(self)
        super().insert(index, route)
        self._update(before)

    def remove(self, route: BaseRoute) -> None:
        before = list(self)
        super().remove(route)
        self._update(before)

    def pop(self, index: SupportsIndex = -1) -> BaseRoute:
        before = list(self)
        route = super().pop(index)
        self._update(before)
        return route

    def clear(self) -> None:
        before = list(self)
        super().clear()
        self._update(before)

    def sort(self, **options: Any) -> None:
        before = list(self)
        super().sort(**options)
        self._update(before)

    def reverse(self) -> None:
        before = list(self)
        super().reverse()
        self._update(before)

    def __setitem__(self, index: Any, route: Any) -> None:
        before = list(self)
        super().__setitem__(index, route)
        self._update(before)

    def __delitem__(self, index: Any) -> None:
        before = list(self)
        super().__delitem__(index)
        self._update(before)

    def __iadd__(self, routes: Iterable[BaseRoute]) -> "RouteList":  # type: ignore[override,misc]  # returns itself
        self.extend(routes)
        return self

    def __reduce__(self) -> Any:
        return (list, (list(self),))


class Inclusion:
    """One router included in another: makes the routes as they are there, and keeps them in step."""

    def __init__(self, derive: Derive, target: RouteList, source: RouteList) -> None:
        self.derive = derive
        self.target = target
        self.derived: dict[int, tuple[BaseRoute, BaseRoute]] = {}  # id of the original -> (original, derived)
        self.anchor: BaseRoute | None = target[-1] if target else None
        self.earlier = list(target.arrivals)
        target.arrivals.append(self)
        source.inclusions.append(ref(self))
        for route in source:
            made = self._make(route)
            if made is not None:
                target.append(made)

    def _make(self, route: BaseRoute) -> BaseRoute | None:
        made = self.derive(route)
        if made is not None:
            self.derived[id(route)] = (route, made)
        return made

    def follow(self, before: list[BaseRoute], after: RouteList) -> None:
        """Bring the target in step with a change of the source."""
        kept = {id(route) for route in after}
        for route in before:
            if id(route) not in kept and id(route) in self.derived:
                _, made = self.derived.pop(id(route))
                if any(made is one for one in self.target):
                    del self.target[_position(self.target, made)]
        for index, route in enumerate(after):
            if id(route) not in self.derived:
                made_now = self._make(route)
                if made_now is not None:
                    self.target.insert(self._place(after, index), made_now)

    def _place(self, after: RouteList, index: int) -> int:
        """Where the route at this index belongs in the target: behind the nearest earlier one that is there."""
        for earlier in reversed(after[:index]):
            pair = self.derived.get(id(earlier))
            if pair and any(pair[1] is one for one in self.target):
                return _position(self.target, pair[1]) + 1
        return self._start()

    def _start(self) -> int:
        """Where this inclusion begins: behind what was in the target before it, and what came there since."""
        before = [self.anchor, *(made for earlier in self.earlier for _, made in earlier.derived.values())]
        known = {id(route) for route in before if route is not None}
        places = [index + 1 for index, route in enumerate(self.target) if id(route) in known]
        if not places and self.anchor is not None:
            return len(self.target)
        return max(places, default=0)


def _position(routes: list[BaseRoute], route: BaseRoute) -> int:
    return next(index for index, one in enumerate(routes) if one is route)
