"""Parameters by place: names, groups, alias choices, JSON text, defaults, and the order of errors."""

from typing import Annotated, Any

import pytest
from pydantic import AliasChoices, AliasPath, BaseModel, ConfigDict, Field, Json
from starlette.datastructures import FormData, Headers, QueryParams

from fastlayer import Body, Cookie, FastLayer, Form, Header, Path, Query
from fastlayer.dependencies.analysis import get_dependant
from fastlayer.execution.extraction import request_body_to_args, request_params_to_args

from ..in_memory import Answer, call

pytestmark = pytest.mark.anyio


def places(answer: Answer) -> list[tuple[str, list[Any]]]:
    assert answer.status == 422, answer.text
    return [(error["type"], error["loc"]) for error in answer.json()["detail"]]


class Filters(BaseModel):
    term: str
    tags: list[str] = []
    page_size: int = 10


@pytest.mark.parametrize("place", ["query", "cookie"])
async def test_a_group_reads_its_fields_from_one_place(place: str) -> None:
    app = FastLayer()
    marker: Any = Query() if place == "query" else Cookie()

    @app.get("/")
    async def endpoint(filters: Annotated[Filters, marker], term: Annotated[str, marker]) -> Any:
        return [filters, term]

    if place == "query":
        answer = await call(app, query="term=a&tags=b&tags=c&page_size=5")
        assert answer.json() == [{"term": "a", "tags": ["b", "c"], "page_size": 5}, "a"]
    else:
        answer = await call(app, headers={"cookie": "term=a; page_size=5"})
        assert answer.json() == [{"term": "a", "tags": [], "page_size": 5}, "a"]


async def test_header_groups_read_hyphens_for_underscores_and_say_so_in_errors() -> None:
    app = FastLayer()

    class Client(BaseModel):
        x_name: str
        x_tags: list[str] = Field([], alias="X-Tags")

    @app.get("/")
    async def endpoint(client: Annotated[Client, Header()]) -> Any:
        return client

    @app.get("/literal")
    async def literal(client: Annotated[Client, Header(convert_underscores=False)]) -> Any:
        return client

    headers = [(b"x-name", b"a"), (b"x-tags", b"1"), (b"x-tags", b"2"), (b"x_name", b"b")]
    assert (await call(app, scope={"headers": headers})).json() == {"x_name": "a", "X-Tags": ["1", "2"]}
    assert (await call(app, "/literal", scope={"headers": headers})).json() == {"x_name": "b", "X-Tags": ["1", "2"]}
    assert places(await call(app, headers={"x_name": "b"})) == [("missing", ["header", "x-name"])]
    assert places(await call(app, "/literal", headers={"x-name": "b"})) == [("missing", ["header", "x_name"])]


async def test_an_optional_group_is_absent_unless_one_of_its_names_is_there() -> None:
    app = FastLayer()
    default = Filters(term="default")

    @app.get("/")
    async def endpoint(filters: Annotated[Filters | None, Query()] = default, other: int = 1) -> Any:
        if filters is not None:
            filters.tags.append("changed")
        return filters

    for _ in range(2):  # the default is copied for each request
        assert (await call(app, query="other=2")).json()["tags"] == ["changed"]
    assert default.tags == []
    assert places(await call(app, query="tags=a")) == [("missing", ["query", "term"])]


async def test_a_group_that_may_not_be_null_is_validated_even_without_input() -> None:
    app = FastLayer()

    class Settings(BaseModel):
        level: int = 1

    @app.get("/")
    async def endpoint(settings: Annotated[Settings, Query()] = Settings(level=7)) -> Any:
        return settings

    assert (await call(app)).json() == {"level": 1}


@pytest.mark.parametrize("extra", ["ignore", "allow", "forbid"])
async def test_groups_see_what_they_do_not_declare(extra: Any) -> None:
    app = FastLayer()

    class Open(BaseModel):
        model_config = ConfigDict(extra=extra)
        term: str = ""

    @app.get("/")
    async def endpoint(group: Annotated[Open, Query()], n: int = 0) -> Any:
        return group

    answer = await call(app, query="term=a&n=1&more=2&more=3")
    if extra == "forbid":
        assert places(answer) == [("extra_forbidden", ["query", "n"]), ("extra_forbidden", ["query", "more"])]
    else:
        assert answer.json() == {"term": "a"} | ({"n": "1", "more": ["2", "3"]} if extra == "allow" else {})


async def test_aliases_of_groups() -> None:
    app = FastLayer()

    class Model(BaseModel):
        model_config = ConfigDict(populate_by_name=True)
        chosen: list[int] = Field(validation_alias=AliasChoices("first", "second"))
        item: int = Field(0, validation_alias=AliasPath("items", 1))

    class ByName(BaseModel):
        model_config = ConfigDict(validate_by_alias=False, validate_by_name=True)
        value: int = Field(0, alias="other")

    @app.get("/")
    async def endpoint(model: Annotated[Model, Query()], by_name: Annotated[ByName, Query()]) -> Any:
        return [model.chosen, model.item, by_name.value]

    assert (await call(app, query="second=1&second=2&items=7&items=8&value=3")).json() == [[1, 2], 8, 3]
    assert (await call(app, query="chosen=1&other=4")).json() == [[1], 0, 0]
    assert places(await call(app, query="second=x&chosen=1")) == [("int_parsing", ["query", "second", 0])]


async def test_alias_choices_of_a_parameter_are_tried_in_order() -> None:
    app = FastLayer()

    @app.get("/")
    async def endpoint(
        n: Annotated[int, Query(alias="ignored", validation_alias=AliasChoices("first", "second"))],
        x: Annotated[int, Query(validation_alias=AliasPath("items", 0))] = 0,
    ) -> Any:
        return [n, x]

    assert (await call(app, query="second=2&first=1&x=5")).json() == [1, 5]
    assert places(await call(app, query="second=x")) == [("int_parsing", ["query", "second"])]
    assert places(await call(app, query="ignored=1&n=1")) == [("missing", ["query", "first"])]


