"""How endpoints and dependencies are called: on the event loop or in a thread, with what types between them."""

import dis
import inspect
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Awaitable, Generator, Iterable, Iterator
from types import ModuleType
from typing import Annotated, Any, get_args, get_origin

from ..dependencies.callables import (
    is_async_gen_callable,
    is_cheap_constructor,
    is_coroutine_callable,
    name_of,
    place_of,
    unwrapped_call,
)
from ..dependencies.models import Dependant
from ..dependencies.signatures import Unresolved, get_typed_return_annotation, get_typed_signature
from ..fields import not_none, unwrapped
from .findings import Finding

# module -> its functions that wait for something else than the processor
_BLOCKING = {
    "time": {"sleep"},
    "requests": {"get", "post", "put", "patch", "delete", "head", "request"},
    "httpx": {"get", "post", "put", "patch", "delete", "head", "request", "stream"},
    "urllib.request": {"urlopen", "urlretrieve"},
    "subprocess": {"run", "call", "check_call", "check_output"},
    "os": {"system", "popen"},
    "socket": {"create_connection", "getaddrinfo", "gethostbyname"},
    "sqlite3": {"connect"},
    "psycopg": {"connect"},
    "psycopg2": {"connect"},
    "pymysql": {"connect"},
    "smtplib": {"SMTP", "SMTP_SSL"},
    "shutil": {"copytree", "rmtree", "copyfile"},
}
_NAMES = frozenset(name for names in _BLOCKING.values() for name in names)


def sync_sockets(route: Any) -> Iterator[Finding]:
    """FL108."""
    call = route.endpoint
    if not is_coroutine_callable(call) and not is_async_gen_callable(call):
        yield Finding(
            "FL108",
            f"The WebSocket endpoint {name_of(call)} is a plain def: it cannot await what it must send and receive",
            place_of(call),
            "Write `async def`.",
        )


def blocking(nodes: list[Dependant], *, sync_in_thread: bool) -> Iterator[Finding]:
    """FL109: what runs on the event loop and calls something that waits."""
    for node in nodes:
        is_async = is_coroutine_callable(node.call) or is_async_gen_callable(node.call)
        if not is_async and ((node.thread and sync_in_thread) or is_cheap_constructor(node.call)):
            continue
        for called in blocking_calls(node.call):
            yield Finding(
                "FL109",
                f"{name_of(node.call)} runs on the event loop and calls {called}, which stops all requests meanwhile",
                place_of(node.call),
                "Make it a plain `def`, which runs in a worker thread, or use an async library."
                if is_async
                else "Let it run in a worker thread: remove thread=False or sync_in_thread=False.",
            )


def blocking_calls(call: Any) -> list[str]:
    """The functions known to block that the function's own code names, as `module.name`."""
    function = unwrapped_call(call)
    function = getattr(function, "__func__", function)
    if not inspect.isfunction(function):
        return []
    names = function.__code__.co_names
    if _NAMES.isdisjoint(names):
        return []
    found: dict[str, None] = {}
    holder: Any = None
    for instruction in dis.get_instructions(function):
        value = instruction.argval
        if instruction.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
            holder = function.__globals__.get(value)
            _note(found, getattr(holder, "__module__", None), getattr(holder, "__name__", None))
        elif instruction.opname in ("LOAD_ATTR", "LOAD_METHOD"):
            if isinstance(holder, ModuleType):
                _note(found, holder.__name__, value)
                holder = getattr(holder, value, None)
            else:
                holder = None
        elif instruction.opname not in ("PRECALL", "CACHE", "PUSH_NULL"):
            holder = None
    return list(found)


def _note(found: dict[str, None], module: Any, name: Any) -> None:
    if isinstance(module, str) and name in _BLOCKING.get(module, ()):
        found[f"{module}.{name}"] = None


_YIELDING = (Generator, AsyncGenerator, Iterator, AsyncIterator, Iterable, AsyncIterable)


def contradicting(nodes: list[Dependant]) -> Iterator[Finding]:
    """FL111: a dependency's return annotation that no value can satisfy together with the parameter's."""
    for node in nodes:
        children = [child for child in node.dependencies if child.name is not None and _may_contradict(node, child)]
        parameters = get_typed_signature(node.call).parameters if children and node.call is not None else {}
        for child in children:
            parameter = parameters.get(child.name or "")
            expected = None if parameter is None else parameter.annotation
            returned = _returned(child)
            if parameter is not None and returned is not None and _contradict(expected, returned):
                yield Finding(
                    "FL111",
                    f"{child.name!r} is annotated as {_shown(expected)}, and {name_of(child.call)} returns"
                    f" {_shown(returned)}",
                    place_of(node.call),
                    f"Annotate it with what {place_of(child.call)} returns, or correct that return annotation.",
                )


def _may_contradict(node: Dependant, child: Dependant) -> bool:
    """Whether it takes resolved signatures to tell, which cost the most of a diagnosis: seldom."""
    expected = getattr(node.call, "__annotations__", {}).get(child.name)
    if get_origin(expected) is Annotated:
        expected = get_args(expected)[0]
    if inspect.isfunction(child.call):
        returned = child.call.__annotations__.get("return")
        return returned is not None and returned != expected
    return child.call is not expected


def _returned(node: Dependant) -> Any:
    """The annotation of what the dependency gives; None if it says nothing."""
    if inspect.isclass(node.call):
        return node.call
    annotation = get_typed_return_annotation(node.call) if node.call is not None else None
    if annotation is None and getattr(node.call, "__annotations__", {}).get("return", "") in (None, "None"):
        return type(None)
    if node.is_generator or get_origin(annotation) is Awaitable:
        arguments = get_args(annotation)
        return arguments[0] if get_origin(annotation) in (*_YIELDING, Awaitable) and arguments else None
    return annotation


def _contradict(expected: Any, returned: Any) -> bool:
    """Whether no member of one can be a member of the other. What is not made of plain classes is not judged."""
    first, second = _classes(expected), _classes(returned)
    return bool(first and second) and not any(_related(one, other) for one in first for other in second)


def _classes(annotation: Any) -> tuple[type[Any], ...]:
    if annotation is inspect.Parameter.empty or isinstance(annotation, Unresolved):
        return ()
    annotation = unwrapped(annotation)
    members = (annotation,) if annotation is type(None) else not_none(annotation) or (annotation,)
    classes = tuple(get_origin(one) or one for one in members)
    return classes if all(_is_plain_class(one) for one in classes) else ()


def _is_plain_class(cls: Any) -> bool:
    return inspect.isclass(cls) and cls is not object and not getattr(cls, "_is_protocol", False) and cls is not Any


_PROMOTED = {(int, float), (int, complex), (float, complex)}  # PEP 484


def _related(one: type[Any], other: type[Any]) -> bool:
    if (one, other) in _PROMOTED or (other, one) in _PROMOTED:
        return True
    try:
        return issubclass(one, other) or issubclass(other, one)
    except TypeError:  # a TypedDict, which has no instances of its own
        return True


def _shown(annotation: Any) -> str:
    annotation = unwrapped(annotation)
    return annotation.__name__ if inspect.isclass(annotation) and not get_args(annotation) else str(annotation)
