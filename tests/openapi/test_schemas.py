"""Names of shared schemas: the same as Pydantic's own generator gives."""

import itertools
import json
import random
from typing import Annotated, Any

import pytest
from pydantic import BaseModel, Field, TypeAdapter, create_model
from pydantic.json_schema import GenerateJsonSchema

from fastlayer import Body, FastLayer, Query
from fastlayer.fields import ModelField, create_model_field
from fastlayer.openapi.constants import REF_TEMPLATE
from fastlayer.openapi.schemas import field_schema, schema_definitions
from fastlayer.params import Query as QueryMarker


def field(name: str, type_: Any, mode: Any = "validation") -> ModelField:
    return create_model_field(name=name, type_=type_, mode=mode)


def random_models(seed: int) -> list[type[BaseModel]]:
    """Models of few names in few modules, with fields of one another: many collisions."""
    chooser = random.Random(seed)
    models: list[type[BaseModel]] = []
    for _ in range(10):
        fields: dict[str, Any] = {"a": (chooser.choice([int, str]), chooser.choice([..., 1]))}
        if models:
            fields["b"] = (chooser.choice(models), ...)
        module = chooser.choice(["one", "two"])
        models.append(create_model(chooser.choice(["A", "B", "A__B"]), __module__=module, **fields))
    return models


@pytest.mark.parametrize("seed", range(60))
def test_colliding_names_are_resolved_as_pydantic_does(seed: int) -> None:
    models = random_models(seed)
    modes = itertools.cycle(["validation", "serialization", "serialization"])
    fields = [field(f"f{index}", model, next(modes)) for index, model in enumerate(models * 2)]
    schemas, definitions = schema_definitions(fields)

    def core_schema(annotation: Any) -> Any:
        return TypeAdapter(annotation).core_schema

    inputs: list[tuple[ModelField, Any, Any]] = [
        (one, one.mode, core_schema(one.field_info.annotation)) for one in fields
    ]
    expected, expected_definitions = GenerateJsonSchema(ref_template=REF_TEMPLATE).generate_definitions(inputs)
    assert definitions == expected_definitions
    assert {one: schemas[one] for one in fields} == {one: expected[one, one.mode] for one in fields}


def test_an_own_title_stays_and_a_reference_gets_none() -> None:
    class Thing(BaseModel):
        a: int = Field(title="Own")

    plain, own, model = field("some_name", int), field("x", int), field("thing", Thing)
    own.field_info.title = "Own"
    schemas, definitions = schema_definitions([plain, own, model])
    assert field_schema(plain, schemas)["title"] == "Some Name"
    assert field_schema(plain, schemas, name="other_name")["title"] == "Other Name"
    assert field_schema(own, schemas)["title"] == "Own"
    assert field_schema(model, schemas) == {"$ref": "#/components/schemas/Thing"}
    assert definitions["Thing"]["properties"]["a"]["title"] == "Own"


def test_bytes_have_a_media_type_and_the_encoding_of_their_model() -> None:
    class Raw(BaseModel):
        data: bytes = Field(max_length=3)

    class Encoded(BaseModel):
        data: bytes

        model_config = {"val_json_bytes": "base64"}

    _, definitions = schema_definitions([field("raw", Raw), field("encoded", Encoded)])
    raw, encoded = (definitions[name]["properties"]["data"] for name in ("Raw", "Encoded"))
    assert raw == {
        "type": "string",
        "contentMediaType": "application/octet-stream",
        "maxLength": 3,
        "title": "Data",
    }
    assert encoded["contentEncoding"] == "base64"


def test_the_document_does_not_keep_adapters_alive_that_nobody_else_needs() -> None:
    fresh = field("fresh", list[int])
    vars(fresh).pop("_type_adapter", None)
    schema_definitions([fresh])
    assert "_type_adapter" not in vars(fresh)


def test_what_is_said_of_a_model_in_a_signature_is_told_beside_it() -> None:
    class Said(BaseModel):
        name: str

    app = FastLayer()

    @app.post("/bare")
    def bare(said: Said) -> Said:
        return said

    @app.post("/told")
    def told(said: Annotated[Said, Body(description="Told")]) -> None: ...

    @app.post("/left-out")
    def left_out(said: Said = Said(name="x")) -> None: ...

    def body(path: str) -> dict[str, Any]:
        schema: dict[str, Any] = app.openapi()["paths"][path]["post"]["requestBody"]["content"]["application/json"]
        return schema["schema"]

    reference = {"$ref": "#/components/schemas/Said"}
    assert body("/bare") == reference
    assert body("/told") == {**reference, "description": "Told"}
    assert body("/left-out") == {**reference, "default": {"name": "x"}}


class TellsItself(QueryMarker):  # type: ignore[misc]  # FieldInfo is final, and its markers are subclassed
    """A parameter that describes itself; the alias of the marker is not in what the others compare."""

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: Any, handler: Any) -> dict[str, Any]:
        return {"type": "string", "format": "told"}


def test_values_that_are_equal_in_python_but_not_in_json_are_described_apart() -> None:
    app = FastLayer()

    @app.get("/")
    def read(
        one: Annotated[int | bool, Query()] = 1,
        true: Annotated[int | bool, Query()] = True,
        turned: Annotated[bool | int, Query()] = True,
        short: Annotated[str, Query(max_length=2)] = "",
        long: Annotated[str, Query(max_length=9)] = "",
        unhashable: Annotated[list[int], Query()] = [],  # noqa: B006
    ) -> None: ...

    parameters = app.openapi()["paths"]["/"]["get"]["parameters"]
    schemas = {parameter["name"]: json.dumps(parameter["schema"]) for parameter in parameters}
    assert '"default": 1' in schemas["one"]
    assert '"default": true' in schemas["true"]
    assert schemas["turned"].index("boolean") < schemas["turned"].index("integer")
    assert ('"maxLength": 2' in schemas["short"], '"maxLength": 9' in schemas["long"]) == (True, True)
    assert '"default": []' in schemas["unhashable"]


def test_a_marker_that_tells_its_own_schema_is_asked() -> None:
    app = FastLayer()

    @app.get("/")
    def read(plain: Annotated[str, Query()], own: Annotated[str, TellsItself()]) -> None: ...

    plain, own = (one["schema"] for one in app.openapi()["paths"]["/"]["get"]["parameters"])
    assert (plain, own) == ({"type": "string", "title": "Plain"}, {"type": "string", "format": "told", "title": "Own"})


def test_what_one_route_adds_to_an_answer_is_not_told_of_others_like_it() -> None:
    app = FastLayer()
    items = {"schema": {"items": {"description": "Only here"}}}

    @app.get("/more", responses={200: {"content": {"application/json": items}}})
    def more() -> list[str]: ...  # type: ignore[empty-body]

    @app.get("/plain")
    def plain() -> list[str]: ...  # type: ignore[empty-body]

    def answer(path: str) -> Any:
        return app.openapi()["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]

    assert answer("/more")["items"] == {"type": "string", "description": "Only here"}
    assert answer("/plain")["items"] == {"type": "string"}
