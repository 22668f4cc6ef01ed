"""Telemetry around an application: the outermost layer. Knows ASGI messages, and nothing of routes."""

from typing import Any

from opentelemetry import trace
from opentelemetry.context import attach, detach
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fastlayer.telemetry.config import TelemetryConfig, auto_configure_wanted
from fastlayer.telemetry.exchange import SCOPE_KEY, RequestTelemetry
from fastlayer.telemetry.exporters import configure_from_environment
from fastlayer.telemetry.instruments import InstrumentSource


class TelemetryMiddleware:
    """Record each HTTP request and WebSocket connection of `app`, once, with the providers of that moment."""

    def __init__(self, app: ASGIApp, config: TelemetryConfig) -> None:
        self.app = app
        self._exclude = config.get("exclude")
        self._source = InstrumentSource(config)
        # Contrib instrumentation inside this layer already makes the server span.
        self._redundant = _has_contrib_layer(app)
        if auto_configure_wanted(config):
            configure_from_environment()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._skipped(scope):
            await self.app(scope, receive, send)
            return
        instruments = self._source.current()
        if not instruments.active:
            await self.app(scope, receive, send)
            return
        telemetry = RequestTelemetry(instruments, scope)
        scope[SCOPE_KEY] = telemetry
        watch = _Watch(telemetry, send)
        token = attach(telemetry.context)
        try:
            await self.app(scope, receive, watch.send)
        except BaseException as error:
            telemetry.failed(error)
            raise
        finally:
            telemetry.end(watch.status_code)
            detach(token)
            telemetry.close()

    def _skipped(self, scope: Scope) -> bool:
        return (
            scope["type"] not in ("http", "websocket")
            or self._redundant
            or SCOPE_KEY in scope  # an application mounted in an instrumented one
            or _inside_server_span()
            or (self._exclude is not None and self._exclude(scope))
        )


class _Watch:
    """The server's `send`, observed: the span of a request ends with its body, before background tasks."""

    def __init__(self, telemetry: RequestTelemetry, send: Send) -> None:
        self.status_code: int | None = None
        self._telemetry = telemetry
        self._send = send

    async def send(self, message: Message) -> None:
        kind = message["type"]
        if kind in ("http.response.start", "websocket.http.response.start"):
            self.status_code = message["status"]
        await self._send(message)
        last = kind == "http.response.pathsend" or (
            kind == "http.response.body" and not message.get("more_body", False)
        )
        # The exception behind a 5xx arrives after its response; the span waits for it.
        if last and (self.status_code is None or self.status_code < 500):
            self._telemetry.end(self.status_code)


def _has_contrib_layer(app: Any) -> bool:
    while app is not None:
        if type(app).__module__.startswith("opentelemetry.instrumentation."):
            return True
        app = getattr(app, "app", None)
    return False


def _inside_server_span() -> bool:
    span = trace.get_current_span()
    return span.is_recording() and getattr(span, "kind", None) is trace.SpanKind.SERVER
