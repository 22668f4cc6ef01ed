"""Work that runs after the response was sent. Owns the report of a task that fails, not when tasks run."""

from collections.abc import Callable
from typing import Any, ParamSpec

from starlette.background import BackgroundTask as BackgroundTask
from starlette.background import BackgroundTasks as StarletteBackgroundTasks

from fastlayer.logger import logger

P = ParamSpec("P")


def task_name(task: Any) -> str:
    """Return the dotted name of the function behind a background task, for the log."""
    func = getattr(task, "func", task)
    while hasattr(func, "func"):  # functools.partial, nested or not
        func = func.func
    name = getattr(func, "__qualname__", type(func).__qualname__)
    return f"{getattr(func, '__module__', type(func).__module__)}.{name}"


async def run_background(task: Callable[[], Any]) -> None:
    """Run one task; log its name when it raises, and raise on."""
    try:
        await task()
    except Exception:
        logger.exception("Background task %s failed", task_name(task))
        raise


class BackgroundTasks(StarletteBackgroundTasks):
    """Functions to call one after the other when the response is out.

    As in Starlette, a task that raises ends the list: the tasks after it do not run, and the error reaches the
    server. It is logged with the task's name first.
    """

    def add_task(self, func: Callable[P, Any], *args: P.args, **kwargs: P.kwargs) -> None:
        """Append a call of `func`, `async def` or `def` (which runs in a worker thread)."""
        return super().add_task(func, *args, **kwargs)

    async def __call__(self) -> None:
        for task in self.tasks:
            # A list inside the list reports its own tasks.
            await (task() if isinstance(task, BackgroundTasks) else run_background(task))
