"""OpenAPI objects: what they keep, what they refuse, what they cost to import."""

import subprocess
import sys
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from fastlayer.openapi import models, schemes
from fastlayer.openapi.models import Components, Contact, Info, OpenAPI, Operation, Parameter, Schema, SecurityScheme

DOCUMENT: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Books", "version": "1", "contact": {"email": "a@example.com", "x-phone": 1}},
    "servers": [{"url": "/v1"}, {"url": "https://example.com/"}],
    "paths": {
        "/books/{id}": {
            "get": {
                "parameters": [
                    {"name": "id", "in": "path", "required": True, "schema": {"type": "integer", "minimum": 1}},
                    {"$ref": "#/components/parameters/Limit"},
                ],
                "responses": {
                    "200": {
                        "description": "One",
                        "content": {
                            "application/json": {
                                "schema": {"$ref": "#/components/schemas/Book"},
                                "examples": {"one": {"summary": "s", "value": {"a": None}, "x-more": 1}},
                            }
                        },
                    }
                },
                "callbacks": {"done": {"{$url}": {"post": {"responses": {"200": {"description": "ok"}}}}}},
                "x-mine": {"a": 1},
            }
        }
    },
    "components": {
        "schemas": {
            "Book": {"properties": {"next": {"not": {"if": True}}, "any": False}, "additionalProperties": False}
        },
        "securitySchemes": {
            "key": {"type": "apiKey", "in": "header", "name": "x-key"},
            "token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
            "login": {"type": "oauth2", "flows": {"password": {"scopes": {}, "tokenUrl": "token"}}},
        },
    },
    "tags": [{"name": "books"}],
}


def dump(model: Any) -> Any:
    return model.model_dump(mode="json", by_alias=True, exclude_none=True, exclude_unset=True)


def test_a_document_comes_back_as_it_went_in_with_its_extensions() -> None:
    # A null inside an example is dropped with the others: exclude_none does not know better, in FastAPI neither.
    result = dump(OpenAPI(**DOCUMENT))
    result["paths"]["/books/{id}"]["get"]["responses"]["200"]["content"]["application/json"]["examples"]["one"][
        "value"
    ] = {"a": None}
    assert result == DOCUMENT


def test_fields_that_are_python_words_are_read_and_written_by_alias() -> None:
    schema = Schema.model_validate({"$ref": "#/a", "not": {"$id": "b"}, "else": False, "$defs": {"c": True}})
    assert (schema.ref, schema.else_, schema.defs) == ("#/a", False, {"c": True})
    assert dump(schema) == {"$ref": "#/a", "not": {"$id": "b"}, "else": False, "$defs": {"c": True}}


@pytest.mark.parametrize(
    ("model", "value"),
    [
        (Info, {"title": "a"}),
        (Parameter, {"name": "a", "in": "body"}),
        (Schema, {"maxLength": -1}),
        (Schema, {"type": "text"}),
        (Components, {"schemas": {"A": 1}}),
        (Contact, {"email": "no address"}),
        (Operation, {"tags": "a"}),
    ],
)
def test_a_field_of_the_wrong_kind_is_refused(model: Any, value: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        model(**value)


def test_without_email_validator_an_address_is_taken_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(value: str) -> tuple[str, str]:
        raise ImportError("email-validator is not installed")

    monkeypatch.setattr(models, "validate_email", missing)
    assert Contact(email="no address").email == "no address"


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ({"type": "apiKey", "in": "cookie", "name": "k"}, schemes.APIKey),
        ({"type": "http", "scheme": "digest"}, schemes.HTTPBase),
        ({"type": "oauth2", "flows": {}}, schemes.OAuth2),
        ({"type": "openIdConnect", "openIdConnectUrl": "u"}, schemes.OpenIdConnect),
    ],
)
def test_a_security_scheme_is_recognised(value: dict[str, Any], kind: type) -> None:
    assert type(TypeAdapter[Any](SecurityScheme).validate_python(value)) is kind


def test_declaring_a_scheme_does_not_import_the_models_of_a_document() -> None:
    code = "import sys, fastlayer.openapi.schemes; sys.exit('fastlayer.openapi.models' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
