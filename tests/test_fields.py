"""Fields: names, defaults, validation with located errors, and what an annotation is told to be."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Generic, Literal, Optional, TypeVar, Union

import pytest
from pydantic import AfterValidator, AliasChoices, BaseModel, Field, Json, ValidationError
from pydantic.dataclasses import dataclass as pydantic_dataclass
from pydantic.fields import FieldInfo
from typing_extensions import TypeAliasType, TypedDict

from fastlayer import Query, UploadFile
from fastlayer.error_lists import MAX_ERRORS, located
from fastlayer.exceptions import FastLayerError
from fastlayer.fields import (
    MANY_ERRORS,
    ModelField,
    create_model_field,
    holds_bytes,
    holds_files,
    is_complex,
    is_nullable,
    is_scalar_sequence,
    is_sequence,
    merged_marker,
    models_in,
    not_none,
    reads_json,
    union_members,
)


class Model(BaseModel):
    a: int


@dataclass
class Data:
    a: int


class Typed(TypedDict):
    a: int


T = TypeVar("T")
Listed = TypeAliasType("Listed", list[T] | None, type_params=(T,))


@pydantic_dataclass
class Box(Generic[T]):
    content: T


class Later(BaseModel):
    inner: "DefinedLater"  # type: ignore[name-defined]  # noqa: F821  # the point


Alias = TypeAliasType("Alias", Annotated[list[int] | None, Field(max_length=3)])


def field(annotation: Any, **options: Any) -> ModelField:
    return create_model_field("name", annotation, field_info=merged_marker(Query(**options), annotation))


def test_a_field_has_its_name_and_its_aliases() -> None:
    assert (field(int).alias, field(int, alias="a").alias) == ("name", "a")
    assert field(int, alias="a").validation_alias == "a"
    assert field(int, validation_alias="b").validation_alias == "b"
    assert field(int, validation_alias=AliasChoices("b", "c")).validation_alias is None
    assert field(int, serialization_alias="c").serialization_alias == "c"


def test_names_do_not_disturb_the_adapter() -> None:
    # Pydantic warns of names on a value that stands alone, and warnings are errors here.
    one = field(list[int], alias="a", validation_alias=AliasChoices("b", "c"), serialization_alias="d")
    assert one.validate(["5"]) == ([5], [])
    assert one.field_info.alias == "a"


def test_errors_carry_the_place() -> None:
    value, errors = field(list[int]).validate(["1", "x"], loc=("query", "name"))
    assert value is None
    assert [(error["type"], error["loc"], error["input"]) for error in errors] == [
        ("int_parsing", ("query", "name", 1), "x")
    ]
    assert "url" not in errors[0]


@pytest.mark.parametrize("count", [MAX_ERRORS, MAX_ERRORS + 1])
def test_the_list_of_errors_has_an_end(count: int) -> None:
    _, errors = field(list[int]).validate(["x"] * count, loc=("query",))
    assert len(errors) == count
    assert errors[-1]["type"] == ("int_parsing" if count == MAX_ERRORS else "too_many_errors")


def test_of_a_great_many_errors_the_first_are_found_without_listing_the_others() -> None:
    numbers = field(list[int])
    items = [1, "x"] * (MANY_ERRORS + 1)
    failure = failure_of(numbers, items)
    assert numbers.first_errors(failure, lambda validator: validator.validate_python(items)).error_count() == MAX_ERRORS
    assert numbers.validate(items, loc=("body",)) == (None, located(failure, ("body",)))
    assert located(failure, ("body",))[-1]["ctx"]["total"] == MANY_ERRORS + 1


@pytest.mark.parametrize("fails", [True, False])
def test_all_errors_are_listed_where_a_validator_cannot_bear_items_nobody_looked_at(fails: bool) -> None:
    def second(values: list[list[int]]) -> list[list[int]]:
        if fails:
            values[0][0] + 1  # works with what `list[int]` promises
        return values

    lists = field(tuple[list[int], Annotated[list[list[int]], AfterValidator(second)]])
    _, errors = lists.validate([["x"] * (MANY_ERRORS + 1), [["1"], ["y"]]])
    assert len(errors) == MAX_ERRORS + 1
    assert errors[-1]["ctx"]["total"] == MANY_ERRORS + 2


def failure_of(one: ModelField, value: Any) -> ValidationError:
    with pytest.raises(ValidationError) as caught:
        one.validator.validate_python(value)
    return caught.value


@pytest.mark.parametrize(
    ("sent", "shown"),
    [(b"text", b"text"), ("é".encode(), "é".encode()), (b"\xff\x00", "\\xff\x00")],
)
def test_bytes_that_are_no_text_are_shown_as_text(sent: bytes, shown: Any) -> None:
    _, (error,) = field(int).validate(sent)
    assert error["input"] == shown


def test_defaults_are_made_for_each_use() -> None:
    shared: list[int] = []
    one = field(list[int], default=shared)
    one.get_default().append(1)
    assert shared == []
    assert field(list[int], default_factory=lambda: [1]).get_default() == [1]
    assert field(int).get_default() is None
    assert field(int).required


def test_a_type_without_a_schema_is_refused_at_once() -> None:
    with pytest.raises(FastLayerError, match="can validate"):
        create_model_field("name", type("Unknown", (), {}))


def test_a_marker_is_completed_by_what_stands_beside_it() -> None:
    marker = Query(description="mine")
    merged = merged_marker(marker, Annotated[int, Field(gt=1, description="theirs", title="T"), marker])
    assert merged.annotation is int
    assert (merged.description, merged.title) == ("mine", "T")
    assert len(merged.metadata) == 1
    assert marker.annotation is None or marker.annotation is not int
    assert isinstance(merged, FieldInfo)


@pytest.mark.parametrize(
    ("annotation", "expected"),
    [
        (int, (int,)),
        (int | None, (int, type(None))),
        (Optional[Union[int, str]], (int, str, type(None))),  # noqa: UP007, UP045  # both spellings
        (Annotated[int | str, "x"] | None, (int, str, type(None))),
        (Json[list[int]] | None, (str, type(None))),
        (Alias, (list[int], type(None))),
        (Listed[int], (list[int], type(None))),
    ],
)
def test_the_members_of_a_union(annotation: Any, expected: Any) -> None:
    assert union_members(annotation) == expected
    assert is_nullable(annotation) == (type(None) in expected)
    assert not_none(annotation) == tuple(one for one in expected if one is not type(None))


KINDS: list[tuple[Any, str]] = [
    (int, "scalar"),
    (str | None, "scalar"),
    (Literal["a"], "scalar"),
    (bytes, "scalar"),
    (Any, "scalar"),
    (Json[Model], "scalar"),
    (Json[list[int]] | None, "scalar"),
    (list[int], "scalars"),
    (set[str] | None, "scalars"),
    (tuple[int, ...], "scalars"),
    (Sequence[int] | int, "scalars"),
    (Alias, "scalars"),
    (list, "scalars"),
    (list[Model], "structured"),
    (list[list[int]], "structured"),
    (dict[str, int], "structured"),
    (Model, "structured"),
    (int | Model, "structured"),
    (Data, "structured"),
    (Box[int], "structured"),
    (Listed[Model], "structured"),
    (Listed[int], "scalars"),
    (Typed, "structured"),
    (UploadFile, "structured"),
]


@pytest.mark.parametrize(("annotation", "kind"), KINDS)
def test_scalars_sequences_of_them_and_everything_else_are_told_apart(annotation: Any, kind: str) -> None:
    assert is_complex(annotation) == (kind != "scalar")
    assert is_scalar_sequence(annotation) == (kind == "scalars")
    if kind != "structured":
        assert is_sequence(annotation) == (kind == "scalars")


def test_what_an_annotation_holds() -> None:
    assert models_in(Annotated[Model, "x"] | Data | None) == (Model,)
    assert models_in(Json[Model] | None) == ()
    assert [holds_bytes(one) for one in (bytes, list[bytes] | None, str, UploadFile)] == [True, True, False, False]
    assert [holds_files(one) for one in (UploadFile | None, list[UploadFile], bytes)] == [True, True, False]
    assert reads_json(merged_marker(Query(), Json[list[int]]))
    assert not reads_json(merged_marker(Query(), list[int]))


def test_a_field_tells_its_type_and_its_default_and_writes_values_under_their_aliases() -> None:
    class Dated(BaseModel):
        when: date = Field(serialization_alias="at")

    one = create_model_field("name", Dated, mode="serialization")
    value = Dated(when=date(2020, 1, 1))
    assert (one.type_, one.default) == (Dated, None)
    assert field(int, default=3).default == 3
    assert one.serialize(value) == {"at": "2020-01-01"}
    assert one.serialize(value, mode="python", by_alias=False) == {"when": date(2020, 1, 1)}
    assert one.serialize_json(value) == b'{"at":"2020-01-01"}'
    assert one.serialize_json(value, by_alias=False) == b'{"when":"2020-01-01"}'


def test_a_forward_reference_may_be_resolved_after_registration() -> None:
    one = create_model_field("name", Later)
    one.check()
    globals()["DefinedLater"] = Model
    assert one.validate({"inner": {"a": "1"}}) == (Later(inner=Model(a=1)), [])
