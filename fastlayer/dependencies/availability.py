"""What a route cannot hand over: parameters its path lacks, bodies on a WebSocket, the other kind's connection."""

from typing import Any

from .analysis import refuse_unknown_path_params
from .callables import place_of
from .models import Dependant, walk
from .parameters import ParameterError
from .signatures import get_typed_signature


def refuse_unservable(dependant: Dependant, path: str, *, is_socket: bool) -> None:
    """Refuse parameters without a default that no request to this route could fill.

    Raises:
        ParameterError: naming the function and the parameter.
    """
    refuse_unknown_path_params(dependant, path)
    for node in walk(dependant):
        if is_socket:
            _refuse_bodies(node)
        name = node.request_param_name if is_socket else node.websocket_param_name
        if name is not None and _has_no_default(node.call, name):
            taken, given = ("Request", "a WebSocket") if is_socket else ("WebSocket", "an HTTP request")
            raise ParameterError(
                f"Parameter {name!r} takes a {taken}, and this route has {given} ({path!r}).\n"
                f"  In {place_of(node.call)}, parameter {name!r}.\n"
                "  Take an HTTPConnection, which both are, or give the parameter the default None."
            )


def _refuse_bodies(node: Dependant) -> None:
    for field in node.body_params:
        if field.field_info.is_required():
            raise ParameterError(
                f"Parameter {field.name!r} is read from the body, and a WebSocket has none.\n"
                f"  In {place_of(node.call)}, parameter {field.name!r}.\n"
                "  Receive it as a message, or take it from the path, the query, a header or a cookie."
            )


def _has_no_default(call: Any, name: str) -> bool:
    parameter = get_typed_signature(call).parameters.get(name)
    return parameter is not None and parameter.default is parameter.empty
