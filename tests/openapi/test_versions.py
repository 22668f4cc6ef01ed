"""Documents in other versions of OpenAPI are valid there and say the same as far as words go."""

from collections.abc import AsyncIterable
from typing import Annotated, Any, Literal

import pytest
from openapi_spec_validator import OpenAPIV30SpecValidator, OpenAPIV31SpecValidator, OpenAPIV32SpecValidator
from pydantic import BaseModel, Field

from fastlayer import Depends, FastLayer, File, Form, Header, Query, UploadFile
from fastlayer.openapi.schemas30 import schema_for_30
from fastlayer.openapi.versions import document_for_version
from fastlayer.security import OAuth2PasswordBearer

VALIDATORS: dict[str, Any] = {
    "3.0.3": OpenAPIV30SpecValidator,
    "3.1.1": OpenAPIV31SpecValidator,
    "3.2.0": OpenAPIV32SpecValidator,
}


class Cat(BaseModel):
    kind: Literal["cat"]
    lives: int = Field(9, gt=0, le=9, examples=[7, 9])


class Dog(BaseModel):
    kind: Literal["dog"]
    owner: "Owner | None" = None


class Owner(BaseModel):
    pets: list[Annotated[Cat | Dog, Field(discriminator="kind")]]
    place: tuple[float, float] | None = None
    photo: bytes = b""
    extra: dict[str, int | None] = {}


def shop(version: str) -> FastLayer:
    app = FastLayer(
        openapi_version=version,
        summary="Pets",
        openapi_tags=[{"name": "pets", "kind": "nav", "summary": "Pets"}],
        license_info={"name": "MIT", "identifier": "MIT"},
    )
    oauth2 = OAuth2PasswordBearer("token")

    @app.post("/owners/{owner_id}", tags=["pets"])
    def write(
        owner_id: int,
        owner: Owner,
        token: Annotated[str, Depends(oauth2)],
        limit: Annotated[int | None, Query(gt=1, examples=[2], openapi_examples={"one": {"value": 3}})] = None,
        etag: Annotated[str | None, Header()] = None,
    ) -> Owner:
        raise NotImplementedError

    @app.post("/upload")
    def upload(file: Annotated[UploadFile, File()], names: Annotated[list[str] | None, Form()] = None) -> None: ...

    @app.get("/stream")
    async def stream() -> AsyncIterable[Cat]:
        yield Cat(kind="cat", lives=9)

    @app.api_route("/search", methods=["QUERY"])
    def search() -> None: ...

    @app.api_route("/search", methods=["LINK"])
    def link() -> None: ...

    @app.webhooks.post("born")
    def born(pet: Cat) -> None: ...

    return app


@pytest.mark.parametrize("version", VALIDATORS)
def test_a_document_is_valid_in_its_version(version: str) -> None:
    document = shop(version).openapi()
    assert document["openapi"] == version
    assert [str(error) for error in VALIDATORS[version](document).iter_errors()] == []


def test_streams_methods_and_tags_are_said_in_3_2_only() -> None:
    newer, older = shop("3.2.0").openapi(), shop("3.1.1").openapi()
    item = {"$ref": "#/components/schemas/Cat"}
    assert newer["paths"]["/stream"]["get"]["responses"]["200"]["content"]["application/jsonl"]["itemSchema"] == item
    assert set(newer["paths"]["/search"]) == {"query", "additionalOperations"}
    assert set(newer["paths"]["/search"]["additionalOperations"]) == {"LINK"}
    assert newer["tags"] == [{"name": "pets", "kind": "nav", "summary": "Pets"}]

    stream = older["paths"]["/stream"]["get"]["responses"]["200"]["content"]["application/jsonl"]
    assert stream == {"schema": {"type": "string"}}
    assert older["paths"]["/search"] == {}
    assert older["tags"] == [{"name": "pets"}]


def test_3_1_0_and_unknown_versions_are_left_as_they_are() -> None:
    document = {"openapi": "3.1.0", "paths": {"/": {"query": {}}}}
    assert document_for_version(document, "3.1.0") is document
    assert document_for_version(document, "4.0.0") is document


