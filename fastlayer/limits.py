"""Bounds a user may set: on concurrent use of a dependency, on body sizes, on forms."""

from collections.abc import Mapping
from typing import Any, TypedDict
from weakref import WeakKeyDictionary

import anyio
from anyio.lowlevel import current_token

FORM_LIMITS_KEY = "fastlayer.form_limits"
"""Where a scope carries the limits of the applications around."""


class ConcurrencyLimit:
    """At most `limit` values of one declared dependency in use at once, in each event loop.

    Raises:
        ValueError: `limit` is not a positive integer.
    """

    def __init__(self, limit: Any) -> None:
        if isinstance(limit, bool) or not isinstance(limit, int) or limit < 1:
            raise ValueError(f"max_concurrency must be a positive integer or None, not {limit!r}")
        self.limit: int = limit
        self._semaphores: WeakKeyDictionary[Any, anyio.Semaphore] = WeakKeyDictionary()

    def get_semaphore(self) -> anyio.Semaphore:
        """The semaphore of the running event loop; an application may be served by one loop after another."""
        token = current_token()
        key = getattr(token, "native_token", token)
        semaphore = self._semaphores.get(key)
        if semaphore is None:
            semaphore = self._semaphores[key] = anyio.Semaphore(self.limit)
        return semaphore


class FormLimits(TypedDict, total=False):
    """Bounds on a parsed form; an absent one is inherited, and in the end Starlette's default."""

    max_fields: int
    """Text fields; 1000 if nowhere set."""
    max_files: int
    """Files; 1000 if nowhere set."""
    max_part_size: int
    """Bytes of one text field; 1 MiB if nowhere set."""


def checked_body_size(limit: Any) -> int | None:
    """The limit itself.

    Raises:
        ValueError: it is not None or a non-negative integer.
    """
    if limit is not None and (isinstance(limit, bool) or not isinstance(limit, int) or limit < 0):
        raise ValueError(f"max_body_size must be a non-negative integer (bytes) or None, not {limit!r}")
    return limit


def checked_form_limits(limits: Mapping[str, Any] | None) -> FormLimits:
    """The limits as a new dict.

    Raises:
        ValueError: a key is unknown or a value is not a non-negative integer.
    """
    checked: FormLimits = {}
    for name, value in (limits or {}).items():
        if name not in FormLimits.__annotations__:
            raise ValueError(f"Unknown form limit {name!r}: choose from {', '.join(FormLimits.__annotations__)}")
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise ValueError(f"Form limit {name} must be a non-negative integer, not {value!r}")
        checked[name] = value  # type: ignore[literal-required]  # checked above
    return checked
