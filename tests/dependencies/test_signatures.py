"""Annotations are resolved where the function was written, strings and forward references included."""

import inspect
from collections.abc import Callable
from functools import partial, wraps
from types import GenericAlias
from typing import Annotated, Any, ForwardRef, Literal, TypeVar

import pytest

from fastlayer import Depends, FastLayerError, Query
from fastlayer.dependencies.signatures import Unresolved, get_typed_return_annotation, get_typed_signature

Number = int


def annotated(call: Callable[..., Any], name: str = "q") -> Any:
    return get_typed_signature(call).parameters[name].annotation


def test_strings_are_evaluated_in_the_module_of_the_function() -> None:
    def function(q: "Number", r: "list[Number] | None", s: list["Number"], t: "Annotated[Number, Query()]") -> None: ...

    assert annotated(function) is int
    assert annotated(function, "r") == list[int] | None
    assert annotated(function, "s") == list[int]
    assert annotated(function, "t").__origin__ is int


def test_a_string_in_a_string_is_evaluated_too() -> None:
    def function(q: Any, r: Any) -> None: ...

    function.__annotations__.update(q="'Number'", r=ForwardRef("Number"))
    assert annotated(function) is int
    assert annotated(function, "r") is int


def test_names_of_the_closure_are_seen() -> None:
    class Local: ...

    def function(q: "Local") -> Local:
        return Local()

    def unused() -> type[Local]:
        return Local

    # A name is in the closure only if the function itself uses it.
    assert isinstance(annotated(function), (Unresolved, type))

    def using(q: "Local") -> None:
        Local()

    assert annotated(using) is Local


def test_a_name_of_the_closure_without_value_is_unresolved() -> None:
    def function(q: "later") -> None:  # type: ignore[valid-type]  # defined below
        later()

    found = annotated(function)
    assert isinstance(found, Unresolved)
    assert found.name == "later"
    assert repr(found) == "later"

    def later() -> None: ...


def test_a_wrapper_from_elsewhere_does_not_hide_the_names() -> None:
    # A module of its own, which does not know `Number`.
    source = "def decorator(function):\n    @wraps(function)\n    def wrapper(**values): ...\n    return wrapper"
    namespace: dict[str, Any] = {"wraps": wraps}
    exec(source, namespace)  # noqa: S102

    def function(q: "Number") -> None: ...

    assert annotated(namespace["decorator"](function)) is int
    assert annotated(partial(namespace["decorator"](function))) is int


class Base:
    def __init__(self, q: "Number") -> None: ...

    def method(self, q: "Number") -> None: ...

    def __call__(self, q: "Number") -> None: ...


class Derived(Base):
    pass


def test_classes_methods_and_callable_objects_are_resolved() -> None:
    assert annotated(Base) is int
    assert annotated(Derived) is int
    assert annotated(Base(1).method) is int
    assert annotated(Base(1)) is int


def test_type_parameters_are_seen() -> None:
    def function(q: Any) -> None: ...

    parameter = TypeVar("parameter")
    function.__type_params__ = (parameter,)  # type: ignore[attr-defined]  # as Python 3.12 sets it
    function.__annotations__["q"] = "list[parameter]"
    assert annotated(function) == list[parameter]  # type: ignore[valid-type]  # as evaluated


def test_builtins_are_seen_by_callables_without_globals() -> None:
    class Callable_:
        __call__ = len

    one = Callable_()
    signature = inspect.Signature(
        [
            inspect.Parameter("q", inspect.Parameter.KEYWORD_ONLY, annotation="int"),
            inspect.Parameter("r", inspect.Parameter.KEYWORD_ONLY, annotation="Number"),
        ]
    )
    one.__signature__ = signature  # type: ignore[attr-defined]  # as compiled callables say it
    assert annotated(one) is int
    assert isinstance(annotated(one, "r"), Unresolved)


def test_what_cannot_be_walked_is_left_to_pydantic() -> None:
    def function(q: Any) -> None: ...

    no_expression = GenericAlias(list, ("1 +",))
    function.__annotations__["q"] = no_expression
    assert annotated(function) == no_expression


def test_literals_are_no_forward_references() -> None:
    def function(q: Literal["Number"], r: list[Literal["x"]]) -> None: ...

    assert annotated(function) == Literal["Number"]
    assert annotated(function, "r") == list[Literal["x"]]


@pytest.mark.parametrize("source", ["Missing", "list[Missing]", "1 +", "Number.missing", "Number + Missing", "None[1]"])
def test_what_cannot_be_resolved_is_kept_as_what_it_said(source: str) -> None:
    def function(q: Any) -> None: ...

    function.__annotations__["q"] = source
    found = annotated(function)
    assert isinstance(found, Unresolved)
    assert repr(found) == source


def test_a_missing_name_inside_a_type_is_unresolved() -> None:
    def function(q: list["Missing"]) -> None: ...  # type: ignore[name-defined]  # noqa: F821  # the case

    found = annotated(function)
    assert isinstance(found, Unresolved)
    assert found.name == "Missing"


def test_a_callable_without_signature_is_refused_with_a_remedy() -> None:
    def unreadable() -> None: ...

    unreadable.__signature__ = "none"  # type: ignore[attr-defined]  # what some compiled callables amount to
    with pytest.raises(FastLayerError, match="Wrap it in a function that declares its parameters"):
        get_typed_signature(unreadable)
    assert get_typed_return_annotation(unreadable) is None


def test_an_unresolved_annotation_is_no_matter_where_depends_says_what_to_call() -> None:
    from fastlayer.dependencies.analysis import get_dependant

    def dependency() -> int:
        return 1

    def function(q: "Missing" = Depends(dependency)) -> None: ...  # type: ignore[name-defined]  # noqa: F821  # the case

    assert get_dependant(path="/", call=function).dependencies[0].call is dependency


def test_the_return_annotation_tells_none_from_nothing() -> None:
    def nothing(): ...

    def none() -> None: ...

    def number() -> "Number":
        return 1

    def missing() -> "Missing": ...  # type: ignore[name-defined]  # noqa: F821  # the case

    assert get_typed_return_annotation(nothing) is None
    assert get_typed_return_annotation(none) is None
    assert get_typed_return_annotation(number) is int
    assert get_typed_return_annotation(partial(number)) is int
    assert get_typed_return_annotation(missing) is None
    assert get_typed_return_annotation(Base) is None


def test_the_signature_keeps_kinds_and_defaults() -> None:
    def function(a: "Number", *, b: "Number" = 3) -> None: ...

    parameters = get_typed_signature(function).parameters
    assert parameters["b"].kind is inspect.Parameter.KEYWORD_ONLY
    assert parameters["b"].default == 3
