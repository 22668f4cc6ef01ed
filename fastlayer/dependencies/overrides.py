"""Overrides applied to a graph: the node that is called in another's place."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from ..exceptions import FastLayerError
from .analysis import get_dependant
from .callables import identity, name_of, place_of
from .models import Dependant

Overrides = Mapping[Callable[..., Any], Callable[..., Any]]


class Overridden:
    """Replaces nodes of one graph.

    Nodes that ask for the same thing get replacements that share their parts, as analysed nodes do: so a graph of n
    distinct dependencies takes n analyses here too, however many ways lead to each.
    """

    def __init__(self, overrides: Overrides) -> None:
        self.overrides = overrides
        self._made: dict[Any, Dependant] = {}

    def __call__(self, node: Dependant) -> Dependant:
        """The node that is called in this one's place; itself, where nothing overrides it.

        Raises:
            FastLayerError: what overrides it is not callable, or declared in a way that cannot work.
        """
        call: Any = identity(node.call) if self.overrides else None
        if call is None or call not in self.overrides:
            return node
        own = node.own_oauth_scopes
        key = (call, node.path, node.scope, None if own is None else tuple(own), tuple(node.parent_oauth_scopes or ()))
        made = self._made.get(key)
        if made is None:
            made = self._made[key] = self._analysed(node, self.overrides[call])
        return replace(made, name=node.name, use_cache=node.use_cache, concurrency=node.concurrency)

    @staticmethod
    def _analysed(node: Dependant, other: Any) -> Dependant:
        if not callable(other):
            raise FastLayerError(
                f"{place_of(node.call)} is overridden by {other!r}, which is not callable. Write"
                f" dependency_overrides[{name_of(node.call)}] = lambda: {other!r}, or remove the override."
            )
        return get_dependant(
            path=node.path or "",
            call=other,
            own_oauth_scopes=node.own_oauth_scopes,
            parent_oauth_scopes=node.parent_oauth_scopes,
            scope=node.scope,
        )

    def refuse_cycles(self, root: Dependant) -> None:
        """Refuse overrides below `root` that depend on what they replace.

        Raises:
            FastLayerError: showing the path.
        """
        if self.overrides:  # the analysis refused the other cycles
            self.calls(root)

    def calls(self, root: Dependant) -> list[tuple[Dependant, Dependant]]:
        """Every node below `root`, for each that asks for it, and what is called in its place: itself, mostly.

        Raises:
            FastLayerError: an override depends on what it replaces; the message shows the path.
        """
        found: list[tuple[Dependant, Dependant]] = []
        done: set[int] = set()
        trail: dict[int, tuple[Dependant, Dependant]] = {}  # by the id of the list of dependencies, which nodes share

        def visit(asked: Dependant, called: Dependant) -> None:
            key = id(called.dependencies)
            if key in trail:
                raise _cycle([*trail.values()][[*trail].index(key) :])
            if key in done:
                return
            trail[key] = asked, called
            for child in called.dependencies:
                replacement = self(child)
                found.append((child, replacement))
                visit(child, replacement)
            del trail[key]
            done.add(key)

        visit(root, root)
        return found


def _cycle(way: list[tuple[Dependant, Dependant]]) -> FastLayerError:
    chain = " → ".join(
        name_of(called.call) + ("" if called.call is asked.call else f" (in place of {name_of(asked.call)})")
        for asked, called in [*way, way[0]]
    )
    return FastLayerError(
        f"Dependency overrides form a cycle: {chain}.\n  In {place_of(way[0][1].call)}. An override cannot depend on"
        " what it replaces: call that itself, as a function, or depend on what it depends on."
    )
