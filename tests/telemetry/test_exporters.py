"""Exporters from the environment: a program of its own sends to a collector on the loopback interface."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

ALL = {"/v1/traces", "/v1/metrics", "/v1/logs"}

# The SDK's providers send what they hold when the program ends.
PROGRAM = """
from fastlayer import FastLayer
from fastlayer.testclient import TestClient

app = FastLayer(telemetry={"auto_configure": True})

@app.get("/boom")
def boom():
    raise ValueError("burst")

assert TestClient(app, raise_server_exceptions=False).get("/boom").status_code == 500
"""
BLOCKED_EXPORTER = """
import sys

class Block:
    def find_spec(self, name, path=None, target=None):
        if name.startswith("opentelemetry.exporter"):
            raise ModuleNotFoundError(f"No module named {name!r}")

sys.meta_path.insert(0, Block())
"""
OWN_PROVIDER = """
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider

trace.set_tracer_provider(TracerProvider())
"""


@dataclass
class Collector:
    """What was posted, by path, and where to post."""

    url: str
    received: dict[str, list[bytes]] = field(default_factory=dict)

    def run(self, program: str, settings: dict[str, str]) -> str:
        """What the program wrote to its standard error."""
        environment = {**os.environ, "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
        environment |= {name: value.replace("{url}", self.url) for name, value in settings.items()}
        done = subprocess.run(
            [sys.executable, "-c", program], env=environment, capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 0, done.stderr
        return done.stderr


@pytest.fixture
def collector() -> Iterator[Collector]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            kept.received.setdefault(self.path, []).append(body)
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Nothing: standard error belongs to the tests."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        kept = Collector(f"http://127.0.0.1:{server.server_port}")
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield kept
        server.shutdown()
        thread.join()


def test_one_endpoint_gets_the_spans_metrics_and_records(collector: Collector) -> None:
    collector.run(PROGRAM, {"OTEL_EXPORTER_OTLP_ENDPOINT": "{url}", "OTEL_EXPORTER_OTLP_COMPRESSION": "none"})

    assert set(collector.received) == ALL
    spans = {
        span.name
        for body in collector.received["/v1/traces"]
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
    }
    metrics = {
        metric.name
        for body in collector.received["/v1/metrics"]
        for resource in ExportMetricsServiceRequest.FromString(body).resource_metrics
        for scope in resource.scope_metrics
        for metric in scope.metrics
    }
    records = {
        record.event_name
        for body in collector.received["/v1/logs"]
        for resource in ExportLogsServiceRequest.FromString(body).resource_logs
        for scope in resource.scope_logs
        for record in scope.log_records
    }
    assert "GET /boom" in spans
    assert metrics >= {"http.server.active_requests", "http.server.request.duration"}
    assert "http.server.request.exception" in records


@pytest.mark.parametrize(
    ("settings", "paths"),
    [
        pytest.param({}, set(), id="no endpoint"),
        pytest.param({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "{url}/spans"}, {"/spans"}, id="one signal's endpoint"),
        pytest.param(
            {"OTEL_EXPORTER_OTLP_ENDPOINT": "{url}", "OTEL_METRICS_EXPORTER": "none"},
            ALL - {"/v1/metrics"},
            id="one signal without exporter",
        ),
        pytest.param({"OTEL_EXPORTER_OTLP_ENDPOINT": "{url}", "OTEL_SDK_DISABLED": "true"}, set(), id="disabled"),
    ],
)
def test_only_the_signals_that_are_asked_for_are_sent(
    collector: Collector, settings: dict[str, str], paths: set[str]
) -> None:
    collector.run(PROGRAM, settings)

    assert set(collector.received) == paths


def test_the_programs_own_provider_is_kept(collector: Collector) -> None:
    collector.run(OWN_PROVIDER + PROGRAM, {"OTEL_EXPORTER_OTLP_ENDPOINT": "{url}"})

    assert set(collector.received) == ALL - {"/v1/traces"}


def test_another_protocol_is_said_to_be_unsupported_and_the_application_serves(collector: Collector) -> None:
    said = collector.run(PROGRAM, {"OTEL_EXPORTER_OTLP_ENDPOINT": "{url}", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"})

    assert "the protocol 'grpc' is not supported here, only 'http/protobuf'" in said
    assert collector.received == {}


def test_a_missing_exporter_is_said_and_the_application_serves(collector: Collector) -> None:
    said = collector.run(BLOCKED_EXPORTER + PROGRAM, {"OTEL_EXPORTER_OTLP_ENDPOINT": "{url}"})

    assert "Telemetry could not be configured from the environment: No module named 'opentelemetry.exporter" in said
    assert collector.received == {}
