"""Results -> answers: response models, classes, statuses, what was injected."""

import warnings
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from enum import IntEnum
from http import HTTPStatus
from types import SimpleNamespace
from typing import Annotated, Any, Generic, TypeVar

import pytest
from pydantic import BaseModel, ConfigDict, Field, field_serializer
from typing_extensions import TypedDict

from fastlayer import BackgroundTasks, Body, Depends, FastLayer, FastLayerError, Request, Response
from fastlayer.exceptions import ResponseValidationError
from fastlayer.responses import (
    FileResponse,
    HTMLResponse,
    JSONResponse,
    ORJSONResponse,
    PlainTextResponse,
    RedirectResponse,
    StreamingResponse,
)
from fastlayer.sse import EventSourceResponse, ServerSentEvent
from fastlayer.testclient import TestClient

from ..in_memory import Answer, call

pytestmark = pytest.mark.anyio
T = TypeVar("T")


class Item(BaseModel):
    name: str
    price: float = 1.5
    note: Annotated[str | None, Field(serialization_alias="theNote", validation_alias="theNote")] = None


class Stored(Item):
    password: str = "secret"


class Page(BaseModel, Generic[T]):
    items: list[T]


class Tree(BaseModel):
    name: str
    children: list["Tree"] = []


@dataclass
class Data:
    name: str


class Typed(TypedDict):
    name: str


async def get(result: Any, **options: Any) -> Answer:
    """What an endpoint that returns this, or calls it, is answered with."""
    app = FastLayer()

    @app.get("/", **options)
    async def endpoint(response: Response) -> Any:
        return result

    return await call(app)


FULL = {"name": "a", "price": 1.5, "theNote": None}


@pytest.mark.parametrize(
    "result",
    [
        Item(name="a"),
        Stored(name="a"),
        {"name": "a", "password": "secret"},
        SimpleNamespace(name="a", price=1.5, theNote=None, password="secret"),
        Item.model_construct(name="a", price=1.5),
    ],
)
async def test_a_response_model_lets_out_only_its_fields(result: Any) -> None:
    assert (await get(result, response_model=Item)).json() == FULL
    assert (await get(result, response_model=Item, response_class=type("Own", (JSONResponse,), {}))).json() == FULL
    assert (await get(result, response_model=Item, response_class=ORJSONResponse)).json() == FULL


@pytest.mark.parametrize(
    ("model", "result", "expected"),
    [
        (list[Item], [Stored(name="a")], [FULL]),
        (dict[str, Item], {"k": Stored(name="a")}, {"k": FULL}),
        (Item | Data, Stored(name="a"), FULL),
        (Page[Item], Page(items=[{"name": "a"}]), {"items": [FULL]}),
        (Page[Item], {"items": [Stored(name="a")]}, {"items": [FULL]}),
        (Item | None, None, None),
        (Data, {"name": "a", "more": 1}, {"name": "a"}),
        (Data, Data("a"), {"name": "a"}),
        (Typed, {"name": "a"}, {"name": "a"}),
        (Tree, Tree(name="a", children=[Tree(name="b")]), {"name": "a", "children": [{"name": "b", "children": []}]}),
        (int, 3, 3),
        (str, "3", "3"),
        (bytes, b"a", "a"),
        (None, Stored(name="a"), {**FULL, "password": "secret"}),
    ],
)
async def test_all_kinds_of_models_answer(model: Any, result: Any, expected: Any) -> None:
    answer = await get(result, response_model=model)
    assert answer.json() == expected
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["content-length"] == str(len(answer.body))


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"response_model_exclude_unset": True}, {"name": "a"}),
        ({"response_model_exclude_defaults": True}, {"name": "a"}),
        ({"response_model_exclude_none": True}, {"name": "a", "price": 1.5}),
        ({"response_model_include": {"name", "price"}}, {"name": "a", "price": 1.5}),
        ({"response_model_exclude": {"price"}}, {"name": "a", "theNote": None}),
        ({"response_model_by_alias": False}, {"name": "a", "price": 1.5, "note": None}),
        ({"response_model_include": ["name"]}, {"name": "a"}),
    ],
)
@pytest.mark.parametrize("cls", [JSONResponse, ORJSONResponse, type("Own", (JSONResponse,), {})])
async def test_the_options_of_a_response_model_choose_what_is_written(options: Any, expected: Any, cls: Any) -> None:
    assert (await get(Item(name="a"), response_model=Item, response_class=cls, **options)).json() == expected


