"""What may be written on a route, a router or an app, and how the layers combine.

An option is declared once, here. An absent key inherits; there are no placeholders. `combine` is the one mechanism:
app → router → include → route is `reduce(combine, layers)`.
"""

import difflib
from collections import ChainMap
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import Enum
from types import MappingProxyType
from typing import Any, TypedDict

from starlette.middleware import Middleware
from starlette.responses import Response
from starlette.routing import BaseRoute

from .datastructures import DefaultPlaceholder
from .exceptions import FastLayerError
from .limits import FormLimits, checked_body_size, checked_form_limits
from .middleware.shared import shared
from .params import Depends
from .types import IncEx


class LayerOptions(TypedDict, total=False):
    """Options of an application, a router, an inclusion and a route; the outer ones apply to all routes inside."""

    tags: list[str | Enum] | None
    """Groups in the document; those of all layers, outermost first."""
    dependencies: Sequence[Depends] | None
    """Called for their effect before the endpoint's own; those of all layers, outermost first."""
    responses: dict[int | str, dict[str, Any]] | None
    """More responses for the document, by status; an inner layer wins."""
    callbacks: list[BaseRoute] | None
    """Requests the API makes to its client (OpenAPI 3.1, 4.8.18); those of all layers."""
    deprecated: bool | None
    """Marked as deprecated if any layer says so."""
    include_in_schema: bool
    """In the document unless any layer says no."""
    generate_unique_id_function: Callable[[Any], str]
    """Route -> operation id; the innermost layer wins."""
    strict_content_type: bool
    """Whether a JSON body needs a JSON content type; yes if nowhere set. The innermost layer wins."""
    response_model_by_alias: bool
    response_model_exclude_unset: bool
    response_model_exclude_defaults: bool
    response_model_exclude_none: bool
    merge_injected: bool
    """Whether headers and cookies of the injected Response also go on a Response the endpoint returns; no if absent."""
    auto_head: bool
    """Whether a GET route answers HEAD too, which is not in the document; no if absent. The innermost layer wins."""
    security_first: bool | None
    """Whether security dependencies, and what they depend on, run before the body is read, as far as they can do
    without it: schemes, those asked for by `Security()`, and all that depend on one. If absent, only schemes that ask
    for nothing but the HTTPConnection do; with False none do. The innermost layer wins."""
    meta: Mapping[str, Any]
    """Anything, for dependencies and middleware: `request.scope["route"].meta`; an inner layer wins by key."""


class SharedOptions(LayerOptions, total=False):
    """The same, and those that an application takes, and uses, in its own way."""

    max_body_size: int | None
    """Bytes of a request body; 0 allows only an empty one, None inherits. The innermost layer wins."""
    form_limits: FormLimits | None
    """Bounds on forms, key by key; the innermost layer wins."""
    middleware: Sequence[Middleware] | None
    """ASGI middleware around the routes inside, outermost first; one instance for all of them."""
    exception_handlers: Mapping[Any, Callable[..., Any]] | None
    """Handlers by exception class or status, for errors raised inside; the innermost layer wins."""


class RouteOptions(SharedOptions, total=False):
    """Everything that may be written in `@app.get(path, ...)` and its like."""

    response_model: Any
    """The type of the answer; the return annotation if absent, None for neither validation nor schema."""
    status_code: int | None
    summary: str | None
    description: str | None
    """Markdown; the endpoint's docstring if absent, up to a form feed."""
    response_description: str
    operation_id: str | None
    response_model_include: IncEx | None
    response_model_exclude: IncEx | None
    response_class: type[Response]
    """The class of the answer; the innermost layer wins, JSON if nowhere set."""
    name: str | None
    openapi_extra: dict[str, Any] | None
    """Merged into the operation object last."""


Options = dict[str, Any]

ROUTE_KEYS = frozenset(RouteOptions.__annotations__)


def _joined(outer: Iterable[Any] | None, inner: Iterable[Any] | None) -> list[Any]:
    return [*(outer or ()), *(inner or ())]


def _merged(outer: Mapping[Any, Any] | None, inner: Mapping[Any, Any] | None) -> dict[Any, Any]:
    return {**(outer or {}), **(inner or {})}


# The keys that add up instead of replacing.
_COMBINE: dict[str, Callable[[Any, Any], Any]] = {
    "tags": _joined,
    "dependencies": _joined,
    "callbacks": _joined,
    "responses": _merged,
    "form_limits": _merged,
    "meta": _merged,
    "middleware": _joined,
    "exception_handlers": lambda outer, inner: ChainMap(inner, outer),  # live: handlers may be added later
    "deprecated": lambda outer, inner: inner or outer,
    "include_in_schema": lambda outer, inner: outer and inner,
}
# None means "not said" for these; for the others (response_model) it is a value.
_NONE_INHERITS = ROUTE_KEYS - {"response_model"}


def written(options: Mapping[str, Any], *, where: str = "a route") -> Options:
    """The options that were really written, checked.

    Raises:
        TypeError: a key is unknown.
        ValueError: a limit is out of bounds.
    """
    for key in options:
        if key not in ROUTE_KEYS:
            raise OptionError(unknown_option(key, where, ROUTE_KEYS))
    given: Options = {
        key: value
        for key, value in options.items()
        if not (value is None and key in _NONE_INHERITS) and not isinstance(value, DefaultPlaceholder)
    }
    checked_body_size(given.get("max_body_size"))
    if "form_limits" in given:
        given["form_limits"] = checked_form_limits(given["form_limits"])
    for key in ("tags", "dependencies", "callbacks"):
        if key in given:
            given[key] = _listed(key, given[key], where)
    if "middleware" in given:
        given["middleware"] = shared(given["middleware"])
    return given


def _listed(key: str, value: Any, where: str) -> list[Any]:
    try:
        return list(value)
    except TypeError:
        raise OptionError(f"{where} got {key}={value!r}, which is no list. Write {key}=[...].") from None


class OptionError(FastLayerError, TypeError):
    """An option is unknown. Also a TypeError, as for any unknown keyword."""


def unknown_option(key: str, where: str, known: Iterable[str]) -> str:
    """The message for an unknown option, with the one that was probably meant."""
    close = difflib.get_close_matches(key, list(known), n=1)
    hint = f" Did you mean {close[0]!r}?" if close else ""
    return f"{where} got an unexpected keyword argument {key!r}: there is no such option.{hint}"


def combine(outer: Options, inner: Options) -> Options:
    """The options of `inner` inside `outer`."""
    if not outer:
        return inner
    combined = {**outer, **inner}
    for key, add in _COMBINE.items():
        if key in outer and key in inner:
            combined[key] = add(outer[key], inner[key])
    return combined


# The options that are attributes of a route too, where programs edit them, with what they are if nobody wrote them.
_SHOWN = MappingProxyType(
    {
        "tags": None,
        "dependencies": None,
        "responses": None,
        "callbacks": None,
        "summary": None,
        "response_description": "Successful Response",
        "deprecated": None,
        "operation_id": None,
        "include_in_schema": True,
        "openapi_extra": None,
        "status_code": None,
    }
)


def as_edited(options: Options, route: Any) -> Options:
    """A copy of the options, with what was set on the route's attributes since it was made of them."""
    edited = dict(options)
    for key, absent in _SHOWN.items():
        value = getattr(route, key)
        if value is not edited.get(key, absent):
            edited[key] = value
    return edited
