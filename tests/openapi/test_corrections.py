"""Corrections of what FastAPI's documents say wrongly: nothing changes unless it is asked for by name."""

from typing import Annotated, Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator
from pydantic import BaseModel

from fastlayer import Depends, FastLayer, Form, Security, UploadFile
from fastlayer.exceptions import FastLayerError
from fastlayer.security import APIKeyHeader, HTTPBearer, OAuth2PasswordBearer

key = APIKeyHeader(name="x-key")
bearer = HTTPBearer()
maybe = HTTPBearer(auto_error=False, scheme_name="maybe")
login = OAuth2PasswordBearer(tokenUrl="token", scopes={"read": "", "write": ""}, auto_error=False)


class Upload(BaseModel):
    files: list[UploadFile] | None = None
    note: str = ""


def valid(app: FastLayer) -> dict[str, Any]:
    document = app.openapi()
    OpenAPIV31SpecValidator(document).validate()
    return document


def security(app: FastLayer, *dependencies: Any) -> Any:
    app.get("/", dependencies=dependencies)(lambda: None)
    return valid(app)["paths"]["/"]["get"]["security"]


def test_schemes_that_refuse_are_required_together() -> None:
    both = [Depends(key), Depends(bearer)]
    assert security(FastLayer(), *both) == [{"APIKeyHeader": []}, {"HTTPBearer": []}]
    corrected = FastLayer(openapi_corrections=["required_security"])
    assert security(corrected, *both) == [{"APIKeyHeader": [], "HTTPBearer": []}]


def test_schemes_that_let_strangers_pass_are_alternatives() -> None:
    app = FastLayer(openapi_corrections=["required_security"])
    assert security(app, Depends(maybe), Security(login, scopes=["read"])) == [
        {"maybe": []},
        {"OAuth2PasswordBearer": ["read"]},
    ]


def test_an_alternative_comes_with_what_is_required() -> None:
    app = FastLayer(openapi_corrections=["required_security"])
    assert security(app, Depends(maybe), Depends(key)) == [
        {"APIKeyHeader": []},
        {"APIKeyHeader": [], "maybe": []},
    ]


def test_an_operation_without_schemes_stays_without() -> None:
    app = FastLayer(openapi_corrections=["required_security"])
    app.get("/")(lambda: None)
    assert "security" not in valid(app)["paths"]["/"]["get"]


def with_convertors(**options: Any) -> dict[str, Any]:
    app = FastLayer(**options)

    @app.get("/items/{shop}/{key:int}")
    def by_number(shop: str, key: int):
        pass

    @app.get("/items/{shop}/{key}")
    def by_name(shop: str, key: str, page: int = 1):
        pass

    @app.delete("/items/{shop}/{key}")
    def delete(shop: str, key: str):
        pass

    return valid(app)["paths"]


def test_routes_on_one_path_with_different_convertors_are_all_listed() -> None:
    assert list(with_convertors()) == ["/items/{shop}/{key}"]
    paths = with_convertors(openapi_corrections={"path_convertors"})
    assert {path: list(item) for path, item in paths.items()} == {
        "/items/{shop}/{key}": ["get", "delete"],
        "/items/{shop}/{key_str}": ["get"],
    }
    assert paths["/items/{shop}/{key}"]["get"]["summary"] == "By Number"
    by_name = paths["/items/{shop}/{key_str}"]["get"]
    assert [(one["in"], one["name"]) for one in by_name["parameters"]] == [
        ("path", "shop"),
        ("path", "key_str"),
        ("query", "page"),
    ]


def test_the_same_path_twice_is_still_one_path() -> None:
    app = FastLayer(openapi_corrections=["path_convertors"])
    app.get("/items/{key}", summary="first")(lambda key: None)
    app.get("/items/{key}", summary="second")(lambda key: None)
    with pytest.warns(UserWarning, match="Duplicate Operation ID"):
        paths = valid(app)["paths"]
    assert {path: item["get"]["summary"] for path, item in paths.items()} == {"/items/{key}": "second"}


def media_types(**options: Any) -> list[str]:
    app = FastLayer(**options)

    @app.post("/")
    def send(upload: Annotated[Upload, Form()]):
        pass

    return list(valid(app)["paths"]["/"]["post"]["requestBody"]["content"])


def test_a_form_whose_model_has_files_is_multipart() -> None:
    assert media_types() == ["application/x-www-form-urlencoded"]
    assert media_types(openapi_corrections=["multipart_models"]) == ["multipart/form-data"]


def test_a_form_without_files_stays_urlencoded() -> None:
    app = FastLayer(openapi_corrections=["multipart_models"])

    class Plain(BaseModel):
        name: str | None = None

    @app.post("/")
    def send(plain: Annotated[Plain, Form()]):
        pass

    content = valid(app)["paths"]["/"]["post"]["requestBody"]["content"]
    assert list(content) == ["application/x-www-form-urlencoded"]


def test_a_correction_nobody_knows_is_refused_with_those_there_are() -> None:
    with pytest.raises(FastLayerError, match="no OpenAPI correction 'security': choose among 'required_security'"):
        FastLayer(openapi_corrections=["security"])  # type: ignore[list-item]  # the mistake under test
