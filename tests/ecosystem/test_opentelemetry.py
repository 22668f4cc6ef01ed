"""opentelemetry-instrumentation-fastapi: a span for each request, named after its route."""

import pytest
from fastapi import APIRouter, FastAPI
from fastapi.testclient import TestClient
from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind


@pytest.fixture
def exporter():
    return InMemorySpanExporter()


@pytest.fixture
def provider(exporter):
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    yield provider
    provider.shutdown()


def add_routes(app):
    router = APIRouter()

    @router.get("/items/{item_id}")
    async def item(item_id: int):
        return item_id

    @router.get("/broken")
    async def broken():
        raise ValueError("broken")

    app.include_router(router, prefix="/api")


def servers(exporter):
    return [span for span in exporter.get_finished_spans() if span.kind is SpanKind.SERVER]


def test_an_instrumented_app_has_a_span_for_each_request(provider, exporter):
    app = FastAPI()
    add_routes(app)
    FastAPIInstrumentor.instrument_app(app, tracer_provider=provider)
    assert TestClient(app).get("/api/items/3").json() == 3
    [span] = servers(exporter)
    assert span.name == "GET /api/items/{item_id}"
    assert span.attributes["http.route"] == "/api/items/{item_id}"


def test_an_exception_is_recorded(provider, exporter):
    app = FastAPI()
    add_routes(app)
    FastAPIInstrumentor.instrument_app(app, tracer_provider=provider)
    assert TestClient(app, raise_server_exceptions=False).get("/api/broken").status_code == 500
    [span] = servers(exporter)
    assert [event.name for event in span.events] == ["exception"]


def test_instrumenting_the_class_instruments_apps_made_later(provider, exporter):
    import fastapi

    original = fastapi.FastAPI
    instrumentor = FastAPIInstrumentor()
    instrumentor.instrument(tracer_provider=provider)
    try:
        assert fastapi.FastAPI is not original
        app = fastapi.FastAPI()
        add_routes(app)
        TestClient(app).get("/api/items/3")
        assert [span.name for span in servers(exporter)] == ["GET /api/items/{item_id}"]
    finally:
        instrumentor.uninstrument()
    assert fastapi.FastAPI is original
