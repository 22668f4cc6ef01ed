"""Dependency overrides that replace nothing, because no route asks for what they name."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from ..dependencies.analysis import get_dependant
from ..dependencies.callables import name_of, place_of
from ..dependencies.models import walk
from ..exceptions import FastLayerError
from .findings import Finding

Overrides = Mapping[Callable[..., Any], Callable[..., Any]]


def unused_overrides(overrides: Overrides, asked: Iterable[Any]) -> Iterator[Finding]:
    """FL114. `asked` is every callable that some route asks for; those the overrides ask for count as well."""
    known = list(asked)
    pending = list(overrides)
    progress = True
    while progress:
        used = [call for call in pending if any(call is one or call == one for one in known)]
        pending = [call for call in pending if not any(call is one for one in used)]
        progress = bool(used)
        for call in used:
            known += _asked_by(overrides[call])
    for call in pending:
        yield Finding(
            "FL114",
            f"dependency_overrides replaces {name_of(call)}, which no route depends on",
            place_of(call),
            "The key must be the very function in Depends(...), not a copy, a wrapper or its result.",
        )


def _asked_by(call: Callable[..., Any]) -> list[Any]:
    try:
        return [node.call for node in walk(get_dependant(path="", call=call))]
    except FastLayerError:  # reported when the override is used
        return []
