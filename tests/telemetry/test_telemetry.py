"""Requests are recorded once, with names that do not depend on what clients send, and nothing of it is kept."""

import subprocess
import sys
from collections.abc import AsyncIterator
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.context import Context, get_current, get_value, set_value
from opentelemetry.propagate import get_global_textmap, set_global_textmap
from opentelemetry.propagators.textmap import TextMapPropagator, default_getter, default_setter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import SpanKind, StatusCode
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect

from fastlayer.exceptions import RequestValidationError
from fastlayer.telemetry import TelemetryConfig, get_telemetry_data, instrument
from fastlayer.telemetry.attributes import error_type, function_name, redacted_query
from fastlayer.telemetry.data import TelemetryData

from .conftest import Recorded


async def item(request: Request) -> Response:
    return JSONResponse({"id": request.path_params["item_id"]})


async def teapot(request: Request) -> Response:
    raise HTTPException(int(request.path_params["code"]))


async def boom(request: Request) -> Response:
    raise ValueError("secret")


async def stream(request: Request) -> Response:
    async def chunks() -> AsyncIterator[bytes]:
        yield b"a"
        yield b"b"

    return StreamingResponse(chunks())


async def operations(request: Request) -> Response:
    telemetry = request.scope["fastlayer.telemetry"]
    with telemetry.operation("dependencies", operations):
        telemetry.record(request=request, body=b"{}", values={"a": 1})
    try:
        with telemetry.operation("endpoint", operations):
            raise KeyError("handled")
    except KeyError:
        pass
    try:
        with telemetry.operation("endpoint", operations):
            raise HTTPException(418)
    except HTTPException:
        pass

    def later() -> None:
        with telemetry.operation("background_task", later):
            seen_later.append(telemetry)

    seen_later.clear()
    return PlainTextResponse("done", background=BackgroundTask(later))


seen_later: list[Any] = []


async def invalid(request: Request) -> Response:
    errors = [{"type": "missing", "loc": ("query", "q"), "msg": "Field required", "input": None}]
    request.scope["fastlayer.telemetry"].validation_failed(errors)
    return JSONResponse({}, status_code=422)


async def socket(websocket: WebSocket) -> None:
    await websocket.accept()
    if websocket.path_params["what"] == "fail":
        raise ValueError("socket")
    if websocket.path_params["what"] == "listen":
        await websocket.receive_text()
    await websocket.send_text("hi")
    await websocket.close()


def build(recorded: Recorded, **config: Any) -> TestClient:
    routes: list[Any] = [
        Route("/items/{item_id}", item),
        Route("/status/{code}", teapot),
        Route("/boom", boom),
        Route("/stream", stream),
        Route("/operations", operations),
        Route("/invalid", invalid),
        WebSocketRoute("/ws/{what}", socket),
        Mount("/sub", Starlette(routes=[Route("/items/{item_id}", item)])),
    ]
    settings: TelemetryConfig = {**recorded.config, **config}  # type: ignore[typeddict-item]
    return TestClient(instrument(Starlette(routes=routes), settings), raise_server_exceptions=False)


def test_a_request_is_one_server_span_named_by_its_route(recorded: Recorded) -> None:
    build(recorded).get("/items/1?a=b")
    span = recorded.server
    assert span.name == "GET /items/{item_id}"
    assert dict(span.attributes or {}) == {
        "server.address": "testserver",
        "server.port": 80,
        "url.path": "/items/1",
        "url.query": "a=b",
        "url.scheme": "http",
        "http.request.method": "GET",
        "network.protocol.version": "1.1",
        "http.route": "/items/{item_id}",
        "http.response.status_code": 200,
    }
    assert span.status.status_code is StatusCode.UNSET


def test_a_request_without_a_route_is_named_by_its_method_alone(recorded: Recorded) -> None:
    build(recorded).get("/nowhere/123")
    assert recorded.server.name == "GET"
    assert "http.route" not in (recorded.server.attributes or {})


def test_a_mounted_application_is_named_with_its_mount_path_and_recorded_once(recorded: Recorded) -> None:
    inner = instrument(Starlette(routes=[Route("/x/{y}", lambda request: PlainTextResponse("x"))]), recorded.config)
    outer = instrument(Starlette(routes=[Mount("/sub", inner)]), recorded.config)
    TestClient(outer).get("/sub/x/1")
    assert recorded.server.name == "GET /sub/x/{y}"