def test_3_0_leaves_out_what_it_does_not_know_and_the_given_document_alone() -> None:
    document = shop("3.1.0").openapi()
    older = document_for_version(document, "3.0.3")
    assert "webhooks" in document
    assert "webhooks" not in older
    assert "summary" not in older["info"]
    assert older["info"]["license"] == {"name": "MIT"}
    limit = older["paths"]["/owners/{owner_id}"]["post"]["parameters"][1]
    assert limit["examples"] == {"one": {"value": 3}}
    assert limit["schema"] == {
        "type": "integer",
        "minimum": 1,
        "exclusiveMinimum": True,
        "nullable": True,
        "example": 2,
        "title": "Limit",
    }


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"type": "null"}, {"nullable": True, "enum": [None]}),
        ({"type": ["string", "null"]}, {"type": "string", "nullable": True}),
        ({"type": ["string", "integer"]}, {"anyOf": [{"type": "string"}, {"type": "integer"}]}),
        (
            {"anyOf": [{"type": "string", "format": "date"}, {"type": "null"}], "title": "T"},
            {"type": "string", "format": "date", "title": "T", "nullable": True},
        ),
        (
            {"anyOf": [{"$ref": "#/a"}, {"type": "null"}]},
            {"allOf": [{"$ref": "#/a"}], "nullable": True},
        ),
        (
            {"anyOf": [{"type": "string"}, {"type": "integer"}, {"type": "null"}]},
            {"anyOf": [{"type": "string"}, {"type": "integer"}], "nullable": True},
        ),
        ({"const": "a", "type": "string"}, {"enum": ["a"], "type": "string"}),
        ({"enum": ["a", None]}, {"enum": ["a", None], "nullable": True}),
        ({"exclusiveMinimum": 3, "minimum": 1}, {"minimum": 3, "exclusiveMinimum": True}),
        ({"exclusiveMaximum": 9, "maximum": 4}, {"maximum": 4, "exclusiveMaximum": False}),
        (
            {"type": "array", "prefixItems": [{"type": "string"}, {"type": "integer"}], "maxItems": 2},
            {"type": "array", "items": {"anyOf": [{"type": "string"}, {"type": "integer"}]}, "maxItems": 2},
        ),
        ({"type": "array"}, {"type": "array", "items": {}}),
        ({"type": "string", "contentMediaType": "application/octet-stream"}, {"type": "string", "format": "binary"}),
        ({"type": "string", "contentEncoding": "base64"}, {"type": "string", "format": "byte"}),
        ({"$ref": "#/a", "description": "d"}, {"allOf": [{"$ref": "#/a"}], "description": "d"}),
        ({"patternProperties": {"^a": {"const": 1}}}, {"additionalProperties": {"enum": [1]}}),
        ({"examples": [], "x-own": 1, "$comment": "c"}, {"x-own": 1}),
        (True, {}),
        (False, {"not": {}}),
    ],
)
def test_a_schema_is_said_in_the_words_of_3_0(schema: Any, expected: dict[str, Any]) -> None:
    assert schema_for_30(schema) == expected


def test_what_is_no_object_stays_as_it_is() -> None:
    document = {"openapi": "3.0.3", "paths": {"/x": {"get": {"responses": {"default": None}}}}}
    assert document_for_version(document, "3.0.3") == document


def test_callbacks_are_rewritten_with_what_is_in_them() -> None:
    media = {"text/event-stream": {"itemSchema": {"type": "object"}}}
    path = {"post": {"responses": {"200": {"content": media}}}, "query": {}}
    document = {"openapi": "3.1.1", "paths": {"/x": {"get": {"callbacks": {"done": {"{$url}": path}}}}}}
    written = document_for_version(document, "3.1.1")["paths"]["/x"]["get"]["callbacks"]["done"]["{$url}"]
    assert written == {
        "post": {"responses": {"200": {"content": {"text/event-stream": {"schema": {"type": "string"}}}}}}
    }
