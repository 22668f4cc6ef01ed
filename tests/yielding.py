"""Dependencies with `yield`, of both kinds from one piece of code."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from typing import Any

KINDS = ("sync", "async")


def of_kind(kind: str, function: Callable[[], Iterator[Any]], asks: Any = None) -> Callable[..., Any]:
    """A dependency that does what the generator function does, as a sync or an async generator.

    `asks` is what it depends on itself.
    """

    def sync(value: Any = asks) -> Iterator[Any]:
        yield from function()

    async def asynchronous(value: Any = asks) -> AsyncIterator[Any]:
        with contextmanager(function)() as given:
            yield given

    return asynchronous if kind == "async" else sync


def watched(
    kind: str, opened: Callable[[], Any], closed: Callable[[BaseException | None], Any], asks: Any = None
) -> Any:
    """A dependency that tells when it is opened, and, when it is closed, what was thrown into it."""

    def watching() -> Iterator[None]:
        opened()
        failure: BaseException | None = None
        try:
            yield
        except BaseException as exc:
            failure = exc
            raise
        finally:
            closed(failure)

    return of_kind(kind, watching, asks)
