"""What documents say about errors: the answer to invalid requests by policy, problem details, and what routes say."""

from typing import Any

import pytest
from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import OpenAPIV30SpecValidator, OpenAPIV31SpecValidator, OpenAPIV32SpecValidator
from pydantic import BaseModel

from fastlayer import APIRouter, ErrorPolicy, FastLayer, HTTPException
from fastlayer.testclient import TestClient

VALIDATORS: dict[str, Any] = {
    "3.0.3": OpenAPIV30SpecValidator,
    "3.1.0": OpenAPIV31SpecValidator,
    "3.1.1": OpenAPIV31SpecValidator,
    "3.2.0": OpenAPIV32SpecValidator,
}
PROBLEM = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
INVALID = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/ValidationProblem"}}}


class Missing(BaseModel):
    item: str


class Item(BaseModel):
    name: str
    price: float


def shop(**options: Any) -> FastLayer:
    app = FastLayer(**options)

    @app.get("/plain", responses={404: {"description": "No such item"}})
    def plain() -> None: ...

    @app.get("/items/{number}", responses={404: {"model": Missing}, 409: {}, "5XX": {}, 303: {"description": "Moved"}})
    def item(number: int) -> Item:
        if number == 409:
            raise HTTPException(409, {"taken": number})
        if number == 404:
            raise HTTPException(404, "No such item", headers={"x-reason": "sold"})
        return 1 / number  # type: ignore[return-value]  # the mistake, but for 0, which is another

    @app.post("/items", responses={422: {"description": "Odd"}})
    def create(item: Item) -> None: ...

    @app.put("/items", responses={"4XX": {"description": "Odd", "content": {"text/plain": {}}}, "default": {}})
    def change(item: Item) -> None: ...

    return app


def responses(document: Any, path: str, method: str = "get") -> dict[str, Any]:
    found: dict[str, Any] = document["paths"][path][method]["responses"]
    return found


@pytest.mark.parametrize("version", VALIDATORS)
@pytest.mark.parametrize(
    "options",
    [{"problem_details": True}, {"validation_errors": ErrorPolicy(status_code=400, shape=lambda errors: errors)}],
)
def test_the_document_is_valid_in_every_version(version: str, options: Any) -> None:
    document = shop(openapi_version=version, **options).openapi()
    VALIDATORS[version](document).validate()
    assert document["openapi"] == version


def test_problem_details_are_the_content_of_every_error_that_has_no_model_of_its_own() -> None:
    document = shop(problem_details=True).openapi()
    other = {"description": "Error", "content": PROBLEM}
    missing = {"description": "No such item", "content": PROBLEM}
    assert responses(document, "/plain") == {
        "200": responses(document, "/plain")["200"],
        "404": missing,
        "default": other,
    }
    described = responses(document, "/items/{number}")
    assert described["404"]["content"] == {"application/json": {"schema": {"$ref": "#/components/schemas/Missing"}}}
    assert described["409"] == {"description": "Conflict", "content": PROBLEM}
    assert described["5XX"] == {"description": "Server Error", "content": PROBLEM}
    assert described["422"] == {"description": "Validation Error", "content": INVALID}
    assert described["303"] == {"description": "Moved"}
    assert described["default"] == other
    assert responses(document, "/items", "post")["422"] == {"description": "Odd", "content": PROBLEM}
    assert responses(document, "/items", "put")["4XX"] == {"description": "Odd", "content": {"text/plain": {}}}
    assert responses(document, "/items", "put")["default"] == {"description": "Default Response", "content": PROBLEM}
    assert set(document["components"]["schemas"]) == {
        "Item",
        "Missing",
        "Problem",
        "ValidationProblem",
        "ValidationError",
    }


def test_a_document_without_invalid_requests_has_only_the_schema_of_problems() -> None:
    app = FastLayer(problem_details=True)
    app.get("/")(lambda: None)
    assert set(app.openapi()["components"]["schemas"]) == {"Problem"}