async def test_the_path_has_no_choices_of_names() -> None:
    app = FastLayer()

    @app.get("/{n}")
    async def endpoint(n: Annotated[int, Path(validation_alias=AliasChoices("first", "second"))]) -> Any:
        return n

    assert (await call(app, "/3")).json() == 3
    assert places(await call(app, "/x")) == [("int_parsing", ["path", "n"])]


CHOICES = AliasChoices("plain", AliasPath("deep", "er"))


@pytest.mark.parametrize("alias", [CHOICES, AliasPath("plain")])
async def test_choices_with_paths_are_no_names_of_a_body_parameter(alias: Any) -> None:
    app = FastLayer()

    @app.post("/")
    async def endpoint(n: Annotated[int, Body(embed=True, validation_alias=alias)] = 0) -> Any:
        return n

    assert (await call(app, "/", "POST", data={"n": 1, "plain": 2})).json() == 1
    assert (await call(app, "/", "POST", data={"plain": 2})).json() == 0


async def test_an_empty_cookie_is_no_list() -> None:
    app = FastLayer()

    @app.get("/")
    async def endpoint(many: Annotated[list[int], Cookie()], more: Annotated[set[str] | None, Cookie()] = None) -> Any:
        return [many, more]

    assert places(await call(app, headers={"cookie": "many=; more="})) == [("missing", ["cookie", "many"])]
    assert places(await call(app, headers={"cookie": "many=1; more=a"})) == [
        ("list_type", ["cookie", "many"]),
        ("set_type", ["cookie", "more"]),
    ]


async def test_json_text_is_one_value_also_where_it_may_be_absent() -> None:
    app = FastLayer()

    @app.get("/")
    async def endpoint(
        a: Annotated[Json[list[int]], Query()],
        b: Annotated[Json[list[int]] | None, Query()] = None,
        c: Annotated[Json[Filters] | None, Header()] = None,
    ) -> Any:
        return [a, b, c and c.term]

    headers = {"c": '{"term": "t"}'}
    assert (await call(app, query="a=[1]&b=[2,3]", headers=headers)).json() == [[1], [2, 3], "t"]
    assert (await call(app, query="a=[]")).json() == [[], None, None]
    assert places(await call(app, query="a=[1]&b=x")) == [("json_invalid", ["query", "b"])]
    assert places(await call(app, query="a=")) == [("missing", ["query", "a"])]


async def test_errors_come_by_place_in_the_fixed_order() -> None:
    app = FastLayer()

    class Model(BaseModel):
        n: int

    @app.post("/{p}")
    async def endpoint(
        body: Annotated[int, Body()],
        c: Annotated[int, Cookie()],
        h: Annotated[Model, Header()],
        q: Annotated[Model, Query()],
        p: Annotated[int, Path()],
    ) -> None: ...

    answer = await call(app, "/x", "POST", data="x", query="n=x", headers={"n": "x", "cookie": "c=x"})
    assert [error["loc"] for error in answer.json()["detail"]] == [
        ["path", "p"],
        ["query", "n"],
        ["header", "n"],
        ["cookie", "c"],
        ["body"],
    ]


async def test_defaults_are_made_anew_and_validated_where_asked() -> None:
    app = FastLayer()

    @app.get("/")
    async def endpoint(
        made: Annotated[list[int], Query(default_factory=list)],
        fine: Annotated[int, Query(ge=5)] = 1,
    ) -> Any:
        made.append(1)
        return [made, fine]

    @app.get("/validated")
    async def validated(wrong: Annotated[int, Query(ge=5, validate_default=True)] = 1) -> None: ...

    for _ in range(2):
        assert (await call(app)).json() == [[1], 1]
    assert places(await call(app, "/validated")) == [("greater_than_equal", ["query", "wrong"])]


async def test_reading_a_place_takes_one_pass_however_many_names_arrive() -> None:
    def endpoint(group: Annotated[Filters, Query()], n: int = 0) -> None: ...

    fields = get_dependant(path="/", call=endpoint).query_params
    received = QueryParams([("term", "a"), *((f"unused-{index}", "") for index in range(500))])

    class Counting(list[Any]):
        visited = 0

        def __iter__(self) -> Any:
            for item in super().__iter__():
                Counting.visited += 1
                yield item

    received._list = Counting(received._list)
    values, errors = request_params_to_args(fields, received)
    assert (values["group"].term, errors) == ("a", [])
    assert Counting.visited <= 2 * 501


async def test_the_functions_by_the_names_others_call_them() -> None:
    def endpoint(x_a: Annotated[str, Header()], m: Annotated[int, Body()], n: Annotated[int, Body()] = 2) -> None: ...

    dependant = get_dependant(path="/", call=endpoint)
    assert request_params_to_args(dependant.header_params, Headers({"X-A": "v"})) == ({"x_a": "v"}, [])
    assert request_params_to_args(dependant.header_params, Headers({}))[1][0]["loc"] == ("header", "x-a")
    read = request_body_to_args
    assert await read(dependant.body_params, {"m": 1}, True) == ({"m": 1, "n": 2}, [])
    assert (await read(dependant.body_params, None, True))[1][0]["loc"] == ("body", "m")

    def form(n: Annotated[list[int], Form()]) -> None: ...

    fields = get_dependant(path="/", call=form).body_params
    assert await read(fields, FormData([("n", "1"), ("n", "2")]), True) == ({"n": [1, 2]}, [])
