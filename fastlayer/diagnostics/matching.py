"""Routes that hide each other: the same method and path twice, or an earlier pattern that takes a later one's requests.

A later route is asked for by sample paths made from its own template, of text that no literal and no narrower
convertor of another route can match by accident. An earlier route that matches every sample hides it.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from starlette.convertors import (
    Convertor,
    FloatConvertor,
    IntegerConvertor,
    PathConvertor,
    StringConvertor,
    UUIDConvertor,
)
from starlette.routing import Match, Mount, Route

from ..dependencies.callables import place_of
from ..matching import described
from ..paths import PARAMETER, Template
from ..routes import APIRoute, APIWebSocketRoute
from ..table import RouteTable
from .findings import Finding

# U+E000 is for private use: what it matches, any text matches.
_SAMPLES: tuple[tuple[type[Any], tuple[str, str]], ...] = (
    (IntegerConvertor, ("0", "74207281")),
    (FloatConvertor, ("0.25", "74207281.5")),
    (UUIDConvertor, ("00000000-0000-0000-0000-000000000000", "6f1c3a52-9d4e-4b7a-8c21-0a5b9e7d4f36")),
    (PathConvertor, ("\ue000", "\ue000/\ue000\ue000")),
    (StringConvertor, ("\ue000", "\ue000\ue000")),
)


def hidden_routes(router: Any) -> Iterator[Finding]:
    """FL101 and FL102, by the router's own index of its routes."""
    tables = router.tables()
    for order, route in enumerate(router.routes):
        if not isinstance(route, (APIRoute, APIWebSocketRoute)):
            continue
        template, kind = described(route).template, "http" if isinstance(route, APIRoute) else "websocket"
        samples = () if template is None else sample_paths(template)
        if not samples:
            continue
        table: RouteTable = getattr(tables, kind)
        found = [_earlier(table, path, order) for path in samples]
        for earlier in sorted(set.intersection(*(set(one) for one in found))):
            other, is_decided = found[0][earlier]
            methods = _shared_methods(other, route, kind)
            if methods and (is_decided or _opaque_match(other, samples)):
                yield _finding(other, route, methods)
                break


def _earlier(table: RouteTable, path: str, order: int) -> dict[int, tuple[Any, bool]]:
    """The routes before `order` that may answer the path, and whether the table knows that they do."""
    candidates = table.candidates(path)
    return {entry.order: (entry.route, params is not None) for entry, params in candidates if entry.order < order}


def sample_paths(template: Template) -> tuple[str, ...]:
    """Two paths of the route that have nothing in common but its pattern; none where a convertor is not known."""
    if not template.convertors:
        return (template.path,)
    pairs = {name: _samples_of(convertor) for name, convertor in template.convertors.items()}
    if None in pairs.values():
        return ()
    return tuple(_filled(template.path, pairs, index) for index in (0, 1))


def _filled(path: str, pairs: Mapping[str, tuple[str, str] | None], index: int) -> str:
    return PARAMETER.sub(lambda match: (pairs[match[1]] or ("", ""))[index], path)


def _samples_of(convertor: Convertor[Any]) -> tuple[str, str] | None:
    return next((samples for cls, samples in _SAMPLES if type(convertor) is cls), None)


def _shared_methods(earlier: Any, later: Any, kind: str) -> frozenset[str]:
    if kind == "websocket":
        return frozenset() if isinstance(earlier, Route) else frozenset({"WEBSOCKET"})
    methods = getattr(earlier, "methods", None)
    return frozenset(later.methods) if methods is None else frozenset(later.methods) & frozenset(methods)


def _opaque_match(route: Any, samples: Iterable[str]) -> bool:
    """Whether a plain Starlette route or mount takes all the paths. One with its own `matches` is not judged."""
    if type(route).matches not in (Route.matches, Mount.matches):
        return False
    method = next(iter(getattr(route, "methods", None) or ("GET",)))
    scopes: Iterator[dict[str, Any]] = (
        {"type": "http", "method": method, "path": path, "root_path": "", "headers": []} for path in samples
    )
    return all(route.matches(scope)[0] is Match.FULL for scope in scopes)


def _finding(earlier: Any, later: Any, methods: frozenset[str]) -> Finding:
    verbs = " and ".join(sorted(methods))
    first, place = _place(earlier), place_of(later.endpoint)
    if _shape(earlier) == _shape(later):
        return Finding(
            "FL101",
            f"{verbs} {later.path} is registered twice: {first} answers, {place} never does",
            place,
            "Remove one of them, or give it another path.",
        )
    return Finding(
        "FL102",
        f"{verbs} {later.path} is hidden by {earlier.path}, registered earlier: {first} answers, {place} never does",
        place,
        f"Register {later.path} before {getattr(earlier, 'path', 'it')}, or narrow the earlier one, as in {{id:int}}.",
    )


def _place(route: Any) -> str:
    endpoint = getattr(route, "endpoint", None)
    return place_of(endpoint) if callable(endpoint) else f"{type(route).__name__} {getattr(route, 'path', '')}".strip()


def _shape(route: Any) -> str:
    """The path with its parameters' names left out: two routes with one shape match the same paths."""
    return PARAMETER.sub(r"{\2}", getattr(route, "path", "")).replace(":str}", "}")
