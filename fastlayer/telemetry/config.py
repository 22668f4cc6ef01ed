"""What may be configured, and whether an application is instrumented at all."""

import os
from collections.abc import Callable
from typing import Any, TypedDict

from starlette.types import Scope

_AUTO_CONFIGURE = ("FASTLAYER_OTEL_AUTO_CONFIGURE", "FASTAPI_OTEL_AUTO_CONFIGURE")


class TelemetryConfig(TypedDict, total=False):
    """The `telemetry` argument of an application; an absent key keeps its default.

    Providers that are given here, or set globally, are used and never shut down.
    """

    tracer_provider: Any
    """An OpenTelemetry `TracerProvider` instead of the global one."""
    meter_provider: Any
    """A `MeterProvider` instead of the global one."""
    logger_provider: Any
    """A `LoggerProvider` instead of the global one."""
    tracing: bool
    """A span for every request and WebSocket connection. Default: true."""
    metrics: bool
    """The number of active requests and their durations. Default: true."""
    logs: bool
    """A record for every failed validation and unhandled exception, with its message and traceback. Default: true."""
    operation_spans: bool
    """Spans for dependencies, endpoint, serialization and background tasks. Default: true."""
    auto_configure: bool
    """Set up OTLP exporters from the standard environment variables where no provider is configured. Default: false,
    unless `FASTLAYER_OTEL_AUTO_CONFIGURE` is `true`."""
    exclude: Callable[[Scope], bool] | None
    """Called with every scope; true leaves that request or connection out."""


def auto_configure_wanted(config: TelemetryConfig) -> bool:
    """Whether exporters are to be set up from the environment."""
    fallback = any(os.environ.get(name, "").strip().lower() == "true" for name in _AUTO_CONFIGURE)
    return bool(config.get("auto_configure", fallback))
