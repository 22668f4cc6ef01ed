"""Documents of whole applications."""

import warnings
from collections.abc import AsyncIterable
from typing import Annotated, Any, Literal

import pytest
from pydantic import AliasChoices, AliasPath, BaseModel, ConfigDict, Field, computed_field

from fastlayer import APIRouter, Body, Depends, FastLayer, Form, Header, Path, Query, Security, UploadFile
from fastlayer.openapi.utils import get_openapi
from fastlayer.responses import EventSourceResponse, HTMLResponse, RedirectResponse
from fastlayer.security import APIKeyHeader, OAuth2PasswordBearer


class Item(BaseModel):
    """An item.\fNot for readers of the document."""

    name: str
    price: float = Field(gt=0)
    note: str | None = None


def operation(app: FastLayer, path: str, method: str = "get") -> dict[str, Any]:
    described: dict[str, Any] = app.openapi()["paths"][path][method]
    return described


def test_an_app_says_what_it_is() -> None:
    app = FastLayer(
        title="Shop",
        version="2",
        summary="Sells",
        description="Things",
        terms_of_service="https://a.example/terms",
        contact={"name": "Ann", "url": "https://a.example"},
        license_info={"name": "MIT", "identifier": "MIT"},
        servers=[{"url": "/v2"}],
        openapi_tags=[{"name": "t", "externalDocs": {"url": "https://a.example"}}],
        openapi_external_docs={"url": "https://a.example/docs"},
    )
    assert app.openapi() == {
        "openapi": "3.1.0",
        "info": {
            "title": "Shop",
            "summary": "Sells",
            "description": "Things",
            "termsOfService": "https://a.example/terms",
            "contact": {"name": "Ann", "url": "https://a.example/"},
            "license": {"name": "MIT", "identifier": "MIT"},
            "version": "2",
        },
        "servers": [{"url": "/v2"}],
        "paths": {},
        "tags": [{"name": "t", "externalDocs": {"url": "https://a.example/"}}],
        "externalDocs": {"url": "https://a.example/docs"},
    }


def test_an_operation_has_its_parameters_and_body_and_answers() -> None:
    app = FastLayer()

    @app.put("/items/{item_id}", tags=["items"], deprecated=True)
    def replace_item(
        item_id: int, item: Item, x_token: Annotated[str, Header(description="Who")], q: str = "a"
    ) -> Item:
        """Replace it.\fSecret."""
        return item

    assert operation(app, "/items/{item_id}", "put") == {
        "tags": ["items"],
        "summary": "Replace Item",
        "description": "Replace it.",
        "operationId": "replace_item_items__item_id__put",
        "deprecated": True,
        "parameters": [
            {"name": "item_id", "in": "path", "required": True, "schema": {"type": "integer", "title": "Item Id"}},
            {"name": "q", "in": "query", "required": False, "schema": {"type": "string", "default": "a", "title": "Q"}},
            {
                "name": "x-token",
                "in": "header",
                "required": True,
                "description": "Who",
                "schema": {"type": "string", "description": "Who", "title": "X-Token"},
            },
        ],
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Item"}}},
        },
        "responses": {
            "200": {
                "description": "Successful Response",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Item"}}},
            },
            "422": {
                "description": "Validation Error",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/HTTPValidationError"}}},
            },
        },
    }
    schemas = app.openapi()["components"]["schemas"]
    assert list(schemas) == ["HTTPValidationError", "Item", "ValidationError"]
    assert schemas["Item"]["description"] == "An item."
    assert schemas["Item"]["properties"]["note"] == {"anyOf": [{"type": "string"}, {"type": "null"}], "title": "Note"}


def test_parameters_come_from_the_whole_tree_and_a_required_one_wins() -> None:
    app = FastLayer()

    def page(limit: int, offset: int = 0) -> None: ...

    @app.get("/", dependencies=[Depends(page)])
    def read(limit: str = "all", hidden: Annotated[int, Query(include_in_schema=False)] = 0) -> None: ...

    found = operation(app, "/")["parameters"]
    assert [(one["name"], one["required"], one["schema"]["type"]) for one in found] == [
        ("limit", True, "integer"),
        ("offset", False, "integer"),
    ]


