"""OpenTelemetry spans, metrics and logs of requests: an optional layer around the application.

Importing this package does not import OpenTelemetry; `instrument` does, when it is used.
"""

import sys
from importlib.util import find_spec

from starlette.types import ASGIApp

from fastlayer.logger import logger
from fastlayer.telemetry.config import TelemetryConfig as TelemetryConfig
from fastlayer.telemetry.config import auto_configure_wanted
from fastlayer.telemetry.data import TelemetryData as TelemetryData
from fastlayer.telemetry.data import get_telemetry_data as get_telemetry_data


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
