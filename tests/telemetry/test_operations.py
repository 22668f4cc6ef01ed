"""What an instrumented application records of its operations, and that the answers stay the same."""

from collections.abc import AsyncIterator, Iterator
from functools import partial
from typing import Annotated, Any

import pytest
from opentelemetry.trace import SpanKind, get_current_span
from pydantic import BaseModel

from fastlayer import BackgroundTasks, Depends, FastLayer, Response, WebSocket, WebSocketDisconnect
from fastlayer.exceptions import RequestValidationError
from fastlayer.security import HTTPBearer
from fastlayer.telemetry import get_telemetry_data
from fastlayer.testclient import TestClient
from tests.telemetry.conftest import Recorded


class Item(BaseModel):
    name: str


def connection() -> Iterator[str]:
    yield name_of_span()


async def user() -> str:
    return name_of_span()


def name_of_span() -> str:
    span: Any = get_current_span()
    return str(getattr(span, "name", "none"))


def test_the_body_is_recorded_also_where_it_is_read_after_the_credentials(recorded: Recorded) -> None:
    app = FastLayer(telemetry=recorded.config)

    @app.post("/", dependencies=[Depends(HTTPBearer())])
    async def create(item: Item) -> Any:
        data = get_telemetry_data()
        return data and data.body.decode()

    @app.exception_handler(RequestValidationError)
    async def show(request: Any, exc: RequestValidationError) -> Response:
        data = get_telemetry_data()
        return Response(repr(data and data.body), 422)

    client = TestClient(app)
    assert client.post("/", content=b'{"name": ', headers={"content-type": "application/json"}).status_code == 401
    answer = client.post("/", json={"name": "tea"}, headers={"authorization": "Bearer t"})
    assert answer.json() == '{"name":"tea"}'
    assert client.post("/", json={"tea": 1}, headers={"authorization": "Bearer t"}).text == "{'tea': 1}"


def application(recorded: Recorded | None) -> FastLayer:
    app = FastLayer(telemetry=None if recorded is None else recorded.config)

    @app.post("/sync")
    def sync(
        item: Item,
        background: BackgroundTasks,
        first: Annotated[str, Depends(connection)],
        second: Annotated[str, Depends(user)],
    ) -> list[str]:
        background.add_task(later, "x")
        return [item.name, first, second, name_of_span()]

    @app.get("/async")
    async def asynchronous(first: Annotated[str, Depends(connection)]) -> list[str]:
        return [first, name_of_span()]

    @app.get("/plain")
    async def plain() -> Response:
        data = get_telemetry_data()
        return Response(repr(data and data.values))

    @app.get("/stream")
    async def stream(start: int = 0) -> AsyncIterator[int]:
        yield start
        yield start + 1

    @app.get("/boom")
    def boom() -> None:
        raise ValueError("boom")

    @app.websocket("/ws/{number}")
    async def socket(websocket: WebSocket, number: int, first: Annotated[str, Depends(connection)]) -> None:
        await websocket.accept()
        await websocket.send_json([number, first, name_of_span()])
        await websocket.close()

    return app


def later(name: str) -> None:
    """A background task."""


def inner(recorded: Recorded) -> list[str]:
    return [span.name.removeprefix("fastapi.") for span in recorded.spans(SpanKind.INTERNAL)]


def test_dependencies_endpoint_serialization_and_tasks_have_spans(recorded: Recorded) -> None:
    answer = TestClient(application(recorded)).post("/sync", json={"name": "x"})

    assert answer.json() == ["x", "fastapi.dependencies", "fastapi.dependencies", "fastapi.endpoint"]
    assert inner(recorded) == ["dependencies", "endpoint", "serialization", "background_task"]
    assert recorded.server.name == "POST /sync"


@pytest.mark.parametrize(
    ("path", "spans"),
    [
        ("/async", ["dependencies", "endpoint", "serialization"]),
        ("/plain", ["dependencies", "endpoint"]),
        ("/stream?start=1", ["dependencies"]),
        ("/stream?start=x", ["dependencies"]),
        ("/boom", ["dependencies", "endpoint"]),
    ],
)
def test_what_does_not_happen_has_no_span(recorded: Recorded, path: str, spans: list[str]) -> None:
    TestClient(application(recorded), raise_server_exceptions=False).get(path)

    assert inner(recorded) == spans


def test_the_arguments_of_the_endpoint_can_be_read_while_it_runs(recorded: Recorded) -> None:
    assert TestClient(application(recorded)).get("/plain").text == "{}"
    assert TestClient(application(None)).get("/plain").text == "None"


@pytest.mark.parametrize("path", ["/stream", "/stream?start=x", "/boom", "/nowhere"])
def test_an_instrumented_application_answers_the_same(recorded: Recorded, path: str) -> None:
    traced, bare = (
        TestClient(application(config), raise_server_exceptions=False).get(path) for config in (recorded, None)
    )

    assert (traced.status_code, traced.headers) == (bare.status_code, bare.headers)
    assert traced.content == bare.content


@pytest.mark.parametrize(("content", "count"), [(b'{"name": 1}', 1), (b"{", 1), (b"", 1)])
def test_failed_validations_are_recorded(recorded: Recorded, content: bytes, count: int) -> None:
    answer = TestClient(application(recorded)).post(
        "/sync", content=content, headers={"content-type": "application/json"}
    )

    assert answer.status_code == 422
    assert [record.attributes["fastapi.validation.error_count"] for record in recorded.logs] == [count]


def test_sockets_are_recorded(recorded: Recorded) -> None:
    client = TestClient(application(recorded))
    with client.websocket_connect("/ws/3") as socket:
        assert socket.receive_json() == [3, "fastapi.dependencies", "fastapi.endpoint"]

    assert inner(recorded) == ["dependencies", "endpoint"]
    assert recorded.server.name == "WS /ws/{number}"


def test_overrides_count_in_instrumented_applications(recorded: Recorded) -> None:
    app = application(recorded)
    app.dependency_overrides[connection] = lambda: "overridden"

    assert TestClient(app).get("/async").json() == ["overridden", "fastapi.endpoint"]


def test_a_socket_that_is_refused_is_recorded_with_what_failed(recorded: Recorded) -> None:
    client = TestClient(application(recorded))
    with pytest.raises(WebSocketDisconnect) as refused, client.websocket_connect("/ws/x"):
        """Never opens."""

    assert refused.value.code == 1008
    assert inner(recorded) == ["dependencies"]
    assert [record.attributes["fastapi.validation.error_count"] for record in recorded.logs] == [1]


def test_background_tasks_run_inside_their_span_whatever_kind_they_are(recorded: Recorded) -> None:
    app = FastLayer(telemetry=recorded.config)
    seen: list[tuple[str, str]] = []

    async def asynchronous(value: str) -> None:
        seen.append((value, name_of_span()))

    def synchronous(value: str) -> None:
        seen.append((value, name_of_span()))

    @app.get("/")
    async def endpoint(background: BackgroundTasks) -> None:
        background.add_task(asynchronous, "async")
        background.add_task(partial(asynchronous, "partial async"))
        background.add_task(partial(synchronous, "partial sync"))

    TestClient(app).get("/")

    spans = [span for span in recorded.spans() if span.name == "fastapi.background_task"]
    assert seen == [(kind, "fastapi.background_task") for kind in ("async", "partial async", "partial sync")]
    assert [str((span.attributes or {})["code.function.name"]).rpartition(".")[2] for span in spans] == [
        "asynchronous",
        "asynchronous",
        "synchronous",
    ]
