"""The tracer, meters and logger of one application, from the providers that are configured at the moment."""

import sys
from dataclasses import dataclass, field
from typing import Any

from opentelemetry import _logs, metrics, trace

from fastlayer.telemetry.config import TelemetryConfig
from fastlayer.telemetry.exporters import unconfigured

_NAME = "fastlayer"
_SCHEMA = "https://opentelemetry.io/schemas/1.44.0"
# Seconds, from the semantic conventions for http.server.request.duration.
_BOUNDARIES = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10)


@dataclass(slots=True)
class Meters:
    """The two metrics of an HTTP server."""

    active: metrics.UpDownCounter
    duration: metrics.Histogram


@dataclass(slots=True)
class Instruments:
    """What to record with; None where a signal is switched off or nobody listens."""

    tracer: trace.Tracer | None = None
    meters: Meters | None = None
    logger: _logs.Logger | None = None
    operation_spans: bool = True

    @property
    def active(self) -> bool:
        return self.tracer is not None or self.meters is not None or self.logger is not None


@dataclass
class InstrumentSource:
    """Instruments for each request; built anew only when a provider was replaced."""

    config: TelemetryConfig
    _providers: tuple[Any, Any, Any] = (None, None, None)
    _instruments: Instruments = field(default_factory=Instruments)

    def current(self) -> Instruments:
        """The instruments for the providers of this moment."""
        config = self.config
        providers = (
            config.get("tracer_provider") or trace.get_tracer_provider(),
            config.get("meter_provider") or metrics.get_meter_provider(),
            config.get("logger_provider") or _logs.get_logger_provider(),
        )
        if providers != self._providers:
            self._instruments = self._build(*providers)
            self._providers = providers
        return self._instruments

    def _build(self, tracers: Any, meters: Any, loggers: Any) -> Instruments:
        config = self.config
        built = Instruments(operation_spans=config.get("operation_spans", True))
        if config.get("tracing", True) and not unconfigured(tracers):
            built.tracer = trace.get_tracer(_NAME, _version(), tracers, _SCHEMA)
        if config.get("metrics", True) and not unconfigured(meters):
            built.meters = _meters(metrics.get_meter(_NAME, _version(), meters, _SCHEMA))
        if config.get("logs", True) and not unconfigured(loggers):
            built.logger = _logs.get_logger(_NAME, _version(), loggers, _SCHEMA)
        return built


def _version() -> str:
    version: str = sys.modules[__name__.partition(".")[0]].__version__
    return version


def _meters(meter: metrics.Meter) -> Meters:
    return Meters(
        active=meter.create_up_down_counter(
            "http.server.active_requests", "{request}", "Number of active HTTP server requests."
        ),
        duration=meter.create_histogram(
            "http.server.request.duration",
            "s",
            "Duration of HTTP server requests.",
            explicit_bucket_boundaries_advisory=_BOUNDARIES,
        ),
    )