def test_an_unknown_method_does_not_become_a_name(recorded: Recorded) -> None:
    build(recorded).request("BREW", "/items/1")
    attributes = dict(recorded.server.attributes or {})
    assert (attributes["http.request.method"], attributes["http.request.method_original"]) == ("_OTHER", "BREW")
    assert recorded.server.name == "HTTP /items/{item_id}"


@pytest.mark.parametrize(("code", "error"), [(404, None), (418, None), (500, "500"), (503, "503")])
def test_only_server_errors_are_errors(recorded: Recorded, code: int, error: str | None) -> None:
    build(recorded).get(f"/status/{code}")
    assert (recorded.server.attributes or {}).get("error.type") == error
    assert (recorded.server.status.status_code is StatusCode.ERROR) is (error is not None)
    assert recorded.logs == []


def test_an_unhandled_exception_is_named_and_logged_once(recorded: Recorded) -> None:
    build(recorded).get("/boom")
    assert (recorded.server.attributes or {})["error.type"] == "ValueError"
    assert (recorded.server.attributes or {})["http.response.status_code"] == 500
    [record] = recorded.logs
    assert record.event_name == "http.server.request.exception"
    assert record.attributes["exception.message"] == "secret"
    assert record.attributes["http.route"] == "/boom"
    assert "in boom" in record.attributes["exception.stacktrace"]
    assert record.span_id == recorded.server.context.span_id


def test_a_remote_parent_is_continued(recorded: Recorded) -> None:
    build(recorded).get("/items/1", headers={"traceparent": f"00-{'a' * 32}-{'b' * 16}-01"})
    assert recorded.server.parent is not None
    assert recorded.server.parent.span_id == int("b" * 16, 16)
    assert recorded.server.context.trace_id == int("a" * 32, 16)


def test_the_span_covers_the_stream_and_not_the_background_task(recorded: Recorded) -> None:
    ended: list[bool] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"a", "more_body": True})
        ended.append(bool(recorded.spans()))
        await send({"type": "http.response.body", "body": b"", "more_body": False})
        ended.append(bool(recorded.spans()))

    TestClient(instrument(app, recorded.config)).get("/")
    assert ended == [False, True]


def test_operations_are_children_and_expected_exceptions_are_not_errors(recorded: Recorded) -> None:
    build(recorded).get("/operations")
    inner = recorded.spans(SpanKind.INTERNAL)
    assert [span.name for span in inner] == [
        "fastapi.dependencies",
        "fastapi.endpoint",
        "fastapi.endpoint",
        "fastapi.background_task",
    ]
    assert all(span.parent and span.parent.span_id == recorded.server.context.span_id for span in inner)
    assert [span.status.status_code for span in inner] == [
        StatusCode.UNSET,
        StatusCode.ERROR,
        StatusCode.UNSET,
        StatusCode.UNSET,
    ]
    assert (inner[1].attributes or {})["error.type"] == "KeyError"
    assert (inner[0].attributes or {})["code.function.name"] == f"{__name__}.operations"


def test_operation_spans_can_be_switched_off(recorded: Recorded) -> None:
    build(recorded, operation_spans=False).get("/operations")
    assert [span.kind for span in recorded.spans()] == [SpanKind.SERVER]


def test_a_failed_validation_is_logged_by_number_and_not_by_content(recorded: Recorded) -> None:
    build(recorded).get("/invalid")
    [record] = recorded.logs
    assert (record.event_name, record.severity_text) == ("fastapi.validation.failed", "WARN")
    assert dict(record.attributes) == {"fastapi.validation.error_count": 1, "http.route": "/invalid"}


def test_metrics_count_requests_and_measure_them(recorded: Recorded) -> None:
    client = build(recorded)
    for path in ("/items/1", "/items/2", "/boom"):
        client.get(path)
    durations = {point.attributes["http.route"]: point for point in recorded.points("http.server.request.duration")}
    assert durations["/items/{item_id}"].count == 2
    assert "url.path" not in durations["/items/{item_id}"].attributes
    assert durations["/boom"].attributes["error.type"] == "ValueError"
    [active] = recorded.points("http.server.active_requests")
    assert active.value == 0
    assert dict(active.attributes) == {"url.scheme": "http", "http.request.method": "GET"}


