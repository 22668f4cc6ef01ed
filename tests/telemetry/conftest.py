"""Providers that keep what they are given."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import InMemoryLogRecordExporter, SimpleLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind

from fastlayer.telemetry import TelemetryConfig


@dataclass
class Recorded:
    """Everything one test recorded."""

    spans_kept: InMemorySpanExporter = field(default_factory=InMemorySpanExporter)
    metrics_kept: InMemoryMetricReader = field(default_factory=InMemoryMetricReader)
    logs_kept: InMemoryLogRecordExporter = field(default_factory=InMemoryLogRecordExporter)

    def __post_init__(self) -> None:
        self.tracers = TracerProvider(shutdown_on_exit=False)
        self.tracers.add_span_processor(SimpleSpanProcessor(self.spans_kept))
        self.meters = MeterProvider(metric_readers=[self.metrics_kept], shutdown_on_exit=False)
        self.loggers = LoggerProvider(shutdown_on_exit=False)
        self.loggers.add_log_record_processor(SimpleLogRecordProcessor(self.logs_kept))

    @property
    def config(self) -> TelemetryConfig:
        return {"tracer_provider": self.tracers, "meter_provider": self.meters, "logger_provider": self.loggers}

    def spans(self, kind: SpanKind | None = None) -> list[ReadableSpan]:
        return [span for span in self.spans_kept.get_finished_spans() if kind in (None, span.kind)]

    @property
    def server(self) -> ReadableSpan:
        [span] = self.spans(SpanKind.SERVER)
        return span

    @property
    def logs(self) -> list[Any]:
        return [kept.log_record for kept in self.logs_kept.get_finished_logs()]

    def points(self, name: str) -> list[Any]:
        data = self.metrics_kept.get_metrics_data()
        return [
            point
            for resource in (data.resource_metrics if data else [])
            for scope in resource.scope_metrics
            for metric in scope.metrics
            if metric.name == name
            for point in metric.data.data_points
        ]

    def close(self) -> None:
        self.tracers.shutdown()
        self.meters.shutdown()
        self.loggers.shutdown()


@pytest.fixture
def recorded() -> Iterator[Recorded]:
    kept = Recorded()
    yield kept
    kept.close()


@pytest.fixture(autouse=True)
def without_exporter_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith(("OTEL_", "FASTAPI_OTEL_", "FASTLAYER_OTEL_")):
            monkeypatch.delenv(name)
