"""Large JSON with absent fields: given up at the first one, and judged exactly like small JSON."""

import json
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Literal, NotRequired

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, WrapValidator
from typing_extensions import TypedDict

from fastlayer import Body, FastLayer
from fastlayer.early_refusal import LARGE_JSON, AbsentField, refusing_early

from .in_memory import call


class Leaf(BaseModel):
    kind: Literal["leaf"]
    number: int


class Twig(BaseModel):
    kind: Literal["twig"]
    leaf: Leaf | None
    twig: "Twig | None" = None


class Typed(TypedDict):
    number: int
    text: NotRequired[str]


@dataclass
class Data:
    number: int
    text: str = "default"


def keep_going(value: Any, validate: Any) -> Any:
    try:
        return validate(value)
    except ValidationError:
        return None


class Tree(BaseModel):
    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, Leaf]

    name: str
    plain: int = 3
    computed: list[int] = Field(default_factory=list)
    made: Annotated[int, AfterValidator(abs)] = 1
    part: Annotated[Leaf | Twig, Field(discriminator="kind")] | None = None
    either: Leaf | Data | None = None
    rescued: Annotated[Leaf | None, WrapValidator(keep_going)] = None
    typed: list[Typed] = []
    data: dict[str, Data] = {}
    pair: tuple[int, Leaf] | None = None
    trees: list["Tree"] = []


class Custom(BaseModel):
    number: int

    def __init__(self, **data: Any) -> None:
        super().__init__(**{"number": 1, **data})


def partly(fields: dict[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=fields)


number = st.sampled_from([1, 2, "x"])
leaves = partly({"kind": st.just("leaf"), "number": number})
twigs = partly({"kind": st.just("twig"), "leaf": leaves, "twig": partly({"kind": st.just("twig"), "leaf": st.none()})})
small = partly({"number": number, "text": st.just("t")})
trees = st.recursive(
    st.fixed_dictionaries({"name": st.just("n")}),
    lambda inner: (
        st.fixed_dictionaries(
            {"name": st.just("n")},
            optional={
                "part": leaves | twigs,
                "either": leaves | small,
                "rescued": leaves,
                "typed": st.lists(small, max_size=2),
                "data": st.dictionaries(st.sampled_from("ab"), small, max_size=2),
                "pair": st.tuples(number, leaves).map(list),
                "more": leaves,
                "trees": st.lists(inner, max_size=2),
            },
        )
        | partly({"plain": number})
    ),
    max_leaves=4,
)
adapter = TypeAdapter(Tree)
early = refusing_early(adapter.core_schema)


def outcome_of(validate: Any, value: Any) -> Any:
    try:
        return validate(value)
    except ValidationError as exc:
        return exc.errors()


@given(data=trees)
@settings(deadline=None)
def test_only_what_has_an_absent_field_is_given_up(data: Any) -> None:
    text = json.dumps(data)
    expected = outcome_of(adapter.validate_json, text)
    try:
        assert outcome_of(early.validate_json, text) == expected
    except AbsentField:
        assert "missing" in {error["type"] for error in expected}


@pytest.mark.parametrize(
    ("annotation", "data"),
    [
        (Leaf, {"kind": "leaf"}),
        (Twig, {"kind": "twig", "leaf": None, "twig": {}}),
        (list[Leaf | None], [None, {}]),
        (Typed, {}),
        (Data, {}),
        (tuple[Leaf, ...], [{}]),
        (Annotated[Leaf | Twig, Field(discriminator="kind")], {"kind": "leaf"}),
        (Tree, {"name": "n", "trees": [{}]}),
    ],
)
def test_an_absent_field_is_given_up_wherever_it_is_surely_an_error(annotation: Any, data: Any) -> None:
    with pytest.raises(AbsentField):
        refusing_early(TypeAdapter(annotation).core_schema).validate_json(json.dumps(data))


@pytest.mark.parametrize(("annotation", "data"), [(Custom, {}), (list[Leaf | Data], [{"number": 1}])])
def test_where_it_may_be_none_nothing_is_given_up(annotation: Any, data: Any) -> None:
    plain = TypeAdapter(annotation)
    assert refusing_early(plain.core_schema).validate_json(json.dumps(data)) == plain.validate_python(data)


class Strict(BaseModel):
    model_config = ConfigDict(strict=True)
    when: date
    number: int
    payload: list[int]


class Lax(BaseModel):
    when: date
    number: int
    payload: list[int]


@pytest.mark.anyio
@pytest.mark.parametrize("model", [Strict, Lax])
@pytest.mark.parametrize("embed", [True, False])
async def test_large_bodies_have_the_values_and_errors_of_small_ones(model: Any, embed: bool) -> None:
    app = FastLayer()

    @app.post("/")
    async def endpoint(model: Annotated[model, Body(embed=embed)]) -> Any:
        return [model.when, model.number, len(model.payload)]

    async def answer_to(data: dict[str, Any], size: int) -> Any:
        data = {**data, "payload": [1] * size}
        answer = await call(app, "/", "POST", data={"model": data} if embed else data)
        found = answer.json()
        return [(error["type"], error["loc"]) for error in found["detail"]] if answer.status == 422 else found

    leading = ["body", "model"] if embed else ["body"]
    assert await answer_to({"when": "2020-01-02", "number": 2}, LARGE_JSON) == ["2020-01-02", 2, LARGE_JSON]
    assert await answer_to({"when": "2020-01-02"}, LARGE_JSON) == [("missing", [*leading, "number"])]
    for data in ({"when": "2020-01-02"}, {}, {"when": "2020-01-02", "number": "x"}, {"when": "x", "number": 1}):
        assert await answer_to(data, LARGE_JSON) == await answer_to(data, 1)
