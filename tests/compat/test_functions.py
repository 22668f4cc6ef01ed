"""Functions of FastAPI's inner modules that packages call, each with what FastAPI answers."""

import inspect
import sys
from collections import deque
from collections.abc import AsyncIterable
from dataclasses import dataclass
from enum import Enum
from io import BytesIO
from types import ModuleType
from typing import Annotated, Any

import pytest
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from starlette.datastructures import FormData, QueryParams, UploadFile
from starlette.requests import Request

import fastlayer
from fastlayer import Body, Depends, Form, Header, Query, Security, params
from fastlayer.compat import utils
from fastlayer.compat.datastructures import Default, _Unset
from fastlayer.compat.dependencies import utils as dependencies
from fastlayer.compat.openapi import utils as openapi
from fastlayer.compat.pydantic2 import shared, v2
from fastlayer.exceptions import FastLayerError
from fastlayer.fields import ModelField
from fastlayer.routing import APIRouter
from fastlayer.security import HTTPBearer, OAuth2PasswordBearer


class Color(Enum):
    red = 1


class Item(BaseModel):
    name: str
    color: Color


class Tree(BaseModel):
    left: "Tree | None" = None
    right: "Tree | None" = None


@dataclass
class Box:
    items: list[Item]


def field(annotation: Any, name: str = "value", **options: Any) -> ModelField:
    return ModelField(field_info=FieldInfo(annotation=annotation, **options), name=name)


# --- annotations ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("annotation", "expected"),
    # sequence, complex, scalar sequence, bytes, sequence of bytes, file, sequence of files
    [
        (int, "......."),
        (bytes, "...b..."),
        (bytes | None, "...b..."),
        (list[bytes], "sck.B.."),
        (list[int] | None, "sck...."),
        (list, "sck.B.F"),
        (list[Item], "sc....."),
        (Item | None, ".c....."),
        (UploadFile, ".c...f."),
        (list[UploadFile], "sc....F"),
        (dict[str, int], ".c....."),
        (set[bytes] | None, "sck.B.."),
    ],
)
def test_questions_about_annotations(annotation: Any, expected: str) -> None:
    questions = {
        "s": shared.field_annotation_is_sequence,
        "c": shared.field_annotation_is_complex,
        "k": shared.field_annotation_is_scalar_sequence,
        "b": shared.is_bytes_or_nonable_bytes_annotation,
        "B": shared.is_bytes_sequence_annotation,
        "f": shared.is_uploadfile_or_nonable_uploadfile_annotation,
        "F": shared.is_uploadfile_sequence_annotation,
    }
    assert "".join(letter if ask(annotation) else "." for letter, ask in questions.items()) == expected
    assert shared.field_annotation_is_scalar(annotation) is ("c" not in expected)


@pytest.mark.parametrize(
    ("value", "expected"), [("a", False), (b"a", False), ([1], True), ({1}, True), (deque([1]), True), ({}, False)]
)
def test_whether_a_value_is_a_sequence(value: Any, expected: bool) -> None:
    assert shared.value_is_sequence(value) is expected


def test_a_subclass_question_never_fails() -> None:
    assert shared.lenient_issubclass(bool, int)
    assert not shared.lenient_issubclass(list[int], list)
    assert not shared.lenient_issubclass("no class", int)
    assert not shared.lenient_issubclass(int, None)


def test_models_of_pydantic_1_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pydantic.v1.main", ModuleType("pydantic.v1.main"))  # without it there are none

    class Old:
        pass

    stand_in = type("BaseModel", (Old,), {"__module__": "pydantic.v1.main"})
    assert shared.annotation_is_pydantic_v1(stand_in | None)
    assert shared.is_pydantic_v1_model_class(stand_in)
    assert shared.is_pydantic_v1_model_instance(stand_in())
    assert not shared.is_pydantic_v1_model_instance(Item(name="a", color=Color.red))


def test_forward_references_are_evaluated_or_left() -> None:
    assert v2.evaluate_forwardref("Item", {"Item": Item}) is Item
    assert v2.evaluate_forwardref("Missing", {}) == "Missing"
    assert dependencies.get_typed_annotation("int", {}) is int
    assert dependencies.get_typed_annotation("None", {}) is type(None)
    assert dependencies.get_stream_item_type(AsyncIterable[int]) is int


# --- models and schemas -----------------------------------------------------------------------------------------