def test_a_model_of_parameters_stands_for_its_fields() -> None:
    app = FastLayer()

    class Page(BaseModel):
        max_size: int = 10
        sort_by: Literal["a", "b"] = Field(alias="sort", deprecated=True, exclude=True)

    @app.get("/query")
    def query(page: Annotated[Page, Query()]) -> None: ...

    @app.get("/header")
    def header(page: Annotated[Page, Header()]) -> None: ...

    @app.get("/optional")
    def optional(page: Annotated[Page | None, Query()] = None) -> None: ...

    def names(path: str) -> list[tuple[str, bool]]:
        return [(one["name"], one["required"]) for one in operation(app, path)["parameters"]]

    assert names("/query") == [("max_size", False), ("sort", True)]
    assert names("/header") == [("max-size", False), ("sort", True)]
    assert names("/optional") == [("max_size", False), ("sort", False)]
    assert operation(app, "/query")["parameters"][1]["deprecated"] is True
    assert "Page" not in app.openapi()["components"]["schemas"]


def test_a_parameter_is_named_by_its_first_alias_unless_a_path_is_among_them() -> None:
    class Filters(BaseModel):
        first: int = Field(1, validation_alias=AliasChoices("a", "b"))
        path: int = Field(1, validation_alias=AliasPath("c", 0))
        either: int = Field(1, validation_alias=AliasChoices("d", AliasPath("e", 0)))

    app = FastLayer()

    @app.get("/")
    def read(filters: Annotated[Filters, Query()]) -> None: ...

    assert [one["name"] for one in operation(app, "/")["parameters"]] == ["a", "path", "either"]


def test_a_parameter_is_listed_under_the_name_it_is_read_by() -> None:
    app = FastLayer()
    plain, mixed = AliasChoices("first", "second"), AliasChoices("first", AliasPath("deep", "er"))

    @app.get("/{place}")
    def endpoint(
        place: Annotated[int, Path(validation_alias=plain)],
        one: Annotated[int, Query(validation_alias=plain)],
        two: Annotated[int, Query(validation_alias=mixed)],
        three: Annotated[int, Query(validation_alias="read", serialization_alias="written")],
    ) -> None: ...

    @app.post("/")
    def create(number: Annotated[int, Body(validation_alias="read")]) -> None: ...

    listed = operation(app, "/{place}")["parameters"]
    assert [parameter["name"] for parameter in listed] == ["place", "first", "two", "read"]
    body = operation(app, "/", "post")["requestBody"]["content"]["application/json"]
    assert body["schema"] == {"type": "integer", "title": "Read"}


def test_a_diamond_of_dependencies_is_walked_once() -> None:
    app = FastLayer()
    below: Any = None
    calls = []
    for depth in range(40):

        def level(left: None = Depends(below), right: None = Depends(below), q: int = depth) -> None: ...

        def bottom(q: int) -> None: ...

        below = level if depth else bottom
        calls.append(below)

    @app.get("/")
    def read(top: None = Depends(below)) -> None: ...

    assert [one["name"] for one in operation(app, "/")["parameters"]] == ["q"]


def test_schemes_are_listed_once_with_all_their_scopes() -> None:
    app = FastLayer()
    oauth2 = OAuth2PasswordBearer("token", scopes={"read": "Read"})
    key = APIKeyHeader(name="X-Key")

    def user(token: str = Security(oauth2, scopes=["read"])) -> None: ...

    @app.get("/", dependencies=[Security(oauth2, scopes=["extra"])])
    def read(who: None = Security(user, scopes=["me"]), key: str = Depends(key)) -> None: ...

    # Dependencies of the decorator come first.
    assert operation(app, "/")["security"] == [
        {"OAuth2PasswordBearer": ["extra", "me", "read"]},
        {"APIKeyHeader": []},
    ]
    assert app.openapi()["components"]["securitySchemes"] == {
        "OAuth2PasswordBearer": {
            "type": "oauth2",
            "flows": {"password": {"scopes": {"read": "Read"}, "tokenUrl": "token"}},
        },
        "APIKeyHeader": {"type": "apiKey", "in": "header", "name": "X-Key"},
    }


