"""Properties: whatever the model and whatever is sent, an endpoint reads and refuses what Pydantic does."""

import json
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from functools import partial
from typing import Annotated, Any, Literal
from urllib.parse import parse_qsl, quote_plus, urlencode
from uuid import UUID

import anyio
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, TypeAdapter, ValidationError, create_model

from fastlayer import Body, Cookie, FastLayer, Form, Header, Query, Request
from fastlayer.execution.bodies import urlencoded_form
from fastlayer.execution.received import decoded_pairs

from .in_memory import FACTOR, Answer, call

slow = settings(max_examples=100 * FACTOR, deadline=None, suppress_health_check=[HealthCheck.too_slow])


class Colour(Enum):
    red = "red"
    blue = "blue"


class Point(BaseModel):
    x: int
    y: float = 0


text = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
SCALARS: dict[Any, st.SearchStrategy[Any]] = {
    int: st.integers(-(10**25), 10**25),
    float: st.floats(allow_nan=False, allow_infinity=False),
    str: text,
    bool: st.booleans(),
    date: st.dates().map(str),
    datetime: st.datetimes().map(datetime.isoformat),
    timedelta: st.sampled_from(["PT1S", "P1D", 5, 1.5]),
    UUID: st.uuids().map(str),
    Decimal: st.decimals(allow_nan=False, allow_infinity=False, places=3).map(str),
    Colour: st.sampled_from(["red", "blue"]),
    Literal["a", 1]: st.sampled_from(["a", 1]),
    bytes: text,
}
anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.floats(allow_nan=False, allow_infinity=False)
    | text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3),
    max_leaves=6,
)
Typed = tuple[Any, st.SearchStrategy[Any]]
"""An annotation, and JSON data that mostly fits it."""


def typed(depth: int = 2) -> st.SearchStrategy[Typed]:
    scalars = st.sampled_from(list(SCALARS.items()))
    if depth == 0:
        return scalars
    inner = typed(depth - 1)
    point = st.just((Point, st.fixed_dictionaries({"x": st.integers(), "y": st.floats(0, 9)})))
    return st.one_of(
        scalars,
        point,
        inner.map(lambda one: (list[one[0]], st.lists(one[1], max_size=3))),
        inner.map(lambda one: (dict[str, one[0]], st.dictionaries(text, one[1], max_size=3))),
        inner.map(lambda one: (one[0] | None, st.none() | one[1])),
        st.tuples(inner, inner).map(lambda two: (two[0][0] | two[1][0], two[0][1] | two[1][1])),
    )


@st.composite
def models(draw: Callable[..., Any]) -> tuple[type[BaseModel], Any]:
    """A model and data for it, most of it fitting."""
    fields = draw(st.dictionaries(st.sampled_from(["a", "b", "c", "d"]), typed(), min_size=1))
    required = {name: draw(st.booleans()) for name in fields}
    definitions: Any = {name: (kind, ... if required[name] else None) for name, (kind, _) in fields.items()}
    data = {
        name: draw(values | anything if draw(st.integers(0, 9)) == 0 else values)
        for name, (_, values) in fields.items()
        if draw(st.integers(0, 9))
    }
    return create_model("Model", **definitions), data


def post(app: Any, body: bytes, content_type: str = "application/json") -> Answer:
    headers = {"content-type": content_type, "content-length": str(len(body))}
    return anyio.run(partial(call, app, "/", "POST", body=body, headers=headers))


def outcome(answer: Answer) -> Any:
    assert answer.raised is None
    if answer.status == 422:
        return {(error["type"], tuple(error["loc"])) for error in answer.json()["detail"]}
    assert answer.status == 200
    return answer.json()


def expected(annotation: Any, data: Any, place: tuple[str, ...]) -> Any:
    """What Pydantic makes of the data, as JSON, or its errors."""
    adapter = TypeAdapter(annotation)
    try:
        return json.loads(adapter.dump_json(adapter.validate_python(data, from_attributes=True)))
    except ValidationError as exc:
        return {(error["type"], place + error["loc"]) for error in exc.errors()}


@slow
@given(models())
def test_a_body_is_read_and_written_as_pydantic_does(case: tuple[type[BaseModel], Any]) -> None:
    model, data = case
    app = FastLayer()

    @app.post("/")
    async def endpoint(body: model) -> model:  # type: ignore[valid-type]  # the model is made at run time
        return body

    data = json.loads(json.dumps(data))
    assert outcome(post(app, json.dumps(data).encode())) == expected(model, data, ("body",))


@slow
@given(typed(), anything)
def test_any_data_in_the_place_of_a_parameter_is_judged_as_by_pydantic(one: Typed, data: Any) -> None:
    annotation = one[0]
    app = FastLayer()

    @app.post("/", response_model=annotation)
    async def endpoint(value: Annotated[annotation, Body(embed=True)]) -> Any:  # type: ignore[valid-type]
        return value

    data = json.loads(json.dumps(data))
    assert outcome(post(app, json.dumps({"value": data}).encode())) == expected(annotation, data, ("body", "value"))


@settings(slow, max_examples=200 * FACTOR)
@given(st.binary(max_size=200))
def test_any_bytes_as_json_get_an_answer(body: bytes) -> None:
    app = FastLayer()

    @app.post("/", response_model=None)
    async def endpoint(value: Annotated[Any, Body()] = None) -> Any:
        return value

    answer = post(app, body)
    assert answer.raised is None
    assert answer.status in (200, 400, 422)


