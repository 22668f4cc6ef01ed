"""Generated parameters of functions: how they are written, and what a request sends for them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from scripts.differences import kinds
from scripts.differences.kinds import Kind, Values

NAMES = ["a", "b", "c", "item_id", "x_key", "q"]
ALIASES = ["x-y", "B", "item-id", "a b", "limit"]


NOTHING = st.none()


@dataclass(frozen=True)
class Parameter:
    """One parameter. `wire` is its name in a request, "" for one that is no part of any; `place` where it stands."""

    source: str
    place: str
    wire: str = ""
    values: Values = NOTHING
    many: bool = False
    name: str = ""

    @property
    def has_default(self) -> bool:
        return " = " in self.source


def _literal(kind: Kind, draw: st.DrawFn) -> str:
    """Return a default in source form: mostly one that fits, as it is never validated."""
    if kind.many:
        return draw(st.sampled_from(["[]", "['a']", "None", "()"]))
    return draw(st.sampled_from(["None", repr(draw(kind.values)), "1", "''"]))


LIMITS = {
    "number": [
        "ge=0",
        "gt=1",
        "le=10",
        "lt=20.5",
        "multiple_of=2",
        "ge=-1, lt=8",
        "allow_inf_nan=False",
        "strict=True",
    ],
    "text": ["min_length=2", "max_length=2", "pattern='^a'", "min_length=1, max_length=3", "strict=True"],
    "many": ["min_length=1", "max_length=2"],
    "": ["title='L'", "title='L'", "title='L'", "strict=False"],
}
SAID = [
    "title='T'",
    "description='Says'",
    "deprecated=True",
    "examples=['a', 1]",
    "include_in_schema=False",
    "openapi_examples={'one': {'summary': 's', 'value': 'a'}}",
    "json_schema_extra={'x-more': [1]}",
    "deprecated='why'",
]


@st.composite
def _arguments(draw: st.DrawFn, kind: Kind, place: str, name: str) -> tuple[list[str], str]:
    """Return the arguments of a marker and the name on the wire."""
    arguments = [draw(st.sampled_from(LIMITS[kind.limits]))] if draw(st.integers(0, 2)) == 2 else []
    arguments += [draw(st.sampled_from(SAID))] if draw(st.integers(0, 4)) == 4 else []
    wire = name.replace("_", "-") if place == "header" else name
    naming = draw(st.integers(0, 9))
    if naming >= 7 and place != "path":
        wire = draw(st.sampled_from(ALIASES))
        how = {7: "alias={!r}", 8: "validation_alias={!r}", 9: "alias={!r}, serialization_alias='other'"}[naming]
        arguments.append(how.format(wire))
    elif naming == 6 and place == "header":
        arguments.append("convert_underscores=False")
        wire = name
    if place == "body" and draw(st.integers(0, 3)) == 3:
        arguments.append(draw(st.sampled_from(["embed=True", "embed=False", "media_type='application/vnd.api+json'"])))
    return arguments, wire


@st.composite
def marked(draw: st.DrawFn, place: str, name: str, types: st.SearchStrategy[Kind]) -> Parameter:
    """Return a parameter, with or without a marker, a default and the rest."""
    kind = draw(types)
    arguments, wire = draw(_arguments(kind, place, name))
    marker = place.capitalize()
    default = _literal(kind, draw) if place != "path" and draw(st.integers(0, 2)) else None
    # docs/differences.md: unmarked and bare, a named tuple is a body here and a file there.
    style = draw(st.integers("Pair" in kind.source, 3))
    if style == 0 and place in {"query", "path", "body"}:
        wire = name
        source = f"{name}: {kind.source}" + (f" = {default}" if default else "")
    elif style == 3:
        source = f"{name}: {kind.source} = {marker}({', '.join([default or '...'] * (place != 'path') + arguments)})"
    else:
        source = f"{name}: Annotated[{kind.source}, {marker}({', '.join(arguments)})]" + (
            f" = {default}" if default else ""
        )
    return Parameter(source, place, wire, kind.values, kind.many, name)


@st.composite
def parameter_model(draw: st.DrawFn, place: str, name: str) -> Parameter:
    """Return a parameter that reads a whole place into one model."""
    model = draw(st.sampled_from(sorted(kinds.PARAMETER_MODELS)))
    source = f"{name}: Annotated[{model}, {place.capitalize()}()]"
    return Parameter(source, f"{place} model", "", kinds.PARAMETER_MODELS[model], False, name)


FILES = [
    ("UploadFile", False),
    ("UploadFile | None = None", False),
    ("list[UploadFile]", True),
    ("Annotated[bytes, File()]", False),
    ("Annotated[list[bytes], File()]", True),
    ("Annotated[bytes | None, File()] = None", False),
    ("Annotated[UploadFile, File(description='A file')]", False),
    ("UploadFile = File(alias='up')", False),
    ("Annotated[list[UploadFile] | None, File()] = None", True),
]


@st.composite
def file(draw: st.DrawFn, name: str) -> Parameter:
    """Return a parameter for uploaded files."""
    source, many = draw(st.sampled_from(FILES))
    one = st.binary(max_size=4)
    values: Values = st.lists(one, max_size=2) if many else one
    return Parameter(f"{name}: {source}", "file", "up" if "alias" in source else name, values, many, name)


SPECIAL = ["request: Request", "response: Response", "tasks: BackgroundTasks", "scopes: SecurityScopes"]


@st.composite
def parameters(draw: st.DrawFn, path: list[str], *, body: str) -> list[Parameter]:
    """Return the parameters of one function. `path` are the names its path has places for, `body` json, form or ""."""
    found = [draw(marked("path", name, kinds.scalars())) for name in path if draw(st.integers(0, 9))]
    places = ["query", "query", "header", "cookie"]
    places += {"json": ["body", "body", "body"], "form": ["form", "form", "file"], "": []}[body]
    free = [name for name in NAMES if name not in path]
    for name in free[: draw(st.integers(0, 3))]:
        place = draw(st.sampled_from(places))
        if place == "file":
            found.append(draw(file(name)))
        elif place != "body" and draw(st.integers(0, 9)) == 9:
            found.append(draw(parameter_model(place, name)))
        else:
            types = {"body": kinds.anything(), "cookie": kinds.optional(kinds.scalars())}.get(place, kinds.several())
            found.append(draw(marked(place, name, types)))
    return found


def signature(found: list[Parameter], more: list[str]) -> str:
    """Return the parameters as they stand between the parentheses, defaults last."""
    sources = [parameter.source for parameter in found] + more
    return ", ".join(sorted(sources, key=lambda source: " = " in source))


def as_text(value: Any) -> str:
    """Return a value as a query or a form writes it."""
    return value if isinstance(value, str) else json.dumps(value)
