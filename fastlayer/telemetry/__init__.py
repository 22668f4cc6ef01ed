"""OpenTelemetry spans, metrics and logs of requests: an optional layer around the application.

Importing this package does not import OpenTelemetry; `instrument` does, when it is used.
"""

from fastlayer.telemetry.config import TelemetryConfig as TelemetryConfig
from fastlayer.telemetry.config import instrument as instrument
from fastlayer.telemetry.data import TelemetryData as TelemetryData
from fastlayer.telemetry.data import get_telemetry_data as get_telemetry_data