def test_models_are_found_inside_each_other_and_named() -> None:
    models = v2.get_flat_models_from_fields([field(list[Box]), field(int)], known_models=set())
    assert models == {Box, Item, Color}
    assert v2.get_model_name_map(models) == {Box: "Box", Item: "Item", Color: "Color"}
    assert v2.get_flat_models_from_model(Item) == {Item, Color}


def test_models_of_one_name_are_told_apart_by_their_modules() -> None:
    other = type("Item", (BaseModel,), {"__module__": "elsewhere.models", "__qualname__": "Item"})
    names = v2.get_model_name_map({Item, other})
    assert names[other] == "elsewhere__models__Item"
    assert names[Item].endswith("__Item")


def test_definitions_and_the_schema_of_a_field() -> None:
    items = field(list[Item], "items")
    mapping, definitions = v2.get_definitions(fields=[items], model_name_map={})
    assert mapping == {(items, "validation"): {"type": "array", "items": {"$ref": "#/components/schemas/Item"}}}
    assert set(definitions) == {"Item", "Color"}
    schema = v2.get_schema_from_model_field(field=items, model_name_map={}, field_mapping=mapping, field_alias="all")
    assert schema == {"type": "array", "items": {"$ref": "#/components/schemas/Item"}, "title": "All"}


def test_fields_of_a_model_and_a_model_of_fields() -> None:
    assert [one.name for one in v2.get_cached_model_fields(Item)] == ["name", "color"]
    model = v2.create_body_model(fields=[field(int, "a"), field(str, "b", default="x")], model_name="Both")
    assert model(a=1).model_dump() == {"a": 1, "b": "x"}
    assert model.__name__ == "Both"


def test_small_questions_about_fields() -> None:
    assert v2.normalize_name("Page[Item ü]") == "Page_Item___"
    assert v2.is_scalar_field(field(int))
    assert not v2.is_scalar_field(field(Item))
    assert not v2.is_scalar_field(ModelField(params.Body(annotation=int), "value"))
    assert v2.get_missing_field_error(("a",))["type"] == "missing"
    assert v2.serialize_sequence_value(field=field(set[int] | None), value=[1, 1]) == {1}
    assert v2.serialize_sequence_value(field=field(tuple[int, ...]), value=[1]) == (1,)
    assert v2.serialize_sequence_value(field=field(int), value=[1]) == [1]
    parts = v2.asdict(FieldInfo(annotation=int, default=1))
    assert (parts["annotation"], parts["metadata"], parts["attributes"]["default"]) == (int, [], 1)
    assert v2.copy_field_info(field_info=params.Query(5), annotation=str).annotation is str


# --- dependencies -----------------------------------------------------------------------------------------------


class Filters(BaseModel):
    city: str
    age: int = 3


def below(q: int, agent: Annotated[str, Header()]) -> None: ...


def endpoint(item: Item, path: int, more: Annotated[int, Body()], deep: Annotated[None, Depends(below)]) -> None: ...


def test_parameters_of_a_whole_graph() -> None:
    dependant = dependencies.get_dependant(path="/{path}", call=endpoint)
    assert [one.name for one in dependencies.get_flat_params(dependant)] == ["path", "q", "agent"]
    flat = dependencies.get_flat_dependant(dependant)
    assert [one.name for one in flat.body_params] == ["item", "more"]
    assert [one.name for one in flat.query_params + flat.header_params + flat.path_params] == ["q", "agent", "path"]
    assert flat.cookie_params == []


def test_the_body_as_one_field() -> None:
    dependant = dependencies.get_dependant(path="/{path}", call=endpoint)
    fields = dependencies._get_flat_body_params(dependant)
    assert dependencies._should_embed_body_fields(fields)
    whole = dependencies._get_body_field(body_params=fields, name="name", embed_body_fields=True)
    same = dependencies.get_body_field(flat_dependant=dependant, name="name", embed_body_fields=True)
    assert whole is not None
    assert same is not None
    assert [getattr(one.field_info.annotation, "__name__", "") for one in (whole, same)] == ["Body_name"] * 2
    assert dependencies._get_body_field(body_params=[], name="name", embed_body_fields=False) is None


