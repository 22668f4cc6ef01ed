"""Forms that models read, as the document tells them: side by side, and absent where they may be."""

from collections.abc import Callable
from typing import Annotated, Any, Literal

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator
from pydantic import AliasChoices, AliasPath, BaseModel, ConfigDict, Field

from fastlayer import APIRouter, FastLayer, File, Form, UploadFile

REF = "#/components/schemas/"


class Person(BaseModel):
    name: str
    age: int = 3


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")
    size: int


class Renamed(BaseModel):
    model_config = ConfigDict(populate_by_name=True)
    name: str = Field(alias="display")
    size: int = Field(1, alias="s")


class Paths(BaseModel):
    size: int = Field(validation_alias=AliasChoices("a", AliasPath("p", 0)))
    colour: str = Field("red", validation_alias=AliasChoices(AliasPath("q", 0), "b"))


class ByNameOnly(BaseModel):
    model_config = ConfigDict(validate_by_alias=False, validate_by_name=True)
    name: str = Field(validation_alias=AliasChoices("a", "b"))


class Cat(BaseModel):
    kind: Literal["cat"] = Field(alias="type")


class Dog(BaseModel):
    kind: Literal["dog"] = Field(alias="type")
    bark: str


class Empty(BaseModel):
    pass


def schema_of(endpoint: Callable[..., Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The request body of a POST to the endpoint, and the definition it refers to; the document is valid."""
    app = FastLayer()
    app.post("/")(endpoint)
    document = app.openapi()
    OpenAPIV31SpecValidator(document).validate()
    body = document["paths"]["/"]["post"]["requestBody"]
    (content,) = body["content"].values()
    return body, document["components"]["schemas"][content["schema"]["$ref"].removeprefix(REF)]


def absent(*names: str) -> dict[str, Any]:
    return {"not": {"anyOf": [{"required": [name]} for name in names]}}


def test_a_form_is_all_its_models_at_once() -> None:
    def endpoint(person: Annotated[Person, Form()], strict: Annotated[Strict, Form()], code: Annotated[str, Form()]):
        pass

    body, form = schema_of(endpoint)
    assert body["required"] is True
    assert form == {
        "title": "Body_endpoint__post",
        "type": "object",
        "allOf": [{"$ref": REF + "Person"}, {"$ref": REF + "Strict"}],
        "properties": {"code": {"title": "Code", "type": "string"}},
        "required": ["code"],
    }


def test_what_is_said_of_a_parameter_stands_beside_its_model_and_its_default_nowhere() -> None:
    def endpoint(
        person: Annotated[Person, Form(title="Who", description="The customer")] = Person(name="x"),
        code: Annotated[str, Form(alias="c")] = "",
    ):
        pass

    body, form = schema_of(endpoint)
    assert "required" not in body
    assert form["allOf"] == [{"$ref": REF + "Person", "title": "Who", "description": "The customer"}]
    assert form["properties"] == {"c": {"title": "Code", "type": "string", "default": ""}}


def test_a_model_alone_is_the_form() -> None:
    def endpoint(person: Annotated[Person, Form()]):
        pass

    _, form = schema_of(endpoint)
    assert form["title"] == "Person"


def test_a_model_that_may_be_left_out_is_absent_without_any_of_its_fields() -> None:
    def endpoint(person: Annotated[Person | None, Form()] = None):
        pass

    body, form = schema_of(endpoint)
    assert "required" not in body
    present = {"anyOf": [{"$ref": REF + "Person"}], "title": "Person"}
    assert form == {
        "title": "Body_endpoint__post",
        "type": "object",
        "allOf": [{"anyOf": [absent("age", "name"), present]}],
    }


def test_a_nullable_model_that_is_required_is_not_absent() -> None:
    def endpoint(person: Annotated[Person | None, Form()]):
        pass

    body, form = schema_of(endpoint)
    assert body["required"] is True
    assert form["allOf"][0] == {"not": absent("age", "name")}


def test_a_model_that_cares_for_unknown_fields_is_absent_from_an_empty_form_only() -> None:
    def endpoint(strict: Annotated[Strict | None, Form()] = None, empty: Annotated[Empty | None, Form()] = None):
        pass

    _, form = schema_of(endpoint)
    assert [part["anyOf"][0] for part in form["allOf"]] == [{"maxProperties": 0}, {}]


def test_a_choice_of_models_keeps_its_discriminator() -> None:
    def endpoint(pet: Annotated[Cat | Dog | None, Form(discriminator="kind")] = None):
        pass

    _, form = schema_of(endpoint)
    missing, present = form["allOf"][0]["anyOf"]
    assert missing == absent("bark", "type")
    (choice,) = present["anyOf"]
    assert choice["oneOf"] == [{"$ref": REF + "Cat"}, {"$ref": REF + "Dog"}]
    assert choice["discriminator"]["propertyName"] == "type"


def test_a_required_field_with_two_names_may_have_either() -> None:
    def endpoint(renamed: Annotated[Renamed, Form()], code: Annotated[str, Form()]):
        pass

    _, form = schema_of(endpoint)
    (part,) = form["allOf"]
    assert part["required"] == []
    assert part["allOf"] == [{"anyOf": [{"required": ["display"]}, {"required": ["name"]}]}]
    assert list(part["properties"]) == ["display", "s"]


def test_a_field_is_told_by_the_name_it_is_read_by() -> None:
    def endpoint(model: Annotated[ByNameOnly | None, Form()] = None):
        pass

    _, form = schema_of(endpoint)
    missing, present = form["allOf"][0]["anyOf"]
    assert missing == absent("name")
    assert present["anyOf"] == [{"$ref": REF + "ByNameOnly"}]


def test_a_field_with_a_path_among_its_aliases_goes_by_its_own_name() -> None:
    def beside(model: Annotated[Paths, Form()], code: Annotated[str, Form()]):
        pass

    def optional(model: Annotated[Paths | None, Form()] = None):
        pass

    expected = {
        "properties": {
            "size": {"type": "integer", "title": "A"},
            "b": {"type": "string", "title": "B", "default": "red"},
        },
        "type": "object",
        "required": ["size"],
        "title": "Paths",
    }
    assert schema_of(beside)[1]["allOf"] == [expected]
    missing, present = schema_of(optional)[1]["allOf"][0]["anyOf"]
    assert missing == absent("colour", "size")
    assert present["anyOf"] == [expected]


def test_files_beside_a_model_make_it_multipart() -> None:
    def endpoint(
        person: Annotated[Person, Form()], photo: UploadFile, again: Annotated[UploadFile, File(alias="photo")]
    ):
        pass

    body, form = schema_of(endpoint)
    assert list(body["content"]) == ["multipart/form-data"]
    assert form["allOf"] == [{"$ref": REF + "Person"}]
    assert form["required"] == ["photo"]


def test_forms_of_callbacks_are_told_too() -> None:
    callbacks = APIRouter()

    @callbacks.post("{$callback_url}")
    def called(person: Annotated[Person, Form()], code: Annotated[str, Form()]):
        pass

    app = FastLayer()

    @app.post("/", callbacks=callbacks.routes)
    def endpoint():
        pass

    schemas = app.openapi()["components"]["schemas"]
    (form,) = [schema for name, schema in schemas.items() if name.startswith("Body_called")]
    assert form["allOf"] == [{"$ref": REF + "Person"}]


@pytest.mark.parametrize("version", ["3.0.3", "3.1.1", "3.2.0"])
def test_forms_are_rewritten_for_other_versions(version: str) -> None:
    app = FastLayer(openapi_version=version)

    @app.post("/")
    def endpoint(person: Annotated[Person | None, Form()] = None):
        pass

    form = app.openapi()["components"]["schemas"]["Body_endpoint__post"]
    assert form["allOf"][0]["anyOf"][0] == absent("age", "name")


def test_two_models_under_one_name_are_told_once() -> None:
    def endpoint(one: Annotated[Person, Form(alias="p")], other: Annotated[Person, Form(alias="p")]):
        pass

    _, form = schema_of(endpoint)
    assert form["allOf"] == [{"$ref": REF + "Person"}]
    assert "properties" not in form


def test_an_annotated_member_of_a_choice_is_a_model_too() -> None:
    def endpoint(person: Annotated[Annotated[Person, "note"] | None, Form()] = None):
        pass

    _, form = schema_of(endpoint)
    assert form["allOf"][0]["anyOf"][0] == absent("age", "name")
