"""The smallest cases of what ./scripts/differential found: each answer here is the one FastAPI 0.165.0 gives."""

from collections.abc import AsyncIterable
from decimal import Decimal
from typing import Annotated, Any

import pytest
from pydantic import BaseModel

from fastlayer import Body, Depends, FastLayer, Form, Path, Request, Response, Security
from fastlayer.exceptions import FastLayerError, RequestValidationError
from fastlayer.responses import JSONResponse
from fastlayer.sse import EventSourceResponse

from .in_memory import call

pytestmark = pytest.mark.anyio

FORM = {"content-type": "application/x-www-form-urlencoded"}


class Point(BaseModel):
    x: int


class Size(BaseModel):
    width: int


def only_operation(app: FastLayer) -> Any:
    (path,) = app.openapi()["paths"].values()
    (operation,) = path.values()
    return operation


@pytest.mark.parametrize(
    ("annotation", "words"),
    [
        (Annotated[int | str, Path(strict=False)], "constraint 'strict'"),
        (Annotated[int, Path(lt=20.5)], "'lt' must be coercible"),
    ],
)
def test_a_constraint_that_does_not_fit_its_type_is_reported_at_registration(annotation: Any, words: str) -> None:
    def endpoint(a: Any) -> None: ...

    endpoint.__annotations__["a"] = annotation
    with pytest.raises(FastLayerError, match=words):
        FastLayer().get("/{a}")(endpoint)


@pytest.mark.parametrize("below", [False, True])
def test_a_path_parameter_has_no_default_in_the_document(below: bool) -> None:
    app = FastLayer()

    def dependency(a: int = 1) -> int:
        return a

    if below:
        app.get("/{a}")(lambda value=Depends(dependency): None)
    else:
        app.get("/{a}")(dependency)

    assert only_operation(app)["parameters"][0]["schema"] == {"type": "integer", "title": "A"}


def test_a_dependency_of_another_scope_is_described_again() -> None:
    app = FastLayer()

    def number(a: int) -> int:
        return a

    def text(a: str, other: Any = Depends(number)) -> str:
        return a

    @app.get("/{a}")
    def endpoint(one: Any = Depends(number, scope="request"), two: Any = Depends(text)) -> None: ...

    assert only_operation(app)["parameters"][0]["schema"]["type"] == "integer"


@pytest.mark.parametrize("is_sse", [False, True])
def test_a_stream_of_anything_has_a_title_for_its_items(is_sse: bool) -> None:
    app = FastLayer()

    @app.get("/", operation_id="op", **({"response_class": EventSourceResponse} if is_sse else {}))
    async def endpoint() -> AsyncIterable[Any]:
        yield 1

    (content,) = only_operation(app)["responses"]["200"]["content"].values()
    item = content["itemSchema"]
    assert (item["properties"]["data"]["contentSchema"] if is_sse else item) == {"title": "Streamitem Op"}


def test_a_body_is_titled_by_the_name_it_is_read_under() -> None:
    app = FastLayer()

    @app.put("/")
    def endpoint(b: Annotated[int, Body(alias="x-y", validation_alias="z-z")]) -> None: ...

    schema = only_operation(app)["requestBody"]["content"]["application/json"]["schema"]
    assert schema == {"type": "integer", "title": "Z-Z"}


def test_a_field_beside_a_form_model_is_titled_by_its_parameter() -> None:
    app = FastLayer()

    @app.post("/", operation_id="op")
    def endpoint(a: Annotated[list[int], Form(validation_alias="B")], c: Annotated[Point, Form()]) -> None: ...

    assert app.openapi()["components"]["schemas"]["Body_op"]["properties"]["B"]["title"] == "A"


async def test_form_models_and_a_field_of_one_name_are_all_read_and_described() -> None:
    app = FastLayer()

    def size(a: Annotated[Size, Form()]) -> Size:
        return a

    def point(a: Annotated[Point, Form()], other: Any = Depends(size)) -> list[Any]:
        return [a, other]

    @app.post("/", operation_id="op")
    def endpoint(a: int = Form(), other: Any = Depends(point)) -> Any:
        return [a, other]

    answer = await call(app, "/", "POST", body=b"a=1&x=2&width=3", headers=FORM)
    described = app.openapi()["components"]["schemas"]["Body_op"]
    assert answer.json() == [1, [{"x": 2}, {"width": 3}]]
    assert [part["$ref"].rpartition("/")[2] for part in described["allOf"]] == ["Point", "Size"]
    assert set(described["properties"]) == {"a"}


async def test_a_form_model_is_described_beside_a_later_field_of_its_name() -> None:
    app = FastLayer()

    def field(c: Annotated[int | None, Form(alias="x-y")] = None) -> int | None:
        return c

    @app.post("/", operation_id="op")
    def endpoint(c: Annotated[Point, Form()], other: Any = Depends(field)) -> Any:
        return [c, other]

    answer = await call(app, "/", "POST", body=b"x=1&x-y=2", headers=FORM)
    described = app.openapi()["components"]["schemas"]["Body_op"]
    assert answer.json() == [{"x": 1}, 2]
    assert (len(described["allOf"]), set(described["properties"])) == (1, {"x-y"})