def test_the_body_has_the_media_type_of_its_fields() -> None:
    app = FastLayer()

    @app.post("/form")
    def form(name: Annotated[str, Form()]) -> None: ...

    @app.post("/upload")
    def upload(file: UploadFile) -> None: ...

    @app.post("/several")
    def several(item: Item, count: Annotated[int, Body()] = 1) -> None: ...

    @app.post("/maybe")
    def maybe(item: Item | None = None) -> None: ...

    def content(path: str) -> dict[str, Any]:
        described: dict[str, Any] = operation(app, path, "post")["requestBody"]["content"]
        return described

    assert list(content("/form")) == ["application/x-www-form-urlencoded"]
    assert list(content("/upload")) == ["multipart/form-data"]
    assert content("/several") == {
        "application/json": {"schema": {"$ref": "#/components/schemas/Body_several_several_post"}}
    }
    assert "required" not in operation(app, "/maybe", "post")["requestBody"]
    body = app.openapi()["components"]["schemas"]["Body_upload_upload_post"]
    assert body["properties"]["file"] == {
        "type": "string",
        "contentMediaType": "application/octet-stream",
        "title": "File",
    }


def test_answers_follow_the_response_class() -> None:
    app = FastLayer()

    @app.get("/html", response_class=HTMLResponse)
    def html() -> str:
        raise NotImplementedError

    @app.get("/elsewhere", response_class=RedirectResponse)
    def elsewhere() -> Any: ...

    @app.delete("/nothing", status_code=204)
    def nothing() -> None: ...

    assert operation(app, "/html")["responses"]["200"]["content"] == {"text/html": {"schema": {"type": "string"}}}
    assert operation(app, "/elsewhere")["responses"] == {"307": {"description": "Successful Response"}}
    assert operation(app, "/nothing", "delete")["responses"] == {"204": {"description": "Successful Response"}}


def test_more_answers_are_merged_with_the_main_one() -> None:
    app = FastLayer()
    responses: dict[int | str, dict[str, Any]] = {
        200: {"description": "Found", "content": {"image/png": {}}},
        404: {"model": Item},
        "5xx": {"headers": {"Retry-After": {"schema": {"type": "integer"}}}},
        "default": {"description": "Else", "x-null": None},
    }

    @app.get("/", responses=responses)
    def read(q: int) -> Item:
        raise NotImplementedError

    assert operation(app, "/")["responses"] == {
        "200": {
            "description": "Found",
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Item"}}, "image/png": {}},
        },
        "404": {
            "description": "Not Found",
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Item"}}},
        },
        "5XX": {"description": "Server Error", "headers": {"Retry-After": {"schema": {"type": "integer"}}}},
        "default": {"description": "Else"},
    }
    assert responses[200] == {"description": "Found", "content": {"image/png": {}}}, "the user's own dict is unchanged"


def test_streams_describe_their_items() -> None:
    app = FastLayer()

    @app.get("/events", response_class=EventSourceResponse)
    async def events() -> AsyncIterable[Item]:
        yield Item(name="a", price=1)

    @app.get("/lines")
    async def lines() -> AsyncIterable[Item]:
        yield Item(name="a", price=1)

    reference = {"$ref": "#/components/schemas/Item"}
    assert operation(app, "/lines")["responses"]["200"]["content"] == {"application/jsonl": {"itemSchema": reference}}
    event = operation(app, "/events")["responses"]["200"]["content"]["text/event-stream"]["itemSchema"]
    assert event["required"] == ["data"]
    assert event["properties"]["data"] == {
        "type": "string",
        "contentMediaType": "application/json",
        "contentSchema": reference,
    }