@pytest.mark.parametrize("signal", ["tracing", "metrics", "logs"])
def test_each_signal_can_be_switched_off(recorded: Recorded, signal: str) -> None:
    build(recorded, **{signal: False}).get("/boom")
    kept = {
        "tracing": bool(recorded.spans()),
        "metrics": bool(recorded.points("http.server.request.duration")),
        "logs": bool(recorded.logs),
    }
    assert kept == {name: name != signal for name in kept}


def test_excluded_requests_leave_no_trace(recorded: Recorded) -> None:
    client = build(recorded, exclude=lambda scope: scope["path"].startswith("/items"))
    client.get("/items/1")
    assert recorded.spans() == []
    client.get("/stream")
    assert recorded.server.name == "GET /stream"


def test_a_websocket_is_one_span_and_a_disconnect_is_not_an_error(recorded: Recorded) -> None:
    client = build(recorded)
    with client.websocket_connect("/ws/talk") as session:
        assert session.receive_text() == "hi"
    assert recorded.server.name == "WS /ws/{what}"
    assert (recorded.server.attributes or {})["network.protocol.name"] == "websocket"
    recorded.spans_kept.clear()
    with pytest.raises(WebSocketDisconnect), client.websocket_connect("/ws/listen") as session:
        session.close()
    assert recorded.server.status.status_code is StatusCode.UNSET
    assert recorded.logs == []
    assert recorded.points("http.server.request.duration") == []


def test_an_exception_in_a_websocket_is_logged(recorded: Recorded) -> None:
    with pytest.raises(ValueError, match="socket"), build(recorded).websocket_connect("/ws/fail") as session:
        session.receive_text()
    assert recorded.server.status.status_code is StatusCode.ERROR
    assert [record.event_name for record in recorded.logs] == ["fastapi.websocket.exception"]


def test_the_data_is_there_during_the_request_and_gone_after_it(recorded: Recorded) -> None:
    seen: list[Any] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        scope["fastlayer.telemetry"].record(values={"a": 1})
        seen.extend([get_telemetry_data(), get_current()])
        await PlainTextResponse("x")(scope, receive, send)

    TestClient(instrument(app, recorded.config)).get("/")
    assert isinstance(seen[0], TelemetryData)
    assert seen[0].values == {"a": 1}
    assert get_telemetry_data(seen[1]) is None
    assert get_telemetry_data() is None


def test_placeholder_providers_record_nothing_and_cost_no_span(recorded: Recorded) -> None:
    seen: list[bool] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append("fastlayer.telemetry" in scope)
        await PlainTextResponse("x")(scope, receive, send)

    none: TelemetryConfig = {"tracer_provider": trace.NoOpTracerProvider()}
    TestClient(instrument(app, none)).get("/")
    assert seen == [False]


def test_a_provider_set_later_is_noticed(recorded: Recorded, monkeypatch: pytest.MonkeyPatch) -> None:
    client = TestClient(instrument(PlainTextResponse("x"), {}))
    client.get("/")
    monkeypatch.setattr(trace, "get_tracer_provider", lambda: recorded.tracers)
    client.get("/")
    assert recorded.server.name == "GET"


def test_a_server_span_of_another_instrumentation_is_not_doubled(recorded: Recorded) -> None:
    other = TracerProvider(shutdown_on_exit=False).get_tracer("other")
    app = instrument(PlainTextResponse("x"), recorded.config)

    async def instrumented(scope: Scope, receive: Receive, send: Send) -> None:
        with other.start_as_current_span("outer", kind=SpanKind.SERVER):
            await app(scope, receive, send)

    TestClient(instrumented).get("/")
    assert recorded.spans() == []