class Group(BaseModel):
    n: int
    tags: list[str] = []
    when: date | None = None


pairs = st.lists(st.tuples(st.sampled_from(["n", "tags", "when", "more"]), text | st.integers().map(str)), max_size=6)


@slow
@given(pairs)
def test_groups_of_query_parameters_are_what_pydantic_reads_from_their_names(sent: list[tuple[str, str]]) -> None:
    app = FastLayer()

    @app.get("/")
    async def endpoint(group: Annotated[Group, Query()]) -> Group:
        return group

    data: dict[str, Any] = {name: value for name, value in sent if name != "tags"}
    if tags := [value for name, value in sent if name == "tags"]:
        data["tags"] = tags
    answer = anyio.run(partial(call, app, query=urlencode(sent)))
    assert outcome(answer) == expected(Group, data, ("query",))


@slow
@given(pairs)
def test_groups_of_form_fields_are_the_same_without_the_empty_ones(sent: list[tuple[str, str]]) -> None:
    app = FastLayer()

    @app.post("/")
    async def endpoint(group: Annotated[Group, Form()]) -> Group:
        return group

    data: dict[str, Any] = {name: value for name, value in sent if name != "tags"}
    data = {name: value for name, value in data.items() if value != ""}
    if tags := [value for name, value in sent if name == "tags"]:
        data["tags"] = tags
    answer = post(app, urlencode(sent).encode(), "application/x-www-form-urlencoded")
    assert outcome(answer) == expected(Group, data, ("body",))


@slow
@given(st.sampled_from(list(SCALARS)), text)
@pytest.mark.parametrize("place", ["query", "header", "cookie"])
def test_a_scalar_is_read_from_its_string_wherever_it_stands(place: str, annotation: Any, value: str) -> None:
    markers: dict[str, Any] = {"query": Query(), "header": Header(), "cookie": Cookie()}
    app = FastLayer()

    @app.get("/", response_model=annotation)
    async def endpoint(v: Annotated[annotation, markers[place]]) -> Any:  # type: ignore[valid-type]
        return v

    if place != "query":
        value = value.encode("ascii", "ignore").decode().replace(";", "").strip().strip('"')
        value = "".join(character for character in value if character.isprintable() and character not in '\\"')
    sent: dict[str, Any] = {
        "query": {"query": "v=" + quote_plus(value)},
        "header": {"headers": {"v": value}},
        "cookie": {"headers": {"cookie": f"v={value}"}},
    }[place]
    assert outcome(anyio.run(partial(call, app, **sent))) == expected(annotation, value, (place, "v"))


@given(st.text(st.characters(max_codepoint=255), max_size=50))
@slow
def test_urlencoded_text_is_read_as_the_standard_library_reads_it(sent: str) -> None:
    assert decoded_pairs(sent) == parse_qsl(sent, keep_blank_values=True)


@slow
@given(st.binary(max_size=60) | st.lists(st.sampled_from([b"a", b"=", b"&", b"%41", b"+", b"%"])).map(b"".join))
def test_short_forms_are_read_as_starlette_reads_them(body: bytes) -> None:
    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body}

    async def by_starlette() -> list[tuple[str, Any]]:
        headers = [(b"content-type", b"application/x-www-form-urlencoded")]
        return (await Request({"type": "http", "headers": headers}, receive).form()).multi_items()

    found = urlencoded_form(body, 1000, 1000)
    assert found is not None
    assert found.multi_items() == anyio.run(by_starlette)


# --- what nobody should send, in the address and the headers ----------------------------------------------------

odd = st.sampled_from(
    [b"%", b"%F", b"%FF", b"%ED%A0%80", b"%00", b"\x00", b"\xff", b"+", b"=", b"&", b";", b'"', b"\\", b",", b"1", b"n"]
)
odd_bytes = st.lists(odd | st.binary(max_size=3), max_size=12).map(b"".join) | st.just(b"n=" + b"1" * 400)


@given(query=odd_bytes, header=odd_bytes, cookie=odd_bytes, path=st.text(max_size=8))
@slow
def test_any_bytes_in_the_address_and_the_headers_get_an_answer(
    query: bytes, header: bytes, cookie: bytes, path: str
) -> None:
    app = FastLayer()

    @app.get("/{word:path}")
    async def endpoint(
        word: str,
        n: Annotated[int | None, Query()] = None,
        many: Annotated[list[float], Query(alias="n")] = [],  # noqa: B006  # copied for each use
        x: Annotated[str, Header()] = "",
        xs: Annotated[list[str], Header(alias="x")] = [],  # noqa: B006
        c: Annotated[str, Cookie(alias="n")] = "",
    ) -> Any:
        return [word, n, many, x, xs, c]

    async def ask() -> Answer:
        headers = [(b"x", header), (b"cookie", cookie)]
        return await call(app, "/" + path, scope={"query_string": query, "headers": headers, "raw_path": b""})

    answer = anyio.run(ask)
    assert answer.raised is None
    assert answer.status in (200, 404, 422)  # no convertor takes a line break
    json.loads(answer.body)
