"""What may be configured, and whether an application is instrumented at all."""

import os
import sys
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any, TypedDict

from starlette.types import ASGIApp, Scope

from fastlayer.logger import logger

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


def instrument(app: ASGIApp, config: TelemetryConfig | None) -> ASGIApp:
    """The application with telemetry around it; itself where there is nothing to do.

    Without a configuration an application is instrumented only if the program has imported the OpenTelemetry SDK (and
    so may have set a global provider) or asks for exporters by environment variable.
    """
    wanted = config if config is not None else TelemetryConfig()
    if config is None and "opentelemetry.sdk" not in sys.modules and not auto_configure_wanted(wanted):
        return app
    if find_spec("opentelemetry") is None:
        logger.warning("`telemetry` has no effect: OpenTelemetry is missing. Run `pip install fastlayer-api[otel]`.")
        return app
    from fastlayer.telemetry.middleware import TelemetryMiddleware

    return TelemetryMiddleware(app, wanted)
