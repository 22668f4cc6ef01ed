"""Which of AnyIO's cancel scopes the current task is in: the one place that looks, since AnyIO does not say publicly.

On asyncio a task that no AnyIO code started is in none: most requests, under most servers.
"""

import asyncio
import sys
from typing import Any

UNKNOWN: Any = object()
"""The answer on trio, and wherever AnyIO keeps its books in another way than we know."""


def enclosing_scope() -> Any:
    """The innermost cancel scope around the current task; None in none; UNKNOWN where one cannot tell."""
    try:
        task = asyncio.current_task()
    except RuntimeError:
        return UNKNOWN
    if task is None:
        return UNKNOWN
    backend = sys.modules.get("anyio._backends._asyncio")
    if backend is None:  # then AnyIO has done nothing on asyncio yet
        return None
    try:
        state = backend._task_states.get(task)
        return None if state is None else state.cancel_scope
    except AttributeError:
        return UNKNOWN
