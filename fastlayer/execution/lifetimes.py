"""Opening what a dependency yields and closing it: in reverse, exactly once, with the exception in flight thrown in."""

from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from contextvars import Context, copy_context
from typing import Any, Self

from anyio import CancelScope, get_cancelled_exc_class

from ..cancellation import enclosing_scope
from ..dependencies.callables import place_of
from ..exceptions import FastLayerError
from ..limits import ConcurrencyLimit
from ..logger import logger
from .exchange import Exchange
from .threads import run_in_own_thread, run_in_thread

Enter = Callable[[Exchange, dict[str, Any]], Any]

SCOPES = ("function", "response", "request")


def did_not_yield(call: Any) -> FastLayerError:
    return FastLayerError(f"The dependency {place_of(call)} ended without a `yield`. Yield exactly once.")


def yielded_twice(call: Any) -> FastLayerError:
    return FastLayerError(f"The dependency {place_of(call)} has a second `yield`. Yield exactly once.")


def enter_async_generator(call: Callable[..., AsyncGenerator[Any, Any]], scope: str) -> Enter:
    async def enter(exchange: Exchange, arguments: dict[str, Any]) -> Any:
        exchange.awaits_exits = True
        generator: Any = call(**arguments)
        if hasattr(generator, "__aenter__"):
            return await _enter_async_manager(generator, exchange, scope)
        try:
            value = await anext(generator)
        except StopAsyncIteration:
            raise did_not_yield(call) from None
        _exits(exchange, scope).append(_AsyncGeneratorExit(call, generator))
        return value

    return enter


class _AsyncGeneratorExit:
    __slots__ = ("call", "generator")

    def __init__(self, call: Any, generator: AsyncGenerator[Any, Any]) -> None:
        self.call = call
        self.generator = generator

    async def __call__(self, exception: BaseException | None) -> bool:
        """Whether the dependency kept the exception to itself."""
        try:
            if exception is None:
                await anext(self.generator)
            else:
                await self.generator.athrow(exception)
        except StopAsyncIteration as stop:
            return exception is not None and stop is not exception
        except RuntimeError as error:
            if _is_wrapped_stop(error, exception):
                return False
            raise
        await self.generator.aclose()
        raise yielded_twice(self.call)


def _is_wrapped_stop(error: RuntimeError, exception: BaseException | None) -> bool:
    """Whether it is the exception itself, which a generator may not let out as it is (PEP 479)."""
    return isinstance(exception, (StopIteration, StopAsyncIteration)) and error.__cause__ is exception


async def _enter_async_manager(manager: AbstractAsyncContextManager[Any], exchange: Exchange, scope: str) -> Any:
    value = await manager.__aenter__()

    async def leave(exception: BaseException | None) -> bool:
        kind, trace = (type(exception), exception.__traceback__) if exception else (None, None)
        return bool(await manager.__aexit__(kind, exception, trace)) and exception is not None

    _exits(exchange, scope).append(leave)
    return value


def enter_generator(call: Callable[..., Generator[Any, Any, Any]], scope: str, *, threaded: bool) -> Enter:
    """For a sync generator; set-up and teardown run in worker threads, in one context, or both on the event loop."""

    def enter(exchange: Exchange, arguments: dict[str, Any]) -> Any:
        generator: Any = call(**arguments)
        context = None
        if threaded:  # an empty context is falsy, and still the one to reset tokens in
            context = copy_context() if exchange.context is None else exchange.context
        if hasattr(generator, "__enter__"):
            return _enter_manager(generator, exchange, scope, context)
        try:
            value = next(generator)
        except StopIteration:
            raise did_not_yield(call) from None
        _exits(exchange, scope).append(_GeneratorExit(call, generator, context))
        return value

    return enter


class _GeneratorExit:
    __slots__ = ("call", "context", "generator")

    def __init__(self, call: Any, generator: Generator[Any, Any, Any], context: Context | None) -> None:
        self.call = call
        self.generator = generator
        self.context = context

    async def __call__(self, exception: BaseException | None) -> bool:
        """Whether the dependency kept the exception to itself."""
        if self.context is None:
            return self._close(exception)
        return await run_in_own_thread(self.context, self._close, exception)

    def _close(self, exception: BaseException | None) -> bool:
        try:
            if exception is None:
                next(self.generator)
            else:
                self.generator.throw(exception)
        except StopIteration as stop:
            return exception is not None and stop is not exception
        except RuntimeError as error:
            if _is_wrapped_stop(error, exception):
                return False
            raise
        self.generator.close()
        raise yielded_twice(self.call)


