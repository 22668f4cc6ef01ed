"""How long an answer to an invalid request may be: the list of its errors, cut where it outgrows the request.

An error repeats what was sent, and a `missing` one repeats the object around it: 200 absent fields would repeat it 200
times. Knows no handlers and no shapes of answers.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request

from .encoders import dump_json
from .error_lists import too_many
from .exceptions import RequestValidationError

SHORT_ANSWER = 65_536
"""Bytes. A shorter answer is never cut, so that ordinary ones list everything, as FastAPI's do."""

GROWTH = 10
"""A longer answer has at most this many times the bytes of its request."""

_AROUND = 1_024  # bytes kept for the entry that says what is not listed, and for what stands around the list


def fitting(errors: Sequence[Any], request: Request, exc: RequestValidationError) -> tuple[Sequence[Any], bytes]:
    """The errors that an answer to this request may list, and their list as JSON.

    Where some are left out, the last entry says so.
    """
    has_end = isinstance(errors, (list, tuple))  # a program may raise the exception with anything
    if not has_end or len(errors) <= GROWTH:
        text = dump_json(errors)  # in one piece, which only for many errors could be a lot for nothing
        if not has_end or len(text) <= SHORT_ANSWER - _AROUND:
            return errors, text
    encoded: list[bytes] = []
    size, limit = 0, SHORT_ANSWER
    for index, error in enumerate(errors):
        encoded.append(dump_json(error))
        size += len(encoded[-1]) + 1
        if size > limit - _AROUND:
            limit = max(limit, GROWTH * request_size(request, exc))
        if size > limit - _AROUND:
            errors = [*errors[:index], _about_the_rest(errors, index)]
            encoded[-1] = dump_json(errors[-1])
            break
    return errors, b"[%b]" % b",".join(encoded)


def _about_the_rest(errors: Sequence[Any], listed: int) -> dict[str, Any]:
    total = sum(map(_count, errors))
    loc = errors[listed].get("loc") if isinstance(errors[listed], dict) else None
    return too_many(tuple(loc or ())[:1], total, listed)


def _count(error: Any) -> int:
    """How many errors an entry stands for."""
    if isinstance(error, dict) and error.get("type") == "too_many_errors" and isinstance(error.get("ctx"), dict):
        return int(error["ctx"].get("total", 1)) - int(error["ctx"].get("listed", 0))
    return 1


def request_size(request: Request, exc: RequestValidationError) -> int:
    """The bytes of the request: path, query string, headers and body."""
    scope: Mapping[str, Any] = request.scope
    size = len(scope.get("path", "")) + len(scope.get("query_string", b""))
    size += sum(len(name) + len(value) for name, value in scope.get("headers", ()))
    return size + _size_of(exc.body if exc.raw_body is None else exc.raw_body)


def _size_of(body: Any) -> int:
    if isinstance(body, (bytes, str)):
        return len(body)
    if isinstance(body, FormData):
        return sum(len(name) + _value_size(value) for name, value in body.multi_items())
    return 0 if body is None else len(dump_json(body))


def _value_size(value: UploadFile | str) -> int:
    return (value.size or 0) if isinstance(value, UploadFile) else len(value)