def test_a_model_of_parameters_is_its_fields() -> None:
    def filtered(filters: Annotated[Filters, Query()]) -> None: ...

    dependant = dependencies.get_dependant(path="/", call=filtered)
    assert [one.name for one in dependencies.get_flat_params(dependant)] == ["city", "age"]
    values, errors = dependencies.request_params_to_args(dependant.query_params, QueryParams("city=here"))
    assert (values, errors) == ({"filters": Filters(city="here")}, [])
    _, errors = dependencies.request_params_to_args(dependant.query_params, QueryParams(""))
    assert [error["loc"] for error in errors] == [("query", "city")]


@pytest.mark.anyio
async def test_bodies_become_arguments() -> None:
    dependant = dependencies.get_dependant(path="/{path}", call=endpoint)
    body = {"item": {"name": "a", "color": 1}, "more": 2}
    values, errors = await dependencies.request_body_to_args(dependant.body_params, body, True)
    assert (values, errors) == ({"item": Item(name="a", color=Color.red), "more": 2}, [])


def test_one_parameter_is_analysed() -> None:
    def analyse(annotation: Any, default: Any = inspect.Parameter.empty) -> Any:
        return dependencies.analyze_param(
            param_name="name",
            annotation=annotation,
            value=default,
            path_param_names={"name"} if default is ... else set(),
        )

    assert isinstance(analyse(int, 5).field.field_info, params.Query)
    assert isinstance(analyse(Item).field.field_info, params.Body)
    assert analyse(Annotated[int, Depends(below)]).depends.dependency is below
    assert isinstance(analyse(fastlayer.UploadFile).field.field_info, params.File)


def test_a_dependant_is_filled_by_hand() -> None:
    from starlette.requests import Request

    dependant = dependencies.Dependant()
    add = dependencies.add_non_field_param_to_dependency
    assert add(param_name="req", type_annotation=Request, dependant=dependant) is True
    assert add(param_name="number", type_annotation=int, dependant=dependant) is None
    assert dependant.request_param_name == "req"
    number = ModelField(params.Query(annotation=int), "number")
    dependencies.add_param_to_fields(field=number, dependant=dependant)
    assert dependant.query_params == [number]


def test_names_on_the_wire() -> None:
    plain = ModelField(params.Header(annotation=str), "user_agent")
    aliased = ModelField(params.Query(annotation=str, alias="other"), "name")
    assert dependencies.get_validation_alias(aliased) == "other"
    assert dependencies._get_param_aliases(plain, convert_underscores=True) == [("user-agent", "user_agent")]
    assert dependencies.get_path_param_names("/a/{b}/{c:int}") == {"b", "c"}


def test_values_and_models_of_forms() -> None:
    filters = ModelField(params.Form(annotation=Filters | None), "filters")
    assert dependencies._get_form_models(filters) == [Filters]
    assert dependencies._get_form_model(filters) is Filters
    assert dependencies._get_form_model(field(int)) is None
    form = FormData([("city", "here")])
    assert dependencies._is_form_model_supplied(Filters, form)
    assert not dependencies._is_form_model_supplied(Filters, FormData([]))
    assert dependencies._normalize_form_model(form, model=Filters) == {"city": "here"}
    assert dependencies._normalize_form_model({"city": "x"}, model=Filters) == {"city": "x"}
    city = ModelField(params.Form(annotation=str, default="nowhere"), "city")
    assert dependencies._get_multidict_value(city, form) == "here"
    assert dependencies._get_multidict_value(city, FormData([])) == "nowhere"
    dependencies.ensure_multipart_is_installed()


@pytest.mark.anyio
async def test_reading_the_rest_of_a_file_leaves_its_position() -> None:
    file = UploadFile(BytesIO(b"hello"))
    await file.seek(2)
    assert await dependencies._read_file_bytes(file) == b"llo"
    assert file.file.tell() == 2


# --- documents --------------------------------------------------------------------------------------------------


def test_parameters_are_described_from_a_dependant() -> None:
    dependant = dependencies.get_dependant(path="/{path}", call=endpoint)
    data = openapi._get_openapi_dependency_data(dependant)
    mapping, _ = v2.get_definitions(fields=dependencies.get_flat_params(dependant), model_name_map={})
    described = openapi._get_openapi_operation_parameters(
        dependency_data=data, model_name_map={}, field_mapping=mapping
    )
    assert described == [
        {"name": "path", "in": "path", "required": True, "schema": {"type": "integer", "title": "Path"}},
        {"name": "q", "in": "query", "required": True, "schema": {"type": "integer", "title": "Q"}},
        {"name": "agent", "in": "header", "required": True, "schema": {"type": "string", "title": "Agent"}},
    ]


