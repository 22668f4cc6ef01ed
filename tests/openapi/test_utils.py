"""The functions that third parties call for one route, as `get_openapi` itself describes it."""

from typing import Annotated, Any

import pytest
from pydantic import BaseModel

from fastlayer import APIRouter, Depends, FastLayer, Form, Query
from fastlayer.exceptions import FastLayerDeprecationWarning
from fastlayer.openapi import utils
from fastlayer.security import HTTPBearer


class Person(BaseModel):
    name: str
    age: int = 3


def only_route(router: APIRouter) -> Any:
    (route,) = router.routes
    return route


def test_a_route_says_its_summary_and_an_operation_id_for_each_method() -> None:
    router = APIRouter()
    router.get("/items/{item_id}")(read_item)
    route = only_route(router)
    assert utils.generate_operation_summary(route=route, method="GET") == "Read Item"
    assert utils.generate_operation_id(route=route, method="PUT") == "read_item_items__item_id__put"
    described = utils.get_openapi_operation_metadata(route=route, method="get", operation_ids=set())
    assert (described["summary"], described["operationId"]) == ("Read Item", "read_item_items__item_id__get")


def read_item(item_id: int) -> None: ...


def test_an_operation_id_that_was_given_is_kept() -> None:
    router = APIRouter()
    router.get("/x", operation_id="mine")(lambda: None)
    assert utils.generate_operation_id(route=only_route(router), method="GET") == "mine"


def test_the_fields_of_models_in_a_route_can_be_validated_by_their_adapters() -> None:
    router = APIRouter()

    @router.post("/x")
    def write(query: Annotated[Person, Query()], form: Annotated[Person | None, Form()] = None) -> None: ...

    fields = {field.name: field for field in utils.get_fields_from_routes(router.routes)}
    assert fields["name"].adapter.validate_python("ann") == "ann"
    assert fields["age"].adapter.validate_python("4") == 4
    assert fields["body"].adapter.validate_python({"form": {"name": "ann"}}).form == Person(name="ann")


def test_a_url_that_is_no_absolute_one_is_kept_as_it_was_written() -> None:
    info = {"name": "Ann", "url": "contact.html"}
    document = FastLayer(contact=info, license_info={"name": "MIT", "url": "https://a.example"}).openapi()
    assert document["info"]["contact"] == info
    assert document["info"]["license"]["url"] == "https://a.example/"


def test_a_status_without_words_of_its_own_is_described_all_the_same() -> None:
    app = FastLayer()
    app.get("/x", status_code=299, responses={298: {"model": Person}})(lambda: None)
    responses = app.openapi()["paths"]["/x"]["get"]["responses"]
    assert responses["299"]["description"] == "Successful Response"
    assert responses["298"]["description"]


def test_an_old_example_of_a_parameter_is_told() -> None:
    app = FastLayer()
    with pytest.warns(FastLayerDeprecationWarning, match="use `examples`"):
        old: Any = Query(example=4)

    @app.get("/x")
    def read(q: Annotated[int, Query(openapi_examples={"one": {"value": 1}})], number: int = old) -> None: ...

    named, single = app.openapi()["paths"]["/x"]["get"]["parameters"]
    assert (named["examples"], single["example"]) == ({"one": {"value": 1}}, 4)


def test_a_dependency_that_cannot_be_hashed_brings_its_scheme_once() -> None:
    class Guard(HTTPBearer):
        __hash__ = None  # type: ignore[assignment]  # what a class with __eq__ has

    guard = Guard()

    def through(token: Annotated[Any, Depends(guard)]) -> None: ...

    app = FastLayer()
    app.get("/x", dependencies=[Depends(guard), Depends(through)])(lambda: None)
    assert app.openapi()["paths"]["/x"]["get"]["security"] == [{"Guard": []}]
