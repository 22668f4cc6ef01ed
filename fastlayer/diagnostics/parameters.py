"""What an endpoint and its dependencies take that the request cannot give, or give otherwise than it reads."""

import difflib
import inspect
from collections.abc import Iterator
from typing import Any, get_origin

from .. import params
from ..dependencies.callables import place_of
from ..dependencies.models import Dependant, flat_body_params, walk
from ..fields import ModelField, models_in, not_none
from .findings import Finding


def path_parameters(route: Any, nodes: list[Dependant]) -> Iterator[Finding]:
    """FL103. The opposite, a Path() parameter that the path lacks, is refused at registration."""
    if any(node.request_param_name or node.http_connection_param_name or node.websocket_param_name for node in nodes):
        return  # it may read `request.path_params` itself
    in_path = set(route.param_convertors)
    taken = {_name(field) for node in nodes for field in node.path_params}
    others = {field.name for node in nodes for field in node.query_params}
    for name in sorted(in_path - taken):
        yield Finding(
            "FL103",
            f"Nothing takes the path parameter {name!r} of {route.path!r}",
            place_of(route.endpoint),
            _meant(name, others) or f"Add a parameter {name!r} to the function, or take it out of the path.",
        )


def _name(field: ModelField) -> str:
    return str(field.validation_alias or field.alias)


def _meant(name: str, others: set[str]) -> str:
    close = difflib.get_close_matches(name, sorted(others), n=1)
    return (
        f"Did you mean {close[0]!r}? The name in the path and the one in the signature must be the same."
        if close
        else ""
    )


def bodies(route: Any) -> Iterator[Finding]:
    """FL105 and FL112."""
    fields = flat_body_params(route.dependant)
    if not fields:
        return
    names = ", ".join(repr(field.name) for field in fields)
    place = place_of(route.endpoint)
    methods = sorted({"GET", "HEAD"} & set(route.methods))
    if methods:
        yield Finding(
            "FL105",
            f"{' and '.join(methods)} {route.path} reads a body ({names}), which clients and proxies may drop",
            place,
            "Take the values from the query, Annotated[Model, Query()], or use POST or QUERY.",
        )
    if any(isinstance(field.field_info, params.Form) for field in fields):
        for field in fields:
            if not isinstance(field.field_info, params.Form) and _needs_json(field.field_info.annotation):
                yield Finding(
                    "FL112",
                    f"{field.name!r} is a JSON body beside form fields or files ({names}): no request can carry both",
                    place,
                    f"Declare {field.name!r} with Form(), send it as a string, Annotated[Json[...], Form()], or take"
                    " the file in an operation of its own.",
                )


def _needs_json(annotation: Any) -> bool:
    return bool(models_in(annotation)) or any(get_origin(one) is dict or one is dict for one in not_none(annotation))


def variadic(nodes: list[Dependant]) -> Iterator[Finding]:
    """FL107."""
    for node in nodes:
        found = [f"{_STARS[one.kind]}{one.name}" for one in _parameters(node.call) if one.kind in _STARS]
        if found:
            yield Finding(
                "FL107",
                f"{' and '.join(found)} cannot be filled from a request: required query parameters of those names are"
                " expected instead",
                place_of(node.call),
                "Name the parameters. If a decorator replaced the function, let it use functools.wraps.",
            )


_STARS = {inspect.Parameter.VAR_POSITIONAL: "*", inspect.Parameter.VAR_KEYWORD: "**"}


def _parameters(call: Any) -> list[inspect.Parameter]:
    code = getattr(call, "__code__", None)
    stars = inspect.CO_VARARGS | inspect.CO_VARKEYWORDS
    if code is not None and not code.co_flags & stars and not hasattr(call, "__wrapped__"):
        return []  # nothing to look at, and a signature costs more than all else here
    try:
        return list(inspect.signature(call).parameters.values())
    except (TypeError, ValueError):
        return []


def nodes_of(route: Any) -> list[Dependant]:
    """The endpoint's node and those of its dependencies, each once."""
    return list(walk(route.dependant))