def test_security_is_described_from_a_dependant() -> None:
    def secured(token: Annotated[str, Security(OAuth2PasswordBearer("token"), scopes=["read"])]) -> None: ...

    data = openapi._get_openapi_dependency_data(dependencies.get_dependant(path="/", call=secured))
    schemes, requirements = openapi._get_openapi_security_definitions(data.security_dependencies)
    assert schemes == {
        "OAuth2PasswordBearer": {"type": "oauth2", "flows": {"password": {"scopes": {}, "tokenUrl": "token"}}}
    }
    assert requirements == [{"OAuth2PasswordBearer": ["read"]}]


def test_the_item_of_a_path_is_described_from_a_route() -> None:
    router = APIRouter()

    @router.post("/items", dependencies=[Depends(HTTPBearer())])
    def create(item: Item) -> None: ...

    [route] = router.routes
    fields = openapi.get_fields_from_routes([route])
    mapping, _ = v2.get_definitions(fields=fields, model_name_map={})  # type: ignore[arg-type]  # all are ModelFields
    item, schemes, schemas = openapi.get_openapi_path(
        route=route, operation_ids=set(), model_name_map={}, field_mapping=mapping
    )
    body = openapi.get_openapi_operation_request_body(
        body_field=route.body_field,  # type: ignore[attr-defined]  # an APIRoute
        model_name_map={},
        field_mapping=mapping,
    )
    assert item["post"]["requestBody"] == body
    assert schemes == {"HTTPBearer": {"type": "http", "scheme": "bearer"}}
    assert set(schemas) == {"HTTPValidationError", "ValidationError"}


# --- small things -----------------------------------------------------------------------------------------------


def test_dicts_are_merged_deeply() -> None:
    main = {"a": {"b": [1], "c": 1}, "d": 1}
    utils.deep_dict_update(main, {"a": {"b": [2], "c": 2}, "e": 3})
    assert main == {"a": {"b": [1, 2], "c": 2}, "d": 1, "e": 3}


def test_the_first_value_that_was_written_counts() -> None:
    assert utils.get_value_or_default(Default(1), Default(2), 3, 4) == 3
    assert utils.get_value_or_default(Default(1), Default(2)) == Default(1)
    assert utils.get_path_param_names("/a/{b}/{c}") == {"b", "c"}
    assert utils.generate_operation_id_for_path(name="read", path="/items/{id}", method="GET") == "read_items__id__get"
    assert not _Unset


def test_placeholders_are_as_if_nothing_was_written() -> None:
    router = APIRouter(generate_unique_id_function=Default(lambda route: "no"), default_response_class=Default(str))

    @router.get("/x", response_model=Default(None))
    def x() -> int:
        return 1

    assert router.routes[0].unique_id == "x_x_get"  # type: ignore[attr-defined]  # an APIRoute
    assert router.routes[0].response_model is int  # type: ignore[attr-defined]


def test_a_wrong_type_is_a_registration_error_here_too() -> None:
    class Opaque:
        pass

    with pytest.raises(FastLayerError, match="Invalid args for response field"):
        utils.create_model_field("name", Opaque)


def test_form_parameters_are_found() -> None:
    def form(name: Annotated[str, Form()]) -> None: ...

    dependant = dependencies.get_dependant(path="/", call=form)
    assert [one.alias for one in dependencies._get_flat_body_params(dependant)] == ["name"]


def test_a_parameter_that_is_the_request_is_neither_a_field_nor_a_dependency() -> None:
    details = dependencies.analyze_param(
        param_name="req", annotation=Request, value=inspect.Parameter.empty, path_param_names=set()
    )
    assert (details.type_annotation, details.field, details.depends) == (Request, None, None)


def test_a_model_that_contains_itself_is_found_once() -> None:
    assert v2.get_flat_models_from_model(Tree) == {Tree}


def test_forms_without_python_multipart_are_an_error_that_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    dependencies.ensure_multipart_is_installed()
    monkeypatch.setitem(sys.modules, "python_multipart", None)  # as if it were not installed
    with pytest.raises(RuntimeError, match="pip install python-multipart"):
        dependencies.ensure_multipart_is_installed()