def test_a_field_keeps_its_title_beside_a_form_model_of_its_name() -> None:
    app = FastLayer()

    def field(a: str = Form("s", title="Q")) -> str:
        return a

    @app.post("/", operation_id="op")
    def endpoint(a: Annotated[Point, Form()], other: Any = Depends(field)) -> None: ...

    assert app.openapi()["components"]["schemas"]["Body_op"]["properties"]["a"]["title"] == "Q"


def test_the_first_field_of_a_name_is_described_beside_a_form_model() -> None:
    app = FastLayer()

    def text(a: str = Form()) -> str:
        return a

    @app.post("/", operation_id="op")
    def endpoint(a: int = Form(), point: Point = Form(), other: Any = Depends(text)) -> None: ...

    assert app.openapi()["components"]["schemas"]["Body_op"]["properties"]["a"]["type"] == "integer"


async def test_a_body_of_a_dependency_embeds_where_only_it_says_so() -> None:
    app = FastLayer()

    def numbers(b: Annotated[list[int], Body(embed=True)]) -> list[int]:
        return b

    @app.post("/")
    def endpoint(b: Point, other: Any = Depends(numbers)) -> None: ...

    errors = (await call(app, "/", "POST", data={"b": 1})).json()["detail"]
    assert [(error["type"], error["loc"]) for error in errors] == [
        ("list_type", ["body", "b"]),
        ("missing", ["body", "x"]),
    ]


@pytest.mark.parametrize("parameters", [1, 2])
async def test_a_body_that_is_no_json_leaves_embedded_parameters_their_defaults(parameters: int) -> None:
    app = FastLayer()

    if parameters == 1:
        app.post("/")(lambda a=Body(1, embed=True): [a])
    else:
        app.post("/")(lambda a=Body(1), b=Body(2): [a, b])

    answer = await call(app, "/", "POST", body=b'{"a": 5}', headers={"content-type": "text/plain"})
    assert answer.json() == [1, 2][:parameters]


async def test_a_handler_reads_a_json_body_as_data_where_only_the_query_is_wrong() -> None:
    app = FastLayer()

    @app.exception_handler(RequestValidationError)
    async def refused(request: Request, exc: RequestValidationError) -> Response:
        return JSONResponse(exc.body, 400)

    @app.post("/")
    def endpoint(q: int, point: Point) -> None: ...

    answer = await call(app, "/", "POST", query="q=x", data={"x": 1, "more": [2]})
    assert (answer.status, answer.json()) == (400, {"x": 1, "more": [2]})


@pytest.mark.parametrize("annotation", [None, "None"])
async def test_an_endpoint_annotated_with_none_has_no_response_model(annotation: Any) -> None:
    app = FastLayer()

    def endpoint() -> Any:
        return 1

    endpoint.__annotations__["return"] = annotation
    app.get("/")(endpoint)

    assert (await call(app)).json() == 1
    assert only_operation(app)["responses"]["200"]["content"]["application/json"]["schema"] == {}


def test_of_body_parameters_with_one_name_the_one_met_last_is_described() -> None:
    class Point(BaseModel):
        x: int

    def inner(b: Annotated[int, Body()], c: Annotated[int, Body()]) -> None: ...

    def outer(b: Point, d0: Annotated[None, Depends(inner)]) -> None: ...

    app = FastLayer()

    @app.post("/")
    def endpoint(d0: Annotated[None, Depends(inner)], d1: Annotated[None, Depends(outer)]) -> None: ...

    described = app.openapi()["components"]["schemas"]["Body_endpoint__post"]["properties"]
    assert {name: schema.get("type") for name, schema in described.items()} == {"b": "integer", "c": "integer"}


def test_a_dependency_that_does_not_ask_for_scopes_is_described_once_whatever_scopes_lead_to_it() -> None:
    def inner(a: int = 0) -> None: ...

    def outer(a: str = "x", d0: Any = Depends(inner)) -> None: ...

    app = FastLayer(dependencies=[Security(outer, scopes=["all"])])

    @app.get("/")
    def endpoint(d0: Any = Depends(outer)) -> None: ...

    (parameter,) = app.openapi()["paths"]["/"]["get"]["parameters"]
    assert parameter["schema"]["type"] == "string"  # that of `outer`, which is described again, unlike `inner`


@pytest.mark.anyio
async def test_a_decimal_made_of_a_json_number_is_what_the_number_says() -> None:
    class Priced(BaseModel):
        price: Decimal

    app = FastLayer()

    @app.post("/")
    def endpoint(priced: Priced) -> Priced:
        return priced

    answer = await call(app, method="POST", body=b'{"price": 1.0}', headers={"content-type": "application/json"})
    assert answer.json() == {"price": "1.0"}
