"""RouteTable: the ordered routes of a router, indexed by path, so that matching does not grow with their number.

First registered wins, exactly: every candidate for a path is found through the index, and the candidates are tried
in the order of registration. What the index cannot know (mounts, hosts, routes with a `matches` of their own) stays
in that order as an opaque entry that is asked.
"""

import re
from collections.abc import Iterable, Sequence
from operator import itemgetter
from typing import Any, NamedTuple

from starlette.convertors import Convertor, IntegerConvertor, StringConvertor
from starlette.routing import BaseRoute, compile_path

from .paths import PathParameter, Template

Params = dict[str, Any]


class Entry(NamedTuple):
    """One route in the table."""

    order: int
    route: Any
    methods: frozenset[str] | None  # None: any
    template: Template | None  # None: opaque, ask `route.matches`


Found = tuple[int, Any, frozenset[str] | None, Params | None]
"""A route whose path fits: order, route, methods (None: any), path parameters (None: opaque, ask `route.matches`).
A plain tuple: a NamedTuple takes 0.3 µs more to make, for every candidate of every request."""


class _Node:
    """The routes below one prefix of segments."""

    __slots__ = ("entries", "literals", "parameters", "tails")

    def __init__(self) -> None:
        self.literals: dict[str, _Node] = {}
        self.parameters: list[tuple[Any, _Node]] = []  # (fits, child), one per kind of convertor
        self.entries: list[tuple[Entry, tuple[PathParameter, ...]]] = []
        self.tails: list[tuple[Entry, re.Pattern[str], dict[str, Convertor]]] = []  # type: ignore[type-arg]

    def child(self, segment: str | PathParameter) -> "_Node":
        if isinstance(segment, str):
            return self.literals.setdefault(segment, _Node())
        fits = _fits(segment.convertor)
        for known, node in self.parameters:
            if known == fits:
                return node
        node = _Node()
        self.parameters.append((fits, node))
        return node


def _any_text(segment: str) -> bool:
    return segment != ""


def _digits(segment: str) -> bool:
    return segment.isascii() and segment.isdigit()


def _fits(convertor: Convertor) -> Any:  # type: ignore[type-arg]  # of whatever it converts to
    if isinstance(convertor, StringConvertor):
        return _any_text
    if isinstance(convertor, IntegerConvertor):
        return _digits
    return re.compile(convertor.regex).fullmatch


class RouteTable:
    """An index over routes of one kind, HTTP or WebSocket."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._root = _Node()
        self._opaque: list[Found] = []
        static: dict[str, None] = {}
        for entry in entries:
            if entry.template is None:
                self._opaque.append((entry.order, entry.route, entry.methods, None))
            else:
                self._insert(entry, entry.template)
                if not entry.template.convertors:
                    static[entry.template.path] = None
        # A literal path always has the same candidates: looked up once.
        self._static = {path: self._candidates(path) for path in static}

    def _insert(self, entry: Entry, template: Template) -> None:
        node = self._root
        for segment in template.segments:
            node = node.child(segment)
        if template.is_simple:
            parameters = tuple(segment for segment in template.segments if isinstance(segment, PathParameter))
            node.entries.append((entry, parameters))
        else:
            regex, _, convertors = compile_path(template.path)
            node.tails.append((entry, regex, convertors))

    def candidates(self, path: str) -> Sequence[Found]:
        """The routes that may match the path, in the order of registration."""
        return self._static.get(path) or self._candidates(path)

    def _candidates(self, path: str) -> Sequence[Found]:
        found: list[Found] = []
        _collect(self._root, path.split("/"), 0, [], path, found)
        if self._opaque:
            found += self._opaque
        if len(found) > 1:
            found.sort(key=_ORDER)
        return found


_ORDER = itemgetter(0)


def _collect(
    node: _Node, segments: list[str], index: int, values: list[str], path: str, found: list[Found]
) -> None:
    """Add the routes below this node that fit the rest of the path."""
    while True:
        for entry, regex, convertors in node.tails:
            match = regex.match(path)
            if match:
                params = {name: convertors[name].convert(value) for name, value in match.groupdict().items()}
                found.append((entry.order, entry.route, entry.methods, params))
        if index == len(segments):
            for entry, parameters in node.entries:
                found.append((entry.order, entry.route, entry.methods, _converted(parameters, values)))
            return
        segment = segments[index]
        index += 1
        for fits, child in node.parameters:
            if fits(segment):
                _collect(child, segments, index, [*values, segment], path, found)
        literal = node.literals.get(segment)
        if literal is None:
            return
        node = literal


def _converted(parameters: tuple[PathParameter, ...], values: list[str]) -> Params:
    params: Params = {}
    for (name, convertor), value in zip(parameters, values, strict=True):
        params[name] = value if type(convertor) is StringConvertor else convertor.convert(value)
    return params


class Tables(NamedTuple):
    http: RouteTable
    websocket: RouteTable


def build_tables(described: Iterable[tuple[BaseRoute, Template | None, frozenset[str] | None, str | None]]) -> Tables:
    """The tables for routes given as (route, template or None, methods or None, "http", "websocket" or None for both)."""
    http: list[Entry] = []
    websocket: list[Entry] = []
    for order, (route, template, methods, kind) in enumerate(described):
        entry = Entry(order, route, methods, template)
        if kind != "websocket":
            http.append(entry)
        if kind != "http":
            websocket.append(entry)
    return Tables(RouteTable(http), RouteTable(websocket))
