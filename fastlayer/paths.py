"""Path templates: `/items/{id:int}` -> its segments, its format and its convertors, without compiling a regex."""

import re
from typing import NamedTuple

from starlette.convertors import (
    CONVERTOR_TYPES,
    Convertor,
    FloatConvertor,
    IntegerConvertor,
    StringConvertor,
    UUIDConvertor,
)

from .exceptions import FastLayerError

PARAMETER = re.compile(r"{([a-zA-Z_][a-zA-Z0-9_]*)(:[a-zA-Z_][a-zA-Z0-9_]*)?}")

# Convertors that never match a slash, so that one segment of the path decides.
_ONE_SEGMENT = (StringConvertor, IntegerConvertor, FloatConvertor, UUIDConvertor)


class PathParameter(NamedTuple):
    name: str
    convertor: Convertor  # type: ignore[type-arg]  # of whatever it converts to


class Template(NamedTuple):
    """A path template, taken apart."""

    path: str
    format: str  # the path with the convertors left out
    convertors: dict[str, Convertor]  # type: ignore[type-arg]  # of whatever they convert to
    segments: tuple[str | PathParameter, ...]  # as far as each is a literal or one parameter
    is_simple: bool  # whether the segments are the whole path


def parse_path(path: str) -> Template:
    """The template.

    Raises:
        FastLayerError: a convertor is unknown or a parameter stands twice.
    """
    if "{" not in path:
        return Template(path, path, {}, tuple(path.split("/")), True)
    convertors: dict[str, Convertor] = {}  # type: ignore[type-arg]  # of whatever they convert to
    for name, suffix in PARAMETER.findall(path):
        if name in convertors:
            raise DuplicateParameterError(f"Duplicated param name {name} at path {path}")
        convertors[name] = _convertor(suffix[1:] or "str", path)
    segments: list[str | PathParameter] = []
    for segment in path.split("/"):
        match = PARAMETER.fullmatch(segment)
        if match and isinstance(convertors[match[1]], _ONE_SEGMENT):
            segments.append(PathParameter(match[1], convertors[match[1]]))
        elif "{" in segment:
            break
        else:
            segments.append(segment)
    simple = len(segments) == path.count("/") + 1
    return Template(path, PARAMETER.sub(r"{\1}", path), convertors, tuple(segments), simple)


class DuplicateParameterError(FastLayerError, ValueError):
    """A parameter stands twice in a path. Also a ValueError, as in Starlette."""


def _convertor(name: str, path: str) -> Convertor:  # type: ignore[type-arg]  # of whatever it converts to
    if name not in CONVERTOR_TYPES:
        raise FastLayerError(
            f"Unknown path convertor {name!r} in {path!r}. Known are {', '.join(sorted(CONVERTOR_TYPES))}; register"
            " your own with starlette.convertors.register_url_convertor."
        )
    return CONVERTOR_TYPES[name]
