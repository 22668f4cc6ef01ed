"""The routes of an application as rows: for the table of `fastlayer routes`, and as JSON."""

import inspect
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from rich.table import Table
from rich.text import Text

from ..dependencies.callables import name_of, unwrapped_call
from ..dependencies.models import Dependant, walk

PACKAGE = Path(__file__).parents[1]
NARROW = 100
"""Columns below which what a route needs stands under its endpoint instead of beside it."""


class Row(NamedTuple):
    """One route."""

    methods: list[str]
    path: str
    name: str
    endpoint: str
    file: str | None
    line: int | None
    dependencies: list[str]
    security: list[str]
    in_document: bool

    @property
    def is_built_in(self) -> bool:
        """Whether FastLayer added it: the document and the pages that show it."""
        return self.file is not None and Path(self.file).is_relative_to(PACKAGE) and not self.in_document

    @property
    def place(self) -> str:
        if self.file is None:
            return ""
        try:
            return f"{Path(self.file).relative_to(Path.cwd())}:{self.line}"
        except ValueError:
            return f"{os.path.basename(self.file)}:{self.line}"


def rows(app: Any, prefix: str = "") -> Iterator[Row]:
    """The routes of the app in the order they are tried, those of mounted applications among them."""
    for route in app.routes:
        path = prefix + getattr(route, "path", "")
        inner = getattr(route, "app", None)
        if not hasattr(route, "endpoint") and hasattr(inner, "routes"):
            yield from rows(inner, path)
        else:
            yield _row(route, path)


def _row(route: Any, path: str) -> Row:
    endpoint = getattr(route, "endpoint", None) or getattr(route, "app", None)
    dependant = getattr(route, "dependant", None)
    nodes = list(walk(dependant))[1:] if isinstance(dependant, Dependant) else []
    file, line = place(endpoint)
    return Row(
        methods=_methods(route),
        path=path,
        name=getattr(route, "name", None) or "",
        endpoint=name_of(endpoint),
        file=file,
        line=line,
        dependencies=list(dict.fromkeys(name_of(node.call) for node in nodes if not node.is_security_scheme)),
        security=list(dict.fromkeys(_scheme(node) for node in nodes if node.is_security_scheme)),
        in_document=bool(getattr(route, "include_in_schema", False)) and isinstance(dependant, Dependant),
    )


def _methods(route: Any) -> list[str]:
    methods = getattr(route, "methods", None)
    if methods:
        return sorted(methods)
    return ["WEBSOCKET"] if "WebSocket" in type(route).__name__ else ["ANY"]


def _scheme(node: Dependant) -> str:
    scopes = " ".join(node.oauth_scopes)
    name = getattr(node.security_scheme, "scheme_name", None) or name_of(node.call)
    return f"{name} ({scopes})" if scopes else name


def place(call: Any) -> tuple[str | None, int | None]:
    """File and line where the function was written; None for both where that is not known."""
    function = unwrapped_call(call)
    code = getattr(getattr(function, "__func__", function), "__code__", None)
    if code is not None:
        return code.co_filename, code.co_firstlineno
    try:
        return inspect.getsourcefile(function), inspect.getsourcelines(function)[1]
    except (TypeError, OSError):
        return None, None


def table(found: list[Row], width: int) -> Table:
    """The rows for a terminal of that many columns."""
    made = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    made.add_column("Method", no_wrap=True)
    made.add_column("Path", overflow="fold")
    made.add_column("Endpoint", overflow="fold")
    wide = width >= NARROW
    if wide:
        made.add_column("Needs", overflow="fold")
    for row in found:
        endpoint = Text(row.endpoint)
        if row.place:
            endpoint.append(f"\n{row.place}", style="dim")
        needs = _needs(row)
        if needs and not wide:
            endpoint.append("\n").append_text(needs)
        cells = [Text("\n".join(row.methods)), Text(row.path), endpoint]
        made.add_row(*cells, *([needs] if wide else []))
    return made


def _needs(row: Row) -> Text:
    text = Text(", ".join(row.dependencies))
    if row.security:
        text.append(("\n" if row.dependencies else "") + "security: " + ", ".join(row.security), style="yellow")
    return text