def test_the_answers_are_what_the_document_says() -> None:
    app = shop(problem_details=True)
    document = app.openapi()
    client = TestClient(app, raise_server_exceptions=False)
    answers = {
        "422": client.get("/items/x"),
        "409": client.get("/items/409"),
        "404": client.get("/items/404"),
        "500": client.get("/items/0"),
        "405": client.post("/plain"),
    }
    for status, answer in answers.items():
        name = "ValidationProblem" if status == "422" else "Problem"
        schema = {"$ref": f"#/components/schemas/{name}", "components": document["components"]}
        assert (str(answer.status_code), answer.headers["content-type"]) == (status, "application/problem+json")
        OAS31Validator(schema).validate(answer.json())
        assert not OAS31Validator(schema).is_valid({"detail": []})


def test_models_of_the_applications_own_keep_their_names() -> None:
    class Problem(BaseModel):
        mine: int

    class ValidationProblem(BaseModel):
        mine: int

    app = FastLayer(problem_details=True)

    @app.post("/", responses={400: {"model": ValidationProblem}})
    def endpoint(problem: Problem) -> None: ...

    schemas = app.openapi()["components"]["schemas"]
    assert schemas["Problem"]["properties"].keys() == schemas["ValidationProblem"]["properties"].keys() == {"mine"}
    assert schemas["DefaultProblem"]["title"] == "DefaultProblem"
    assert "errors" in schemas["DefaultValidationProblem"]["properties"]


def test_a_policy_says_status_and_members_of_the_errors() -> None:
    policy = ErrorPolicy(status_code=400, include_input=False, include_context=False)
    document = shop(validation_errors=policy).openapi()
    described = responses(document, "/items/{number}")
    assert "422" not in described
    assert described["400"] == {
        "description": "Validation Error",
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/HTTPValidationError"}}},
    }
    assert document["components"]["schemas"]["ValidationError"]["properties"].keys() == {"loc", "msg", "type"}
    # The route's own 422 is no answer to an invalid request here.
    assert set(responses(document, "/items", "post")) == {"200", "400", "422"}


def test_a_route_that_describes_the_status_of_the_policy_is_left_as_it_is() -> None:
    app = FastLayer(validation_errors=ErrorPolicy(status_code=400))

    @app.get("/", responses={400: {"description": "Odd"}})
    def endpoint(limit: int) -> None: ...

    assert responses(app.openapi(), "/")["400"] == {"description": "Odd"}
    assert "components" not in app.openapi()


@pytest.mark.parametrize("problems", [False, True])
def test_a_shape_of_the_applications_own_is_any_json(problems: bool) -> None:
    policy = ErrorPolicy(shape=lambda errors: {"count": len(errors)})
    document = shop(validation_errors=policy, problem_details=problems).openapi()
    assert responses(document, "/items/{number}")["422"]["content"] == {"application/json": {"schema": {}}}
    assert "ValidationError" not in document["components"]["schemas"]


def test_without_these_options_errors_are_described_as_ever() -> None:
    document = shop().openapi()
    assert responses(document, "/plain")["404"] == {"description": "No such item"}
    assert "default" not in responses(document, "/plain")
    assert responses(document, "/items/{number}")["422"]["content"].keys() == {"application/json"}


def test_callbacks_and_included_routers_are_described_alike() -> None:
    app = FastLayer(problem_details=True)
    callbacks, inner = APIRouter(), APIRouter()

    @callbacks.post("{$request.body#/url}")
    def called(number: int) -> None: ...

    @inner.get("/inner", callbacks=callbacks.routes)
    def endpoint(number: int) -> None: ...

    app.include_router(inner, prefix="/outer")
    operation = app.openapi()["paths"]["/outer/inner"]["get"]
    assert operation["responses"]["422"]["content"] == INVALID
    assert operation["callbacks"]["called"]["{$request.body#/url}"]["post"]["responses"]["422"]["content"] == INVALID
