"""Pydantic's `ValidationError` as the list of plain dicts that is reported. Knows no requests and no fields."""

from typing import Any

from pydantic import ValidationError
from pydantic_core import SchemaValidator

Errors = list[dict[str, Any]]
Loc = tuple[int | str, ...]

MAX_ERRORS = 200
"""How many errors of one value are reported; one more entry then says how many there were."""


def located(exc: ValidationError, loc: Loc, total: int | None = None) -> Errors:
    """Pydantic's errors as plain dicts, each `loc` led by the given one; at most MAX_ERRORS, and an entry about it.

    `total` says how many there were where `exc` has only the first ones.
    """
    errors: Errors = [_located(dict(error), loc) for error in exc.errors(include_url=False)[:MAX_ERRORS]]
    total = exc.error_count() if total is None else total
    if total > MAX_ERRORS:
        errors.append(too_many(loc, total, MAX_ERRORS))
    return errors


def validate_with(validator: SchemaValidator, value: Any, loc: Loc) -> tuple[Any, Errors]:
    """The validated value and no errors, or None and the errors, each `loc` led by the given one."""
    try:
        return validator.validate_python(value, from_attributes=True), []
    except ValidationError as exc:
        return None, located(exc, loc)


def _located(error: dict[str, Any], loc: Loc) -> dict[str, Any]:
    error["loc"] = loc + error["loc"]
    value = error["input"]
    if isinstance(value, bytes) and not value.isascii():
        # Errors are written as JSON: bytes that are no text have no other way there.
        try:
            value.decode()
        except UnicodeDecodeError:
            error["input"] = value.decode(errors="backslashreplace")
    return error


def too_many(loc: Loc, total: int, listed: int) -> dict[str, Any]:
    """The entry that ends a list in which not all errors are listed."""
    return {
        "type": "too_many_errors",
        "loc": loc,
        "msg": f"Only the first {listed} of {total} errors are listed",
        "input": None,
        "ctx": {"total": total, "listed": listed},
    }


def missing(loc: Loc) -> dict[str, Any]:
    """The error for a value that is required and absent."""
    return {"type": "missing", "loc": loc, "msg": "Field required", "input": None}