@pytest.mark.parametrize(
    ("model", "result", "loc"),
    [
        (Item, {"price": 1}, ("response", "name")),
        (list[Item], [{"name": 1}], ("response", 0, "name")),
        (int, "x", ("response",)),
        (Item, Item.model_construct(name=5), ("response", "name")),
    ],
)
@pytest.mark.parametrize("cls", [JSONResponse, type("Own", (JSONResponse,), {})])
async def test_a_wrong_value_is_a_server_error_that_names_endpoint_and_field(
    model: Any, result: Any, loc: Any, cls: Any
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        answer = await get(result, response_model=model, response_class=cls)
    error = answer.raised
    assert answer.status == 500
    assert isinstance(error, ResponseValidationError)
    assert error.errors()[0]["loc"] == loc
    assert error.body is result or error.body == result
    assert "in endpoint" in str(error)
    assert __file__ in str(error)
    assert "GET /" in str(error)


async def test_an_instance_whose_serializer_fails_is_a_server_error() -> None:
    class Fails(BaseModel):
        name: str

        @field_serializer("name")
        def broken(self, value: str) -> str:
            raise KeyError(value)

    answer = await get(Fails(name="a"), response_model=Fails)
    assert answer.status == 500
    assert isinstance(answer.raised, ResponseValidationError)
    assert answer.raised.errors()[0]["type"] == "serialization_error"


async def test_a_model_that_revalidates_its_instances_is_validated() -> None:
    class Strict(BaseModel):
        model_config = ConfigDict(revalidate_instances="always")
        name: str

    assert (await get(Strict(name="a"), response_model=Strict)).json() == {"name": "a"}
    answer = await get(Strict.model_construct(name=3), response_model=Strict)
    assert isinstance(answer.raised, ResponseValidationError)


def test_a_type_that_cannot_be_a_model_is_refused_at_registration() -> None:
    app = FastLayer()

    class Odd:
        pass

    with pytest.raises(FastLayerError, match="response_model=None"):

        @app.get("/")
        def endpoint() -> Odd:
            return Odd()


def test_a_status_without_body_refuses_a_model() -> None:
    app = FastLayer()
    with pytest.raises(FastLayerError, match="Status code 204 must not have a response body") as info:
        app.get("/", status_code=204, response_model=Item)(lambda: None)
    assert "Remove the model, or choose another status." in str(info.value)
    with pytest.raises(FastLayerError, match="must not have a response body"):
        app.get("/", responses={204: {"model": Item}})(lambda: None)
    with pytest.raises(FastLayerError, match="must be a dict"):
        app.get("/", responses={404: Item})(lambda: None)  # type: ignore[dict-item]  # the mistake


# --- classes and statuses ------------------------------------------------------------------------------------------


class Code(IntEnum):
    created = 201


@pytest.mark.parametrize("status", [201, Code.created, HTTPStatus.CREATED])
async def test_a_status_may_be_a_number_or_an_enum(status: Any) -> None:
    assert (await get("x", status_code=status)).status == 201


@pytest.mark.parametrize("status", [204, 205, 304])
async def test_a_status_without_body_has_none(status: int) -> None:
    answer = await get(None, status_code=status, response_model=None)
    assert (answer.status, answer.body) == (status, b"")
    assert answer.headers.get("content-length", "0") == "0"
    app = FastLayer()

    @app.get("/")
    async def endpoint(response: Response) -> Any:
        response.status_code = status

    answer = await call(app)
    assert (answer.status, answer.body) == (status, b"")
    assert answer.headers.get("content-length", "0") == "0"


@pytest.mark.parametrize(
    ("cls", "result", "content_type", "body"),
    [
        (HTMLResponse, "<p>", "text/html; charset=utf-8", b"<p>"),
        (PlainTextResponse, "x", "text/plain; charset=utf-8", b"x"),
        (JSONResponse, [1], "application/json", b"[1]"),
        (ORJSONResponse, [1], "application/json", b"[1]"),
    ],
)
async def test_the_response_class_is_given_what_the_endpoint_returned(
    cls: Any, result: Any, content_type: str, body: bytes
) -> None:
    answer = await get(result, response_class=cls, status_code=202)
    assert (answer.status, answer.headers["content-type"], answer.body) == (202, content_type, body)


async def test_a_response_class_may_have_a_status_of_its_own() -> None:
    answer = await get("/there", response_class=RedirectResponse)
    assert (answer.status, answer.headers["location"]) == (307, "/there")


async def test_a_file_is_sent(tmp_path: Any) -> None:
    path = tmp_path / "a.txt"
    path.write_text("content")
    assert (await get(str(path), response_class=FileResponse)).body == b"content"
    assert (await get(FileResponse(path))).body == b"content"


async def test_the_injected_status_picks_the_model_of_that_status() -> None:
    class Problem(BaseModel):
        reason: str

    app = FastLayer()

    @app.get("/{ok}", response_model=Item, responses={404: {"model": Problem}, "5XX": {"description": "x"}})
    async def endpoint(ok: bool, response: Response) -> Any:
        if ok:
            return {"name": "a"}
        response.status_code = 404
        return {"reason": "gone", "name": "a"}

    assert (await call(app, "/1")).json() == FULL
    answer = await call(app, "/0")
    assert (answer.status, answer.json()) == (404, {"reason": "gone"})


class Gone(BaseModel):
    reason: Annotated[str, Field(serialization_alias="theReason")]
    since: int | None = None


def by_status(**options: Any) -> FastLayer:
    app = FastLayer()

    @app.get("/{status}", response_model=Item, responses={404: {"model": Gone}, "410": {"model": Gone}}, **options)
    async def endpoint(status: int, response: Response) -> Any:
        response.status_code = status
        return {"reason": "gone", "name": "a", "password": "secret"}

    @app.get("/wrong/{status}", response_model=Item, responses={404: {"model": Gone}}, **options)
    async def wrong(status: int, response: Response) -> Any:
        response.status_code = status
        return {"name": "a"}

    return app


@pytest.mark.parametrize("status", [404, 410])
async def test_the_model_of_a_status_follows_the_routes_options_and_class(status: int) -> None:
    class Enveloped(JSONResponse):
        def render(self, content: Any) -> bytes:
            return super().render({"data": content})

    for options, expected in [
        ({}, {"theReason": "gone", "since": None}),
        ({"response_model_exclude_none": True}, {"theReason": "gone"}),
        ({"response_model_by_alias": False}, {"reason": "gone", "since": None}),
        ({"response_model_include": {"price"}}, {"theReason": "gone", "since": None}),
        ({"response_class": Enveloped}, {"data": {"theReason": "gone", "since": None}}),
    ]:
        answer = await call(by_status(**options), f"/{status}")
        assert (answer.status, answer.json()) == (status, expected)
    assert (await call(by_status(), "/403")).json() == FULL


@pytest.mark.parametrize("options", [{}, {"response_class": type("Own", (JSONResponse,), {})}])
async def test_a_value_that_does_not_fit_the_model_of_its_status_is_a_server_error(options: Any) -> None:
    answer = await call(by_status(**options), "/wrong/404")
    assert answer.status == 500
    assert isinstance(answer.raised, ResponseValidationError)
    assert answer.raised.errors()[0]["loc"] == ("response", "reason")
    assert "in wrong" in str(answer.raised)


@pytest.mark.parametrize("merge", [False, True])
async def test_injected_headers_go_on_a_returned_response_only_if_asked_for(merge: bool) -> None:
    app = FastLayer()

    @app.get("/", merge_injected=merge)
    async def endpoint(response: Response) -> Response:
        response.headers["x-injected"] = "1"
        return PlainTextResponse("own", headers={"x-own": "1"})

    answer = await call(app)
    assert answer.headers["x-own"] == "1"
    assert ("x-injected" in answer.headers) is merge


@pytest.mark.parametrize("bad", ["a\r\nx: y", "a\nb", "a\0b"])
@pytest.mark.parametrize("returned", [False, True])
async def test_a_header_that_would_split_the_response_is_refused(bad: str, returned: bool) -> None:
    app = FastLayer()

    @app.get("/")
    async def endpoint(response: Response) -> Any:
        if returned:
            return PlainTextResponse("x", headers={"x-bad": bad})
        response.headers["x-bad"] = bad
        return "x"

    answer = await call(app)
    assert answer.status == 500
    assert "x-bad" not in answer.headers


async def test_injected_headers_go_on_every_kind_of_answer() -> None:
    app = FastLayer()

    async def header(response: Response) -> None:
        response.headers["x-injected"] = "1"

    @app.get("/json", dependencies=[Depends(header)])
    async def json() -> str:
        return "x"

    @app.get("/html", dependencies=[Depends(header)], response_class=HTMLResponse)
    async def html() -> str:
        return "x"

    @app.get("/stream", dependencies=[Depends(header)])
    async def stream() -> Any:
        yield "x"

    @app.get("/sync-stream", dependencies=[Depends(header)], response_class=StreamingResponse)
    def sync_stream() -> Iterator[str]:
        yield "x"

    for path in ("/json", "/html", "/stream", "/sync-stream"):
        assert (await call(app, path)).headers["x-injected"] == "1"


async def test_background_tasks_of_dependencies_and_endpoint_are_one_list() -> None:
    app = FastLayer()
    done: list[str] = []

    def dependency(tasks: BackgroundTasks) -> None:
        tasks.add_task(done.append, "dependency")

    @app.get("/", dependencies=[Depends(dependency)])
    async def endpoint(tasks: BackgroundTasks) -> None:
        tasks.add_task(done.append, "endpoint")

    await call(app)
    assert done == ["dependency", "endpoint"]


@pytest.mark.parametrize("deep", [150, 300])
def test_any_is_written_like_no_annotation_where_pydantic_cannot(deep: int) -> None:
    app = FastLayer()

    @app.post("/annotated")
    def annotated(body: Annotated[Any, Body()]) -> Any:
        return body

    @app.post("/plain")
    def plain(body: Annotated[Any, Body()]):
        return body

    client = TestClient(app)
    headers = {"content-type": "application/json"}
    for content in (b"[" * deep + b"]" * deep, b'{"text": "\\ud800"}'):
        answers = [client.post(path, content=content, headers=headers) for path in ("/annotated", "/plain")]
        assert answers[0].status_code == answers[1].status_code == 200
        assert answers[0].content == answers[1].content


class Holder(BaseModel):
    x: Any


def echoes() -> FastLayer:
    """What came in goes out: without a type, by models, by a response class, as items, as events."""
    app = FastLayer()
    own = type("Own", (JSONResponse,), {})

    async def item(holder: Holder) -> AsyncIterator[Holder]:
        yield holder

    async def event(holder: Holder) -> AsyncIterator[ServerSentEvent]:
        yield ServerSentEvent(data=holder)
        yield ServerSentEvent(data={"x": holder.x})

    @app.post("/any")
    async def anything(holder: Holder) -> Any:
        return holder

    @app.post("/model")
    @app.post("/own", response_class=own)
    @app.post("/list", response_model=list[Holder])
    @app.post("/dict", response_model=dict[str, Any])
    async def model(holder: Holder, request: Request) -> Holder:
        result: Any = {"/list": [holder], "/dict": holder.__dict__}.get(request.url.path, holder)
        return result  # type: ignore[no-any-return]  # what each path declares

    @app.post("/own/none", response_class=own, response_model=None)
    async def untyped(holder: Holder) -> Any:
        return holder

    app.post("/items")(item)
    app.post("/events", response_class=EventSourceResponse)(item)
    app.post("/own/events", response_class=EventSourceResponse)(event)
    return app


@pytest.mark.parametrize(
    "content", [b'"\\ud800"', b'{"\\ud800":NaN}', b"[" * 300 + b"]" * 300, b"[" * 600 + b"]" * 600]
)
async def test_whatever_json_comes_in_can_go_out(content: bytes) -> None:
    expected = content.replace(b"NaN", b"null")
    for route in echoes().routes:
        path = route.path  # type: ignore[attr-defined]  # all of them are routes with a path
        if "POST" in route.methods:  # type: ignore[attr-defined]
            answer = await call(
                echoes(), path, "POST", headers={"content-type": "application/json"}, body=b'{"x":' + content + b"}"
            )
            assert (path, answer.status, answer.raised) == (path, 200, None)
            assert expected in answer.body.replace(b" ", b"")


@pytest.mark.parametrize("content_type", ["application/octet-stream", "text/plain", ""])
@pytest.mark.parametrize("content", [b"\xff\xfe", b"a\x00\xff", b"\xed\xa0\x80"])
async def test_whatever_bytes_come_in_can_go_out(content: bytes, content_type: str) -> None:
    app = FastLayer()

    @app.post("/any")
    async def anything(body: Annotated[Any, Body()]) -> Any:
        return body

    @app.post("/bytes")
    async def typed(body: Annotated[bytes, Body()]) -> bytes:
        return body

    @app.post("/dict")
    async def among_others(body: Annotated[bytes, Body()]) -> dict[str, bytes | int]:
        return {"content": body, "more": 1}

    @app.post("/items")
    async def items(body: Annotated[bytes, Body()]) -> AsyncIterator[bytes]:
        yield body

    text = content.decode(errors="backslashreplace")
    headers = {"content-type": content_type} if content_type else {}
    for path, expected in {
        "/any": text,
        "/bytes": text,
        "/dict": {"content": text, "more": 1},
        "/items": text,
    }.items():
        answer = await call(app, path, "POST", headers=headers, body=content)
        assert (answer.status, answer.json()) == (200, expected)


async def test_a_response_class_that_writes_in_its_own_way_reports_its_own_errors() -> None:
    class Own(JSONResponse):
        def render(self, content: Any) -> bytes:
            raise ValueError("its own reason")

    answer = await get("x", response_class=Own)
    assert answer.status == 500
    assert str(answer.raised) == "its own reason"


async def test_a_response_class_keeps_what_it_puts_around_content_that_only_we_can_write() -> None:
    class Enveloped(JSONResponse):
        def __init__(self, content: Any, status_code: int = 202, **options: Any) -> None:
            super().__init__({"data": content}, status_code, **options)

    answer = await get(float("nan"), response_class=Enveloped, response_model=None)
    assert (answer.status, answer.json()) == (202, {"data": None})