def test_without_configuration_and_sdk_the_application_is_returned_as_it_is() -> None:
    code = (
        "import sys\n"
        "from fastlayer.telemetry import get_telemetry_data, instrument\n"
        "assert not any(name.startswith('opentelemetry') for name in sys.modules)\n"
        "app = object()\n"
        "assert instrument(app, None) is app\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_without_opentelemetry_the_argument_is_accepted_and_said_to_be_without_effect() -> None:
    code = (
        "import sys\n"
        "class Block:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.partition('.')[0] == 'opentelemetry':\n"
        "            raise ModuleNotFoundError(name)\n"
        "sys.meta_path.insert(0, Block())\n"
        "import importlib.util, fastlayer.telemetry as telemetry\n"
        "telemetry.find_spec = lambda name: None\n"
        "import fastlayer.telemetry.data as data\n"
        "data.find_spec = lambda name: None\n"
        "app = object()\n"
        "assert telemetry.instrument(app, {}) is app\n"
        "assert data.get_telemetry_data() is None\n"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stderr.count("has no effect") == 1


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (b"a=1&sig=x&b=2", "a=1&sig=REDACTED&b=2"),
        (b"X-Amz-Signature=x", "X-Amz-Signature=REDACTED"),
        (b"Signature=x&AWSAccessKeyId=y", "Signature=REDACTED&AWSAccessKeyId=REDACTED"),
        (b"design=x&sigma=y", "design=x&sigma=y"),
        (b"\xff", "ÿ"),
    ],
)
def test_signatures_in_queries_are_not_recorded(query: bytes, expected: str) -> None:
    assert redacted_query(query) == expected


def test_names_of_errors_and_functions_carry_their_module_unless_built_in() -> None:
    assert error_type(KeyError()) == "KeyError"
    assert error_type(RequestValidationError([])) == "fastlayer.exceptions.RequestValidationError"
    assert error_type(WebSocketDisconnect()) == "starlette.websockets.WebSocketDisconnect"
    assert function_name(item) == f"{__name__}.item"
    assert function_name(Recorded.close) == f"{Recorded.__module__}.Recorded.close"


def test_an_application_inside_contrib_instrumentation_records_nothing(recorded: Recorded) -> None:
    class OpenTelemetryMiddleware:
        __module__ = "opentelemetry.instrumentation.asgi"

        def __init__(self, app: ASGIApp) -> None:
            self.app = app

        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            await self.app(scope, receive, send)

    answer = TestClient(instrument(OpenTelemetryMiddleware(PlainTextResponse("x")), recorded.config)).get("/")
    assert answer.text == "x"
    assert recorded.spans() == []


class PrefixPropagator(TextMapPropagator):
    """Reads every header that begins with `ctx-`, so it has to ask which there are."""

    def extract(self, carrier: Any, context: Context | None = None, getter: Any = default_getter) -> Context:
        context = context or Context()
        for key in getter.keys(carrier):
            if key.startswith("ctx-"):
                context = set_value(key, getter.get(carrier, key), context)
        return context

    def inject(self, carrier: Any, context: Context | None = None, setter: Any = default_setter) -> None:
        """Nothing is sent."""

    @property
    def fields(self) -> set[str]:
        return set()


def test_a_propagator_may_look_through_all_headers(recorded: Recorded) -> None:
    seen: list[object] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(get_value("ctx-tenant"))
        await PlainTextResponse("x")(scope, receive, send)

    before = get_global_textmap()
    set_global_textmap(PrefixPropagator())
    try:
        TestClient(instrument(app, recorded.config)).get("/", headers={"ctx-tenant": "a"})
    finally:
        set_global_textmap(before)
    assert seen == [["a"]]


def test_an_exception_outside_every_route_is_logged_without_one(recorded: Recorded) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        raise ValueError("early")

    TestClient(instrument(app, recorded.config), raise_server_exceptions=False).get("/")
    [record] = recorded.logs
    assert record.attributes["exception.message"] == "early"
    assert "http.route" not in record.attributes


@pytest.mark.parametrize("path", ["/items/1", "/base/items/1"])
def test_the_path_of_a_proxy_is_part_of_the_route_only_where_the_request_has_it(recorded: Recorded, path: str) -> None:
    app = instrument(Starlette(routes=[Route("/items/{item_id}", item)]), recorded.config)
    TestClient(app, root_path="/base").get(path)
    assert (recorded.server.attributes or {})["http.route"] == path.replace("1", "{item_id}")
