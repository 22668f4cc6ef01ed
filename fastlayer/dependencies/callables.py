"""What kind of callable a dependency or an endpoint is, seen through partials, wrappers and `__call__`."""

import inspect
from collections.abc import Callable, Collection
from dataclasses import is_dataclass
from functools import partial
from types import FunctionType
from typing import Any

from pydantic import BaseModel

from ..exceptions import EndpointContext

Call = Callable[..., Any]


def unpartial(call: Any) -> Any:
    """The callable behind `functools.partial`, however often applied."""
    while isinstance(call, partial):
        call = call.func
    return call


def unwrapped_call(call: Any) -> Any:
    """The function the user wrote, behind partials and `functools.wraps` decorators."""
    if type(call) is FunctionType and not vars(call):  # nothing is set on it, so nothing is behind it
        return call
    while (inner := unpartial(inspect.unwrap(unpartial(call)))) is not call:
        call = inner
    return call


def _candidates(call: Any) -> tuple[Any, ...]:
    """What may carry the kind: the callable, what it wraps, and the `__call__` of both."""
    plain = unpartial(call)
    inner = unwrapped_call(call)
    if plain is inner and type(plain) is FunctionType:
        return (plain,)
    if inspect.isclass(plain) or inspect.isclass(inner):
        return ()
    found = [plain, inner]
    for candidate in (plain, inner):
        dunder = getattr(candidate, "__call__", None)  # noqa: B004  # the method itself is wanted
        if dunder is not None and not inspect.isfunction(candidate) and not inspect.ismethod(candidate):
            found += [unpartial(dunder), unwrapped_call(dunder)]
    return tuple(found)


def is_coroutine_callable(call: Any) -> bool:
    """Whether calling it gives an awaitable."""
    return any(inspect.iscoroutinefunction(candidate) for candidate in _candidates(call))


def is_gen_callable(call: Any) -> bool:
    """Whether calling it gives a generator."""
    return any(inspect.isgeneratorfunction(candidate) for candidate in _candidates(call))


def is_async_gen_callable(call: Any) -> bool:
    """Whether calling it gives an async generator."""
    return any(inspect.isasyncgenfunction(candidate) for candidate in _candidates(call))


def is_cheap_constructor(call: Any) -> bool:
    """Whether it is a class whose construction only stores its arguments, so that it needs no worker thread."""
    if not inspect.isclass(call):
        return False
    if issubclass(call, BaseModel):
        return True
    if is_dataclass(call):
        return "__post_init__" not in dir(call)
    return issubclass(call, tuple) and hasattr(call, "_fields")


def identity(call: Any) -> Any:
    """What stands for it as a key: itself, or its id where it cannot be hashed."""
    try:
        hash(call)
    except TypeError:
        return id(call)
    return call


def name_of(call: Any) -> str:
    """The name a person would call it by."""
    plain = unpartial(call)
    return getattr(plain, "__name__", None) or type(plain).__name__


def place_of(call: Any) -> str:
    """`name (file:line)` of a callable, as far as it is known."""
    function = unwrapped_call(call)
    function = getattr(function, "__func__", function)
    if not inspect.isfunction(function) and not inspect.isclass(function):
        function = getattr(type(function), "__call__", function)  # noqa: B004  # the method itself is wanted
    code = getattr(function, "__code__", None)
    if code is not None:
        return f"{name_of(call)} ({code.co_filename}:{code.co_firstlineno})"
    try:
        return f"{name_of(call)} ({inspect.getsourcefile(function)}:{inspect.getsourcelines(function)[1]})"
    except (TypeError, OSError):
        return name_of(call)


def endpoint_context(endpoint: Callable[..., Any], path: str, methods: Collection[str] | None) -> EndpointContext:
    """Where the endpoint is defined and served, for error messages."""
    context = EndpointContext(path=f"{' '.join(sorted(methods or ()))} {path}".strip())
    code = getattr(unwrapped_call(endpoint), "__code__", None)
    if code is not None:
        context["function"] = endpoint.__name__ if hasattr(endpoint, "__name__") else code.co_name
        context["file"] = code.co_filename
        context["line"] = code.co_firstlineno
    return context
