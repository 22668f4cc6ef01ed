"""What an operation says about its answer: statuses, bodies and the operation id."""

from collections.abc import Iterator, Sequence
from http import HTTPStatus
from typing import Any

from starlette.responses import Response

from ..dependencies.callables import place_of
from ..dependencies.signatures import get_typed_return_annotation
from ..fields import is_class
from ..operation import is_body_allowed_for_status_code
from .findings import Finding

_KNOWN = frozenset(int(status) for status in HTTPStatus)
_RANGES = frozenset({"DEFAULT", "1XX", "2XX", "3XX", "4XX", "5XX"})


def bodyless(route: Any) -> Iterator[Finding]:
    """FL106. A response model beside such a status is refused at registration; here is what that leaves."""
    if is_body_allowed_for_status_code(route.status_code):
        return
    annotation = get_typed_return_annotation(route.endpoint)
    if annotation is None or is_class(annotation, Response):
        return
    shown = getattr(annotation, "__name__", None) or str(annotation)
    yield Finding(
        "FL106",
        f"Status {route.status_code} has no body, and the function returns {shown}",
        place_of(route.endpoint),
        "Return nothing (-> None), or choose a status that has a body.",
    )


def statuses(route: Any) -> Iterator[Finding]:
    """FL113."""
    written = [] if route.status_code is None else [route.status_code]
    for status in (*written, *route.responses):
        if not _is_known(status):
            yield Finding(
                "FL113",
                f"{status!r} is not a registered HTTP status",
                place_of(route.endpoint),
                "Use a code of fastlayer.status; in responses={}, 'default' and ranges such as '4XX' are fine too.",
            )


def _is_known(status: Any) -> bool:
    text = str(int(status) if isinstance(status, int) else status).upper()
    return text in _RANGES or (text.isdigit() and int(text) in _KNOWN)


def operation_ids(routes: Sequence[Any]) -> Iterator[Finding]:
    """FL110."""
    first: dict[str, Any] = {}
    for route in routes:
        if not route.include_in_schema:
            continue
        other = first.setdefault(route.unique_id, route)
        if other is not route and (other.path, other.methods) != (route.path, route.methods):
            yield Finding(
                "FL110",
                f"The operation id {route.unique_id!r} stands for {_shown(other)} and for {_shown(route)}",
                place_of(route.endpoint),
                "Give one of them another operation_id, or let generate_unique_id_function use the path.",
            )


def _shown(route: Any) -> str:
    return f"{'/'.join(sorted(route.methods))} {route.path} of {place_of(route.endpoint)}"
