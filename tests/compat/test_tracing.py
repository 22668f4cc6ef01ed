"""What tracing packages replace in `fastapi.routing` is called; an application nobody traces does not notice."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from typing import Annotated, Any

import pytest
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.testclient import TestClient

from fastlayer import BackgroundTasks, Depends, Form, Response
from fastlayer import sse as core_sse
from fastlayer.compat import routing
from fastlayer.compat.applications import FastAPI
from fastlayer.exceptions import RequestValidationError, ResponseValidationError
from fastlayer.fields import ModelField
from fastlayer.routes import APIRoute


class Item(BaseModel):
    name: str
    secret: str = "hidden"


class Public(BaseModel):
    name: str


def make_app(log: list[str]) -> FastAPI:
    app = FastAPI()

    async def opened() -> AsyncIterator[str]:
        log.append("open")
        yield "value"
        log.append("close")

    def opened_sync() -> Iterator[int]:
        log.append("open sync")
        yield 7
        log.append("close sync")

    @app.post("/items/{item_id}", response_model=Public, status_code=201)
    async def create(
        item_id: int,
        item: Item,
        response: Response,
        tasks: BackgroundTasks,
        value: Annotated[str, Depends(opened)],
        number: Annotated[int, Depends(opened_sync, scope="function")],
    ) -> Any:
        response.headers["x-id"] = str(item_id)
        tasks.add_task(log.append, "background")
        log.append(f"{value} {number}")
        return item

    @app.get("/sync")
    def sync() -> list[int]:
        return [1]

    @app.post("/form")
    async def form(name: Annotated[str, Form()]) -> str:
        return name

    @app.get("/lines")
    def lines() -> Iterator[int]:
        yield 1
        yield 2

    @app.get("/wrong", response_model=Public)
    async def wrong() -> Any:
        return {"not": "public"}

    return app


def answers(client: TestClient) -> list[tuple[int, str, str | None]]:
    """What the application says to a number of requests."""
    responses = [
        client.post("/items/3", json={"name": "pen"}),
        client.post("/items/x", json={"name": 5}),
        client.post("/items/3", content=b"{", headers={"content-type": "application/json"}),
        client.post("/items/3"),
        client.get("/sync"),
        client.post("/form", data={"name": "Ada"}),
        client.post("/form"),
        client.get("/lines"),
        client.get("/wrong"),
    ]
    return [(one.status_code, one.text, one.headers.get("x-id")) for one in responses]


@pytest.fixture
def traced(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the replaced functions noted."""
    notes: list[str] = []
    original = {name: getattr(routing, name) for name in ("solve_dependencies", "run_endpoint_function")}

    async def solve(**arguments: Any) -> Any:
        solved = await original["solve_dependencies"](**arguments)
        notes.append(f"solved {sorted(solved.values)} {len(solved.errors)}")
        return replace(solved, values=dict(solved.values))

    async def call(*, dependant: Any, values: dict[str, Any], **options: Any) -> Any:
        notes.append(f"called {dependant.call.__name__} {options}")
        return await original["run_endpoint_function"](dependant=dependant, values=values, **options)

    monkeypatch.setattr(routing, "solve_dependencies", solve)
    monkeypatch.setattr(routing, "run_endpoint_function", call)
    return notes


def test_a_traced_application_answers_as_an_untraced_one(request: pytest.FixtureRequest) -> None:
    plain_log: list[str] = []
    traced_log: list[str] = []
    plain = answers(TestClient(make_app(plain_log), raise_server_exceptions=False))
    notes = request.getfixturevalue("traced")
    assert answers(TestClient(make_app(traced_log), raise_server_exceptions=False)) == plain
    assert traced_log == plain_log
    assert notes


def test_arguments_and_endpoints_are_seen(traced: list[str]) -> None:
    client = TestClient(make_app([]))
    client.post("/items/3", json={"name": "pen"})
    client.get("/sync")
    assert traced == [
        "solved ['item', 'item_id', 'number', 'response', 'tasks', 'value'] 0",
        "called create {'is_coroutine': True}",
        "solved [] 0",
        "called sync {'is_coroutine': False}",
    ]


def test_errors_are_seen_and_no_endpoint_is_called(traced: list[str]) -> None:
    client = TestClient(make_app([]))
    assert client.post("/items/x", json={"name": "pen"}).status_code == 422
    assert traced == ["solved ['item', 'number', 'response', 'tasks', 'value'] 1"]


def test_scopes_are_closed_in_their_order_under_tracing(traced: list[str]) -> None:
    log: list[str] = []
    TestClient(make_app(log)).post("/items/3", json={"name": "pen"})
    assert log == ["open", "open sync", "value 7", "close sync", "background", "close"]


