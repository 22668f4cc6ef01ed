"""Core schemas: where JSON and Python are read differently, and unions whose branches read their own way."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Literal
from uuid import UUID

import pytest
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, Tag, TypeAdapter, ValidationError

from fastlayer.core_schemas import branch_validator, differs_as_json, is_strict


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
    ],
)
def test_unions_that_json_strings_arrays_and_objects_fit_strictly_differ(annotation: Any) -> None:
    assert differs_as_json(schema_of(annotation))


@pytest.mark.parametrize(
    "annotation",
    [
        int,
        str | int,
        int | float | None,
        Decimal | float,
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
