"""Fuzz: whatever an endpoint returns, no field leaves that the response model does not declare.

Every undeclared thing in a generated value says "SECRET". The answer is either 200 without that word, or a
ResponseValidationError; nothing else may happen, and no value of the wrong type may arrive.
"""

import asyncio
import warnings
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, make_dataclass
from datetime import date
from enum import Enum
from types import SimpleNamespace
from typing import Any, Generic, TypeVar
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError, computed_field, create_model
from typing_extensions import TypedDict

from fastlayer import FastLayer
from fastlayer.exceptions import ResponseValidationError
from fastlayer.responses import JSONResponse, ORJSONResponse
from fastlayer.sse import EventSourceResponse

from ..in_memory import FACTOR, Answer, call

T = TypeVar("T")
SECRET = "SECRET"
Draw = Callable[[st.SearchStrategy[Any]], Any]


class Color(Enum):
    red = "red"
    blue = "blue"


class Box(BaseModel, Generic[T]):
    item: T


class OwnResponse(JSONResponse):
    """A class of the user's, which is given data, not bytes."""


class Hiding:
    """A value of no type at all."""

    secret = SECRET

    def __repr__(self) -> str:
        return SECRET


class Lookalike(BaseModel):
    f0: Any = 1
    f1: Any = "x"
    f2: Any = None
    item: Any = None
    secret: str = SECRET


@dataclass
class LookalikeData:
    f0: Any = 1
    secret: str = SECRET


@dataclass
class Shape:
    """A type and how to draw values that claim to be of it."""

    annotation: Any
    value: Callable[[Draw, bool], Any]


CONFIGS = [ConfigDict(), ConfigDict(from_attributes=True), ConfigDict(revalidate_instances="always")]
LEAVES: list[tuple[Any, st.SearchStrategy[Any]]] = [
    (int, st.integers(-(2**53), 2**53)),
    # No `str`, of which the secret is a good value; no Literal, whose values Pydantic writes unchecked.
    (UUID, st.uuids()),
    (bool, st.booleans()),
    (float, st.floats(-1e6, 1e6)),
    (date, st.dates()),
    (Color, st.sampled_from(Color)),
]

LIES: st.SearchStrategy[Any] = st.sampled_from(
    [
        lambda: {"secret": SECRET},
        lambda: {"f0": 1, "secret": SECRET},
        lambda: [SECRET],
        lambda: {SECRET},
        lambda: {SECRET: 1},
        lambda: Hiding(),
        lambda: Lookalike(),
        lambda: LookalikeData(),
        lambda: SimpleNamespace(f0=1, secret=SECRET),
        lambda: b"\xff",
        lambda: None,
    ]
)


def lying(draw: Draw, lies: bool) -> bool:
    return lies and draw(st.integers(0, 5)) == 0


def leaf(draw: Draw) -> Shape:
    annotation, values = draw(st.sampled_from(LEAVES))
    return Shape(annotation, lambda draw, lies: draw(LIES)() if lying(draw, lies) else draw(values))


def container(draw: Draw, depth: int) -> Shape:
    inner = shape(draw, depth - 1)

    def items(draw: Draw, lies: bool) -> list[Any]:
        return [inner.value(draw, lies) for _ in range(draw(st.integers(0, 2)))]

    def or_lie(make: Callable[[list[Any]], Any]) -> Callable[[Draw, bool], Any]:
        return lambda draw, lies: draw(LIES)() if lying(draw, lies) else make(items(draw, lies))

    annotation: Any = inner.annotation
    return draw(
        st.sampled_from(
            [
                Shape(list[annotation], or_lie(list)),
                Shape(tuple[annotation, ...], or_lie(tuple)),
                Shape(dict[int, annotation], or_lie(lambda values: dict(enumerate(values)))),
                Shape(annotation | None, lambda draw, lies: inner.value(draw, lies) if draw(st.booleans()) else None),
            ]
        )
    )


def union(draw: Draw, depth: int) -> Shape:
    one, other = shape(draw, depth - 1), shape(draw, depth - 1)
    return Shape(
        one.annotation | other.annotation, lambda draw, lies: draw(st.sampled_from([one, other])).value(draw, lies)
    )