def test_a_replaced_request_handler_is_called_with_the_dependant(monkeypatch: pytest.MonkeyPatch) -> None:
    original = routing.get_request_handler
    seen: list[str] = []

    def get_request_handler(*arguments: Any, **options: Any) -> Any:
        handler = original(*arguments, **options)

        async def noting(request: Any) -> Any:
            seen.append(f"{options['dependant'].call.__name__} {request.url.path} {request.scope['route'].path}")
            return await handler(request)

        return noting

    monkeypatch.setattr(routing, "get_request_handler", get_request_handler)
    assert TestClient(make_app([])).get("/sync").json() == [1]
    assert seen == ["sync /sync /sync"]


def test_routes_compiled_before_are_traced_from_then_on_and_until_it_ends() -> None:
    app = make_app([])
    client = TestClient(app)
    client.get("/sync")
    [route] = [one for one in app.router.routes if isinstance(one, APIRoute) and one.path == "/sync"]
    direct = route.app
    notes: list[Any] = []
    with pytest.MonkeyPatch.context() as patching:
        original = routing.run_endpoint_function

        async def call(**options: Any) -> Any:
            notes.append(options["values"])
            return await original(**options)

        patching.setattr(routing, "run_endpoint_function", call)
        assert client.get("/sync").json() == [1]
        assert route.app is not direct
    assert APIRoute.trace is None
    assert client.get("/sync").json() == [1]
    assert notes == [{}]


def test_an_app_somebody_built_by_hand_is_left_alone(traced: list[str]) -> None:
    app = make_app([])
    client = TestClient(app)
    [route] = [one for one in app.router.routes if isinstance(one, APIRoute) and one.path == "/sync"]
    route.app = mine = routing.request_response(route.get_route_handler())
    with pytest.MonkeyPatch.context() as patching:
        patching.setattr(routing, "serialize_response", None)
        assert route.app is mine
    assert client.get("/sync").json() == [1]


def test_the_ping_interval_is_the_one_streams_use(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routing, "_PING_INTERVAL", 0.25)
    assert core_sse.PING_INTERVAL == 0.25


def test_overrides_are_honoured_under_tracing(traced: list[str]) -> None:
    app = FastAPI()

    def asked() -> str:
        return "original"

    @app.get("/")
    def index(value: Annotated[str, Depends(asked)]) -> str:
        return value

    client = TestClient(app)
    assert client.get("/").json() == "original"
    app.dependency_overrides[asked] = lambda: "other"
    assert client.get("/").json() == "other"


def test_an_exception_handler_sees_the_body_of_a_traced_request(traced: list[str]) -> None:
    app = make_app([])

    @app.exception_handler(RequestValidationError)
    async def answer(request: Any, exc: RequestValidationError) -> Response:
        return Response(f"{exc.body!r} {await request.body()!r}", 400)

    response = TestClient(app).post("/items/3", json={"name": 5})
    assert response.text == """{'name': 5} b'{"name":5}'"""


def test_the_name_of_anything_else_may_be_replaced_without_being_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routing, "BaseRoute", object)
    assert APIRoute.trace is None


def test_a_handler_made_by_hand_answers_in_the_class_it_is_given() -> None:
    def endpoint(name: str) -> str:
        return f"hello {name}"

    handler = routing.get_request_handler(
        routing.get_dependant(path="/{name}", call=endpoint), response_class=routing.PlainTextResponse, status_code=201
    )
    route = Route("/{name}", endpoint)
    route.app = routing.request_response(handler)
    response = TestClient(Starlette(routes=[route])).get("/ann")
    assert (response.status_code, response.text) == (201, "hello ann")
    assert response.headers["content-type"] == "text/plain; charset=utf-8"


@pytest.mark.anyio
async def test_content_is_serialized_by_its_field_or_as_plain_json_data() -> None:
    item = Item(name="pen")
    field = ModelField(field_info=FieldInfo(annotation=Public), name="response")
    assert await routing.serialize_response(response_content=item) == {"name": "pen", "secret": "hidden"}
    assert await routing.serialize_response(field=field, response_content={"name": "pen"}) == {"name": "pen"}
    dumped = await routing.serialize_response(field=field, response_content={"name": "pen"}, dump_json=True)
    assert dumped == b'{"name":"pen"}'
    without = await routing.serialize_response(field=field, response_content={"name": "pen"}, exclude={"name"})
    assert without == {}


@pytest.mark.anyio
async def test_content_its_field_does_not_allow_is_an_error_with_the_content() -> None:
    field = ModelField(field_info=FieldInfo(annotation=Public), name="response")
    with pytest.raises(ResponseValidationError) as caught:
        await routing.serialize_response(field=field, response_content={"name": 1})
    assert [error["loc"] for error in caught.value.errors()] == [("response", "name")]
    assert caught.value.body == {"name": 1}
