"""Core schemas: where JSON and Python are read differently, and unions whose branches read their own way."""

import json
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Literal
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, Tag, TypeAdapter, ValidationError

from fastlayer.core_schemas import BoundedValidator, branch_validator, differs_as_json, is_strict


class Colour(Enum):
    red = "red"


class Plain(BaseModel):
    name: str
    numbers: list[int | float | None] = []


class Dated(BaseModel):
    when: list[date | str]


class StrictDated(BaseModel):
    model_config = ConfigDict(strict=True)
    when: date | str


class Encoded(BaseModel):
    model_config = ConfigDict(val_json_bytes="base64")
    data: bytes


@dataclass
class Point:
    x: int


def schema_of(annotation: Any) -> Any:
    return TypeAdapter(annotation).core_schema


@pytest.mark.parametrize(
    "annotation",
    [
        date | str,
        str | datetime,
        UUID | str,
        Decimal | str,
        bytes | str,
        Path | str,
        date | Any,
        Point | dict[str, int],
        Plain | dict[str, Any],
        Dated,
        dict[str, list[Dated]],
        Annotated[date | str, BeforeValidator(lambda value: value)],
        Annotated[date | int, BeforeValidator(lambda value: value)] | str,
        Encoded,
        Decimal,
        dict[str, Decimal | float],
    ],
)
def test_what_json_fits_strictly_and_decimals_differ(annotation: Any) -> None:
    assert differs_as_json(schema_of(annotation))


@pytest.mark.parametrize(
    "annotation",
    [
        int,
        str | int,
        int | float | None,
        set[int] | list[int],
        Colour | str,
        Plain | StrictDated,
        date | None,
        Plain,
        list[Plain],
        Annotated[date | str, Field(union_mode="left_to_right")],
        StrictDated,
    ],
)
def test_everything_else_is_read_from_json_directly(annotation: Any) -> None:
    assert not differs_as_json(schema_of(annotation))


@pytest.mark.parametrize(
    ("annotation", "raw"),
    [(date | str, b'"2020-01-01"'), (UUID | str, b'"' + b"0" * 32 + b'"'), (Point | dict[str, int], b'{"x": 1}')],
)
def test_where_it_differs_the_values_do(annotation: Any, raw: bytes) -> None:
    adapter = TypeAdapter(annotation)
    assert type(adapter.validate_json(raw)) is not type(adapter.validate_python(TypeAdapter(Any).validate_json(raw)))


def test_strictness_is_found_wherever_it_stands() -> None:
    assert is_strict(schema_of(list[StrictDated]))
    assert is_strict(schema_of(Annotated[int, Field(strict=True)]))
    assert not is_strict(schema_of(Dated))


class A(BaseModel):
    kind: Literal["a"]
    value: str


class B(BaseModel):
    kind: Literal["b"]
    value: list[str]
    inner: "A | B | None" = None


@pytest.mark.parametrize(
    ("annotation", "names"),
    [
        (A | B, ("A", "B")),
        (A | B | None, ("A", "B")),
        (Annotated[A | B, Field(discriminator="kind")], ("a", "b")),
        (Annotated[A | B, BeforeValidator(dict)], ("A", "B")),
        (Annotated[A, BeforeValidator(dict)] | B, ("function-before[dict(), A]", "B")),
        (A | B | int, ("A", "B", "int")),
    ],
)
def test_each_branch_sees_its_input_through_its_function_and_keeps_its_name(annotation: Any, names: Any) -> None:
    def listed(data: dict[str, Any]) -> dict[str, Any]:
        return {**data, "value": [data["value"]]} if isinstance(data.get("value"), str) else data

    schema = schema_of(annotation)
    validator = branch_validator(schema, {B: listed})
    assert validator.validate_python({"kind": "a", "value": "x"}) == A(kind="a", value="x")
    inner = {"kind": "a", "value": "y"}
    found = validator.validate_python({"kind": "b", "value": "x", "inner": inner})
    assert found == B(kind="b", value=["x"], inner=A(kind="a", value="y"))
    with pytest.raises(ValidationError) as failure:
        validator.validate_python({"kind": "b", "value": 1})
    with pytest.raises(ValidationError) as original:
        TypeAdapter(annotation).validate_python({"kind": "b", "value": 1})
    assert [error["loc"] for error in failure.value.errors()] == [error["loc"] for error in original.value.errors()]
    assert names[1] in {error["loc"][0] for error in failure.value.errors()}


class Tagged(BaseModel):
    value: list[str]


def test_a_branch_with_a_tag_is_named_by_it() -> None:
    schema = schema_of(Annotated[Tagged, Tag("first")] | Annotated[int, Tag("second")])
    validator = branch_validator(schema, {Tagged: lambda data: {"value": [data]} if isinstance(data, str) else data})
    assert validator.validate_python("x") == Tagged(value=["x"])
    with pytest.raises(ValidationError) as failure:
        validator.validate_python([])
    assert [error["loc"] for error in failure.value.errors()] == [("first",), ("second",)]


# --- the first errors of many ---------------------------------------------------------------------------------


class Leaf(BaseModel):
    number: int
    names: set[int] = set()


class Tree(BaseModel):
    leaf: Leaf | int
    trees: list["Tree"] = []
    pairs: tuple[int, list[int]] = (0, [])
    by_name: dict[int, list[Leaf]] = {}
    rest: tuple[Leaf, ...] = ()


numbers = st.one_of(st.integers(0, 9), st.just("no number"))
leaves = st.fixed_dictionaries({}, optional={"number": numbers, "names": st.lists(numbers, max_size=3)})
trees = st.recursive(
    st.fixed_dictionaries({"leaf": leaves | numbers}),
    lambda inner: st.fixed_dictionaries(
        {"trees": st.lists(inner, max_size=4)},
        optional={
            "pairs": st.tuples(numbers, st.lists(numbers, max_size=3)).map(list),
            "by_name": st.dictionaries(st.sampled_from(["1", "2", "x", "y"]), st.lists(leaves, max_size=3)),
            "rest": st.lists(leaves, max_size=3),
        },
    ),
    max_leaves=8,
)
tree_adapter = TypeAdapter(Tree)


def failure_of(validate: Any, value: Any) -> ValidationError | None:
    try:
        validate(value)
    except ValidationError as exc:
        return exc
    return None


@pytest.mark.parametrize("as_json", [True, False])
@given(data=trees, limit=st.integers(1, 10))
@settings(deadline=None)
def test_the_first_errors_are_the_same_when_no_more_are_looked_for(as_json: bool, data: Any, limit: int) -> None:
    bounded = BoundedValidator(tree_adapter.core_schema, limit)
    if as_json:
        text = json.dumps(data)
        full, first = failure_of(tree_adapter.validate_json, text), failure_of(bounded.validate_json, text)
    else:
        full, first = failure_of(tree_adapter.validate_python, data), failure_of(bounded.validate_python, data)
    if full is None or first is None:
        assert full is first
    else:
        assert first.errors()[:limit] == full.errors()[:limit]


def test_items_after_the_first_errors_are_not_looked_at() -> None:
    seen: list[Any] = []

    def look(value: Any) -> Any:
        seen.append(value)
        return value

    bounded = BoundedValidator(TypeAdapter(list[list[Annotated[int, BeforeValidator(look)]]]).core_schema, 3)
    failure = failure_of(bounded.validate_python, [[1, "x"]] * 1000)
    assert failure is not None
    assert failure.error_count() == 3
    assert seen == [1, "x"] * 3
    # Each validation begins to count anew.
    assert len(bounded.validate_python([[1]] * 1000)) == 1000
    assert len(seen) == 1006