def generic(draw: Draw, depth: int) -> Shape:
    inner = shape(draw, depth - 1)
    annotation: Any = Box[inner.annotation]  # type: ignore[name-defined]  # made at run time
    return Shape(annotation, model_value(annotation, {"item": inner}))


def typed_dict(draw: Draw, depth: int) -> Shape:
    fields = {f"f{index}": shape(draw, depth - 1) for index in range(draw(st.integers(1, 2)))}
    annotation: Any = TypedDict("Dict", {name: field.annotation for name, field in fields.items()})  # type: ignore[misc] # made at run time

    def value(draw: Draw, lies: bool) -> Any:
        made = {name: field.value(draw, lies) for name, field in fields.items()}
        return {**made, "secret": SECRET} if draw(st.booleans()) else made

    return Shape(annotation, value)


def data_class(draw: Draw, depth: int) -> Shape:
    fields = {f"f{index}": shape(draw, depth - 1) for index in range(draw(st.integers(1, 2)))}
    cls: Any = make_dataclass("Data", [(name, field.annotation) for name, field in fields.items()])
    sub: Any = make_dataclass("SubData", [("secret", str, SECRET)], bases=(cls,))

    def value(draw: Draw, lies: bool) -> Any:
        made = {name: field.value(draw, lies) for name, field in fields.items()}
        kind = draw(st.sampled_from(["instance", "sub", "dict", "orm"]))
        if kind == "dict":
            return {**made, "secret": SECRET}
        if kind == "orm":
            return SimpleNamespace(**made, secret=SECRET)
        return (cls if kind == "instance" else sub)(**made)

    return Shape(cls, value)


def model(draw: Draw, depth: int) -> Shape:
    fields = {f"f{index}": shape(draw, depth - 1) for index in range(draw(st.integers(1, 3)))}
    config = draw(st.sampled_from(CONFIGS))
    definitions: dict[str, Any] = {name: (field.annotation, ...) for name, field in fields.items()}
    annotation: Any = create_model("Model", __config__=config, **definitions)
    return Shape(annotation, model_value(annotation, fields))


def model_value(annotation: Any, fields: dict[str, Shape]) -> Callable[[Draw, bool], Any]:
    class Sub(annotation):  # type: ignore[misc]  # made at run time
        secret: str = SECRET

    class Open(annotation):  # type: ignore[misc]  # made at run time
        model_config = ConfigDict(extra="allow")

        @computed_field  # type: ignore[prop-decorator]  # as Pydantic documents it
        @property
        def computed(self) -> str:
            return SECRET

    def value(draw: Draw, lies: bool) -> Any:
        made = {name: field.value(draw, lies) for name, field in fields.items()}
        kind = draw(st.sampled_from(["instance", "sub", "open", "dict", "orm", "tampered", "extra", "copied"]))
        if kind == "dict":
            return {**made, "secret": SECRET}
        if kind == "orm":
            return SimpleNamespace(**made, secret=SECRET)
        cls = {"sub": Sub, "open": Open}.get(kind, annotation)
        more = {"secret": SECRET} if kind == "open" else {}
        try:
            instance = cls(**made, **more)
        except ValidationError:
            instance = cls.model_construct(**made, **more)
        if kind == "tampered":
            instance.__dict__["secret"] = SECRET
        elif kind == "extra":
            object.__setattr__(instance, "__pydantic_extra__", {"secret": SECRET})
        elif kind == "copied":
            instance = instance.model_copy(update={draw(st.sampled_from([*fields, "secret"])): draw(LIES)()})
        return instance

    return value


def shape(draw: Draw, depth: int) -> Shape:
    if depth <= 0:
        return leaf(draw)
    kinds = [lambda draw, depth: leaf(draw), model, model, container, union, generic, typed_dict, data_class]
    made: Shape = draw(st.sampled_from(kinds))(draw, depth)
    return made


