"""Global OTLP providers from the standard environment variables, where the program has set none."""

import os
from typing import Any

from opentelemetry import _logs, metrics, trace

from fastlayer.logger import logger

_PROTOCOL = "http/protobuf"


def unconfigured(provider: Any) -> bool:
    """Whether a provider is one of the API's placeholders, which record nothing."""
    return type(provider).__name__.lstrip("_").startswith(("Proxy", "NoOp"))


def configure_from_environment() -> None:
    """Set a global provider for every signal that has an endpoint and none yet. Failures are logged, not raised."""
    if os.environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return
    try:
        if _wanted("TRACES") and unconfigured(trace.get_tracer_provider()):
            _traces()
        if _wanted("METRICS") and unconfigured(metrics.get_meter_provider()):
            _metrics()
        if _wanted("LOGS") and unconfigured(_logs.get_logger_provider()):
            _log_records()
    except (ImportError, ValueError) as error:
        logger.error("Telemetry could not be configured from the environment: %s", error)


def _wanted(signal: str) -> bool:
    endpoint = _setting(signal, "ENDPOINT")
    if not endpoint or os.environ.get(f"OTEL_{signal}_EXPORTER", "otlp").strip().lower() == "none":
        return False
    protocol = _setting(signal, "PROTOCOL") or _PROTOCOL
    if protocol != _PROTOCOL:
        raise ValueError(
            f"the protocol {protocol!r} is not supported here, only {_PROTOCOL!r}; "
            "set up your own provider and pass it in `telemetry`"
        )
    return True


def _setting(signal: str, name: str) -> str:
    return (
        os.environ.get(f"OTEL_EXPORTER_OTLP_{signal}_{name}") or os.environ.get(f"OTEL_EXPORTER_OTLP_{name}") or ""
    ).strip()


def _traces() -> None:
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    provider = TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)


def _metrics() -> None:
    from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader

    metrics.set_meter_provider(MeterProvider(metric_readers=[PeriodicExportingMetricReader(OTLPMetricExporter())]))


def _log_records() -> None:
    from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
    from opentelemetry.sdk._logs import LoggerProvider
    from opentelemetry.sdk._logs.export import BatchLogRecordProcessor

    provider = LoggerProvider()
    provider.add_log_record_processor(BatchLogRecordProcessor(OTLPLogExporter()))
    _logs.set_logger_provider(provider)
