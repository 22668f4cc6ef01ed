"""`fastapi.telemetry`."""

from ..telemetry import TelemetryConfig as TelemetryConfig
from ..telemetry import TelemetryData as TelemetryData
from ..telemetry import get_telemetry_data as get_telemetry_data