def _enter_manager(
    manager: AbstractContextManager[Any], exchange: Exchange, scope: str, context: Context | None
) -> Any:
    value = manager.__enter__()

    async def leave(exception: BaseException | None) -> bool:
        kind, trace = (type(exception), exception.__traceback__) if exception else (None, None)
        if context is None:
            kept = manager.__exit__(kind, exception, trace)
        else:
            kept = await run_in_own_thread(context, manager.__exit__, kind, exception, trace)
        return bool(kept) and exception is not None

    _exits(exchange, scope).append(leave)
    return value


def limited(enter: Enter, limit: ConcurrencyLimit, scope: str, *, holds: bool) -> Enter:
    """The same, waiting for a free place first; one that yields keeps its place until it is closed."""

    async def enter_limited(exchange: Exchange, arguments: dict[str, Any]) -> Any:
        semaphore = limit.get_semaphore()
        if not holds:
            async with semaphore:
                return await enter(exchange, arguments)
        await semaphore.acquire()

        async def release(exception: BaseException | None) -> bool:
            semaphore.release()
            return False

        # Registered first, so released last: after what was opened is closed, and also if opening fails.
        _exits(exchange, scope).append(release)
        return await enter(exchange, arguments)

    return enter_limited


def in_worker(enter: Callable[[Exchange, dict[str, Any]], Any]) -> Enter:
    """A sync step that cannot share a visit to a worker thread, in one of its own."""

    async def enter_in_worker(exchange: Exchange, arguments: dict[str, Any]) -> Any:
        return await run_in_thread(exchange, enter, arguments)

    return enter_in_worker


def on_the_loop(enter: Callable[[Exchange, dict[str, Any]], Any]) -> Enter:
    """A sync step that was declared to need no worker thread."""

    async def enter_here(exchange: Exchange, arguments: dict[str, Any]) -> Any:
        return enter(exchange, arguments)

    return enter_here


def _exits(exchange: Exchange, scope: str) -> list[Any]:
    if exchange.exits is None:
        exchange.exits = {name: [] for name in (*SCOPES, "app")}
    return exchange.exits[scope]


class Unshielded:
    """Stands in for a scope where there is nothing to be shielded from."""

    shield = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        """Nothing was entered."""


Cleanup = CancelScope | Unshielded


def cleanup_scope() -> Cleanup:
    """One scope around a request that opens something: shielded while closing, so that teardown is never cut short.

    It is entered before the first dependency, since scopes a dependency opens itself must nest inside it. A task that
    is in no scope cannot be cancelled by one: there it is left out, which saves 5 µs.
    """
    return Unshielded() if enclosing_scope() is None else CancelScope()


async def close(
    exchange: Exchange, scope: str, exception: BaseException | None, cleanup: Cleanup
) -> BaseException | None:
    """Close what the scope opened, newest first; the exception that is in flight afterwards.

    The teardown is shielded from cancellation; whoever goes on with the request lifts the shield.

    What a dependency raises takes the place of what was in flight, which becomes its context. A dependency that
    swallows an exception would make a failed request look like one without answer, so that is an error of its own.
    """
    exits = exchange.exits[scope] if exchange.exits else None
    if not exits:
        return exception
    if not cleanup.shield:
        cleanup.shield = True
    raised: list[BaseException] = []
    while exits:
        leave = exits.pop()
        if exchange.outcome is not None:
            exchange.outcome.exception = exception
        try:
            if await leave(exception):
                exception = _swallowed(leave, exception)
        except BaseException as error:
            if error is not exception:
                raised.append(error)
                _chain(error, exception)
            exception = error
    if len(raised) > 1:
        logger.error("Several dependencies failed while they were closed", exc_info=_group(raised))
    return exception


def _chain(error: BaseException, context: BaseException | None) -> None:
    if error.__context__ is None and error is not context:
        error.__context__ = context


def _group(raised: list[BaseException]) -> BaseException:
    return BaseExceptionGroup("errors while closing dependencies", raised)


def _swallowed(leave: Any, exception: BaseException | None) -> BaseException | None:
    if isinstance(exception, get_cancelled_exc_class()):
        return exception  # a task group the dependency closed took it for its own; who cancelled still waits for it
    error = FastLayerError(
        "There is no answer: something is raising an exception and a dependency with yield keeps it to itself."
        f" {place_of(getattr(leave, 'call', leave))} caught {exception!r}. In its `except` block, `raise` again, or"
        " raise an HTTPException."
    )
    error.__cause__ = exception
    return error