@st.composite
def cases(draw: Draw) -> tuple[Any, Any, dict[str, Any]]:
    """A response model, a value, options of the route."""
    chosen = draw(st.sampled_from([model, model, container, union, generic, data_class]))(draw, draw(st.integers(1, 3)))
    options = draw(
        st.fixed_dictionaries(
            {},
            optional={
                "response_model_exclude_unset": st.booleans(),
                "response_model_exclude_none": st.booleans(),
                "response_model_by_alias": st.booleans(),
                "response_class": st.sampled_from([JSONResponse, ORJSONResponse, OwnResponse]),
            },
        )
    )
    return chosen.annotation, chosen.value(draw, True), options


def answer_of(app: FastLayer) -> Answer:
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # a warning of the serializer is a leak that was only noticed
        return asyncio.run(call(app))


def check(answer: Answer) -> None:
    if answer.raised is None:
        assert answer.status == 200
    else:
        assert isinstance(answer.raised, ResponseValidationError), repr(answer.raised)
    assert SECRET.encode() not in answer.body
    assert b"secret" not in answer.body
    assert b"computed" not in answer.body


FUZZ = settings(
    max_examples=150 * FACTOR, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


@FUZZ
@given(cases())
def test_no_undeclared_field_ever_leaves_an_endpoint(case: tuple[Any, Any, dict[str, Any]]) -> None:
    annotation, value, options = case
    app = FastLayer()

    @app.get("/", response_model=annotation, **options)
    async def endpoint() -> Any:
        return value

    check(answer_of(app))


@FUZZ
@given(cases(), st.sampled_from([None, EventSourceResponse]))
def test_no_undeclared_field_ever_leaves_a_stream(case: tuple[Any, Any, dict[str, Any]], cls: Any) -> None:
    annotation, value, _ = case
    app = FastLayer()

    async def endpoint() -> AsyncIterator[Any]:
        yield value

    endpoint.__annotations__["return"] = AsyncIterator[annotation]  # type: ignore[valid-type]  # made at run time
    app.get("/", **({"response_class": cls} if cls else {}))(endpoint)
    answer = answer_of(app)
    assert SECRET.encode() not in answer.body
    assert b"secret" not in answer.body
    assert answer.raised is None or isinstance(answer.raised, (ResponseValidationError, ExceptionGroup))


@FUZZ
@given(st.data())
def test_a_value_that_fits_leaves_as_pydantic_serialises_it(data: st.DataObject) -> None:
    chosen = model(data.draw, data.draw(st.integers(0, 3)))
    value = chosen.value(data.draw, False)
    adapter: TypeAdapter[Any] = TypeAdapter(chosen.annotation)
    app = FastLayer()

    @app.get("/", response_model=chosen.annotation)
    async def endpoint() -> Any:
        return value

    answer = answer_of(app)
    if answer.raised is not None:  # not every drawn value fits: an ORM object in a dict, where Pydantic wants a dict
        check(answer)
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        validated = adapter.validate_python(value, from_attributes=True)
        expected = adapter.dump_python(validated, mode="json", by_alias=True)
    if SECRET in repr(expected):  # Pydantic itself lets it out, e.g. of a dict in place of a nested dataclass
        check(answer)
    else:
        assert answer.json() == expected


@pytest.mark.parametrize("response_class", [JSONResponse, ORJSONResponse, OwnResponse])
def test_a_nested_value_put_in_place_of_a_declared_one_does_not_leave(response_class: Any) -> None:
    """The case FastAPI lets out: an instance that was changed after validation."""

    class Inner(BaseModel):
        f0: int

    class Outer(BaseModel):
        inner: Inner

    app = FastLayer()

    @app.get("/fits", response_model=Outer, response_class=response_class)
    async def fits() -> Any:
        return Outer.model_construct(inner=Lookalike())

    @app.get("/wrong", response_model=Outer, response_class=response_class)
    async def wrong() -> Any:
        return Outer.model_construct(inner={"f0": "x", "secret": SECRET})

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert asyncio.run(call(app, "/fits")).json() == {"inner": {"f0": 1}}
        answer = asyncio.run(call(app, "/wrong"))
    assert isinstance(answer.raised, ResponseValidationError)
    assert answer.status == 500
