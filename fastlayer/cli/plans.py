"""Prints the compiled plan of a route: its steps in call order, where each runs, and what each is given."""

from collections.abc import Iterator, Sequence
from typing import Any

from rich.text import Text
from starlette.routing import Match

from ..dependencies.callables import name_of
from ..dependencies.models import Dependant, walk
from ..routes import APIRoute, APIWebSocketRoute
from .listing import place
from .problems import Problem

PLACES = ("path", "query", "header", "cookie", "body")
SPECIALS = {
    "request_param_name": "the request",
    "websocket_param_name": "the socket",
    "http_connection_param_name": "the connection",
    "response_param_name": "the response, to set headers on",
    "background_tasks_param_name": "the background tasks",
    "security_scopes_param_name": "the scopes asked for",
    "outcome_param_name": "the outcome",
}


def routes_at(app: Any, path: str, method: str | None) -> list[Any]:
    """The routes with this path template, or else those that answer a request for the path.

    Raises:
        Problem: there is none.
    """
    routes = [route for route in app.routes if isinstance(route, (APIRoute, APIWebSocketRoute))]
    if method is not None:
        routes = [route for route in routes if method.upper() in _methods(route)]
    found = [route for route in routes if path in (route.path, route.path_format)]
    found = found or [route for route in routes if _answers(route, path)]
    if not found:
        asked = f"{method.upper()} {path}" if method else path
        raise Problem(f"no operation answers {asked}; `fastlayer routes` lists them")
    return found


def _methods(route: Any) -> Sequence[str]:
    return sorted(route.methods or ()) if isinstance(route, APIRoute) else ["WEBSOCKET"]


def _answers(route: Any, path: str) -> bool:
    kind = "http" if isinstance(route, APIRoute) else "websocket"
    scope = {"type": kind, "method": _methods(route)[0], "path": path, "root_path": "", "headers": []}
    return bool(route.matches(scope)[0] is Match.FULL)


def lines(route: Any, app: Any) -> Iterator[Text]:
    """The plan of the route, line by line."""
    yield Text(f"{' '.join(_methods(route))} {route.path}", style="bold")
    yield Text(f"  {route.name}  {_place(route.endpoint)}")
    execution = route.compile() if isinstance(route, APIRoute) else None
    if execution is None:
        yield from _socket_lines(route)
        return
    nodes = list(walk(route.dependant))
    number = 0
    for stage in execution.plan.stages:
        yield Text("on a worker thread" if stage.in_worker else "on the event loop", style="cyan")
        for step in stage.steps:
            number += 1
            yield from _step_lines(number, step, _node(nodes, step.call), app, execution.read_body)
    yield from _answer_lines(route)


def _socket_lines(route: Any) -> Iterator[Text]:
    for number, node in enumerate(reversed(list(walk(route.dependant))), 1):
        yield Text(f"  {number}  {name_of(node.call)}  {_place(node.call)}".rstrip())
        yield from (Text(f"       {line}") for line in _parameters(node))


def _step_lines(number: int, step: Any, node: Dependant | None, app: Any, body_reader: Any) -> Iterator[Text]:
    closed = ""
    if node is not None and node.is_generator and not step.is_last:
        closed = f", closed with scope {node.scope or app.default_dependency_scope!r}"
    called = f"{name_of(step.call)}{closed}  {_place(step.call)}".rstrip()
    yield Text(f"  {number}  {'the body is read' if step.call is body_reader else called}")
    if node is not None:
        yield from (Text(f"       {line}") for line in _parameters(node))
    for name, index in step.inputs:
        yield Text(f"       {name}: the result of {index + 1}")


def _parameters(node: Dependant) -> Iterator[str]:
    for where in PLACES:
        for field in getattr(node, f"{where}_params"):
            marker = field.field_info
            kind = getattr(marker, "media_type", "") if where == "body" else field.validation_alias or field.alias
            needed = (
                "required" if marker.is_required() else f"default {marker.get_default(call_default_factory=False)!r}"
            )
            yield f"{field.name}: {where} {kind!r}, {_type(marker.annotation)}, {needed}"
    for attribute, meaning in SPECIALS.items():
        name = getattr(node, attribute)
        if name is not None:
            yield f"{name}: {meaning}"


def _answer_lines(route: APIRoute) -> Iterator[Text]:
    kind = route.operation.response_class
    shown = "JSON" if kind is None else kind.__name__
    if route.stream_item_type is not None:
        shown = f"a stream of {_type(route.stream_item_type)}"
    elif route.response_field is not None:
        shown = f"{_type(route.response_model)}, validated, as {shown}"
    yield Text("answer", style="cyan")
    yield Text(f"  {route.status_code or 200}, {shown}")


def _node(nodes: Sequence[Dependant], call: Any) -> Dependant | None:
    return next((node for node in nodes if node.call is call), None)


def _type(annotation: Any) -> str:
    return annotation.__name__ if isinstance(annotation, type) else str(annotation).replace("typing.", "")


def _place(call: Any) -> str:
    file, line = place(call)
    return "" if file is None else f"({file.rpartition('/')[2]}:{line})"