def test_inputs_and_outputs_are_split_only_where_they_differ() -> None:
    class Same(BaseModel):
        a: int

    class Differs(BaseModel):
        a: int = 1
        same: Same

        model_config = ConfigDict(json_schema_serialization_defaults_required=True)

    class Computed(BaseModel):
        a: int

        @computed_field  # type: ignore[prop-decorator]  # mypy does not know decorated properties
        @property
        def b(self) -> int:
            return 2

    def build(separate: bool) -> list[str]:
        app = FastLayer(separate_input_output_schemas=separate)

        @app.post("/")
        def write(differs: Differs, computed: Computed) -> tuple[Differs, Computed]:
            raise NotImplementedError

        @app.post("/alone")
        def alone(differs: Differs) -> Differs:
            raise NotImplementedError

        names = list(app.openapi()["components"]["schemas"])
        return [name for name in names if not name.startswith(("Body", "HTTP", "Valid"))]

    assert build(separate=True) == ["Computed-Input", "Computed-Output", "Differs-Input", "Differs-Output", "Same"]
    # An output with computed fields keeps its own schemas, also of what stands beside it.
    assert build(separate=False) == ["Computed-Input", "Computed-Output", "Differs-Input", "Differs-Output", "Same"]


def test_extra_is_merged_deeply_and_lists_are_joined() -> None:
    app = FastLayer()
    extra = {"parameters": [{"name": "z", "in": "query", "schema": {}}], "responses": {"200": {"x-a": 1}}, "x-b": None}

    @app.get("/", openapi_extra=extra)
    def read(q: int = 1) -> None: ...

    assert [one["name"] for one in operation(app, "/")["parameters"]] == ["q", "z"]
    assert operation(app, "/")["responses"]["200"]["x-a"] == 1
    assert "x-b" not in operation(app, "/")
    assert extra["responses"] == {"200": {"x-a": 1}}


def test_callbacks_and_webhooks_are_described() -> None:
    app = FastLayer()
    callbacks = APIRouter()

    @callbacks.post("{$callback_url}/paid")
    def paid(item: Item) -> None: ...

    @app.post("/pay", callbacks=callbacks.routes)
    def pay() -> None: ...

    @app.webhooks.post("shipped")
    def shipped(item: Item) -> None: ...

    called = operation(app, "/pay", "post")["callbacks"]["paid"]["{$callback_url}/paid"]["post"]
    assert called["operationId"] == "paid__callback_url__paid_post"
    assert called["requestBody"]["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/Item"}
    assert app.openapi()["webhooks"]["shipped"]["post"]["summary"] == "Shipped"


@pytest.mark.invalid_document("operation ids must be unique")
def test_an_operation_id_that_is_taken_is_warned_of() -> None:
    app = FastLayer()

    @app.get("/a", operation_id="same")
    def first() -> None: ...

    @app.get("/b", operation_id="same")
    def second() -> None: ...

    with pytest.warns(UserWarning, match=r"Duplicate Operation ID same: second .*test_document.*GET /b"):
        app.openapi()


def test_what_is_not_to_be_listed_is_not() -> None:
    app = FastLayer()

    @app.get("/", include_in_schema=False)
    def read(item: Item) -> None: ...

    app.mount("/sub", FastLayer())
    assert app.openapi()["paths"] == {}
    assert "components" not in app.openapi()


def test_a_document_can_be_made_without_an_app() -> None:
    router = APIRouter(prefix="/a")

    @router.get("/")
    def read() -> None: ...

    document = get_openapi(title="A", version="1", routes=router.routes)
    assert list(document["paths"]) == ["/a/"]


def test_values_beyond_json_are_written_as_the_api_would_write_them() -> None:
    from datetime import date
    from enum import Enum

    class Kind(Enum):
        good = "good"

    app = FastLayer()

    @app.get("/", tags=[Kind.good], openapi_extra={"x-day": date(2020, 1, 2), "x-kinds": {Kind.good}})
    def read() -> None: ...

    described = operation(app, "/")
    assert (described["tags"], described["x-day"], described["x-kinds"]) == (["good"], "2020-01-02", ["good"])


def test_no_warning_is_given_for_an_ordinary_app() -> None:
    app = FastLayer()

    @app.get("/")
    def read(item: Annotated[Item, Body()]) -> Item:
        raise NotImplementedError

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        app.openapi()
