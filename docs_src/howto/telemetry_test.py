from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from fastlayer.testclient import TestClient

from .telemetry import create_app


def test_a_request_is_a_span_with_the_name_of_its_route() -> None:
    kept = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(kept))
    client = TestClient(create_app({"tracer_provider": provider, "operation_spans": False}))

    client.get("/teas/sencha")
    client.get("/teas/coffee")
    client.get("/health")

    spans = kept.get_finished_spans()
    assert [span.name for span in spans] == ["GET /teas/{name}"] * 2
    assert [(span.attributes or {})["http.response.status_code"] for span in spans] == [200, 404]
