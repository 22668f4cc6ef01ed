"""What kind of callable something is, through partials, wrappers and `__call__`; and what it is called."""

import functools
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import pytest
from pydantic import BaseModel

from fastlayer.dependencies.callables import (
    is_async_gen_callable,
    is_cheap_constructor,
    is_coroutine_callable,
    is_gen_callable,
    name_of,
    place_of,
    unpartial,
    unwrapped_call,
)


def plain() -> None: ...


async def coroutine() -> None: ...


def generator() -> Iterator[int]:
    yield 1


async def async_generator() -> AsyncIterator[int]:
    yield 1


def with_call(function: Callable[..., Any]) -> Any:
    return type("WithCall", (), {"__call__": lambda self: None, "__doc__": ""} | {"__call__": staticmethod(function)})()


def wrapped(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def wrapper() -> Any:
        return function()

    return wrapper


def kinds(call: Any) -> tuple[bool, bool, bool]:
    return is_coroutine_callable(call), is_gen_callable(call), is_async_gen_callable(call)


class Bound:
    def plain(self) -> None: ...

    async def coroutine(self) -> None: ...

    def generator(self) -> Iterator[int]:
        yield 1

    async def async_generator(self) -> AsyncIterator[int]:
        yield 1


FUNCTIONS: list[tuple[Any, Any, tuple[bool, bool, bool]]] = [
    (plain, Bound().plain, (False, False, False)),
    (coroutine, Bound().coroutine, (True, False, False)),
    (generator, Bound().generator, (False, True, False)),
    (async_generator, Bound().async_generator, (False, False, True)),
]


@pytest.mark.parametrize(("function", "method", "kind"), FUNCTIONS)
def test_the_kind_is_seen_through_partials_wrappers_and_calls(function: Any, method: Any, kind: Any) -> None:
    assert kinds(function) == kind
    assert kinds(method) == kind
    assert kinds(functools.partial(function)) == kind
    assert kinds(functools.partial(functools.partial(method))) == kind
    assert kinds(wrapped(function)) == kind
    assert kinds(wrapped(functools.partial(function))) == kind
    assert kinds(functools.partial(wrapped(function))) == kind
    assert kinds(with_call(function)) == kind
    assert kinds(functools.partial(with_call(wrapped(function)))) == kind


@pytest.mark.parametrize("kind", range(4))
def test_a_class_is_called_as_it_is_whatever_its_instances_are(kind: int) -> None:
    function = FUNCTIONS[kind][0]
    cls = type("Cls", (), {"__call__": lambda self: function()})
    assert kinds(cls) == (False, False, False)


class Model(BaseModel):
    q: int


@dataclass
class Data:
    q: int


@dataclass
class Checked:
    q: int

    def __post_init__(self) -> None:
        self.q += 1


class Named(NamedTuple):
    q: int


class Plain:
    pass


@pytest.mark.parametrize(
    ("call", "expected"),
    [(Model, True), (Data, True), (Named, True), (Checked, False), (Plain, False), (plain, False), (tuple, False)],
)
def test_only_classes_that_just_store_their_arguments_are_cheap(call: Any, expected: bool) -> None:
    assert is_cheap_constructor(call) is expected


def test_what_is_behind_partials_and_wrappers() -> None:
    assert unpartial(functools.partial(functools.partial(plain))) is plain
    assert unwrapped_call(wrapped(functools.partial(wrapped(plain)))) is plain
    assert unwrapped_call(None) is None


def test_a_callable_has_a_name_and_a_place() -> None:
    instance = with_call(plain)
    assert name_of(functools.partial(plain)) == "plain"
    assert name_of(instance) == "WithCall"
    assert place_of(plain) == f"plain ({__file__}:{plain.__code__.co_firstlineno})"
    assert place_of(functools.partial(plain)) == place_of(plain)
    assert place_of(Bound().plain).startswith(f"plain ({__file__}:")
    assert place_of(Plain).startswith(f"Plain ({__file__}:")
    assert place_of(wrapped(plain)) == place_of(plain)
    assert place_of(int) == "int"
    assert place_of(len) == "len"
