"""The telemetry of one request or connection, and the calls by which its handler adds to it.

The handler finds it as `scope["fastlayer.telemetry"]`; where that is absent, telemetry is not active. Knows nothing of
routing or execution.
"""

import traceback
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from time import perf_counter, time_ns
from typing import Any

from opentelemetry import _logs, trace
from opentelemetry.context import Context, set_value
from opentelemetry.propagate import extract
from opentelemetry.propagators.textmap import Getter
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException, WebSocketException
from starlette.types import Scope
from starlette.websockets import WebSocketDisconnect

from fastlayer.exceptions import RequestValidationError, WebSocketRequestValidationError
from fastlayer.telemetry.attributes import (
    Attributes,
    error_type,
    function_name,
    http_attributes,
    method,
    metric_attributes,
    websocket_attributes,
)
from fastlayer.telemetry.data import CONTEXT_KEY, Holder, TelemetryData
from fastlayer.telemetry.instruments import Instruments

SCOPE_KEY = "fastlayer.telemetry"

# Answers, not failures.
_EXPECTED = (
    HTTPException,
    WebSocketException,
    WebSocketDisconnect,
    RequestValidationError,
    WebSocketRequestValidationError,
)
_METRIC_KEYS = ("network.protocol.version", "http.route", "http.response.status_code", "error.type")


class _HeaderGetter(Getter[Headers]):
    def get(self, carrier: Headers, key: str) -> list[str] | None:
        return carrier.getlist(key) or None

    def keys(self, carrier: Headers) -> list[str]:
        return list(carrier.keys())


class RequestTelemetry:
    """One request's span, metrics and records, from `__init__` to `end`, and its data, to `close`."""

    def __init__(self, instruments: Instruments, scope: Scope) -> None:
        self.data = TelemetryData()
        self.route: str | None = None
        self._http = scope["type"] == "http"
        self._instruments = instruments
        self._scope = scope
        self._root_path: str = scope.get("root_path", "").rstrip("/")
        self._attributes: Attributes = http_attributes(scope) if self._http else websocket_attributes(scope)
        self._label = ("HTTP" if method(scope) == "_OTHER" else scope["method"]) if self._http else "WS"
        self._holder = Holder(self.data)
        self._failure: BaseException | None = None
        self._ended = False
        self._span: trace.Span | None = None
        context = extract(Headers(scope=scope), getter=_HeaderGetter())
        if instruments.tracer is not None:
            self._span = instruments.tracer.start_span(
                self._label, context, trace.SpanKind.SERVER, dict(self._attributes)
            )
            context = trace.set_span_in_context(self._span, context)
        self.context: Context = set_value(CONTEXT_KEY, self._holder, context)
        self._started = perf_counter()
        self._count(1)

    def record(self, **values: Any) -> None:
        """Set fields of the data that processors may read: request, websocket, body, values, errors."""
        for name, value in values.items():
            setattr(self.data, name, value)

    @contextmanager
    def operation(self, name: str, function: Callable[..., Any]) -> Generator[None, None, None]:
        """A span around a part of the handling: dependencies, endpoint, serialization or background_task."""
        tracer = self._instruments.tracer
        if tracer is None or not self._instruments.operation_spans:
            yield
            return
        with tracer.start_as_current_span(
            f"fastapi.{name}",
            attributes={"code.function.name": function_name(function)},
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            try:
                yield
            except Exception as error:
                if not isinstance(error, _EXPECTED):
                    span.set_attribute("error.type", error_type(error))
                    span.set_status(trace.StatusCode.ERROR)
                raise

    def validation_failed(self, errors: Sequence[Any]) -> None:
        """Record that the request did not have the declared shape."""
        self.data.errors = errors
        self._emit(
            "fastapi.validation.failed",
            _logs.SeverityNumber.WARN,
            "Request validation failed",
            {"fastapi.validation.error_count": len(errors)},
        )

    def failed(self, error: BaseException) -> None:
        """Record an exception nobody handled; the same one only once."""
        if error is self._failure or not isinstance(error, Exception) or isinstance(error, WebSocketDisconnect):
            return
        self._failure = error
        what = ("http.server.request", "request") if self._http else ("fastapi.websocket", "WebSocket connection")
        self._emit(
            f"{what[0]}.exception",
            _logs.SeverityNumber.ERROR,
            f"Unhandled exception in FastLayer {what[1]}",
            {
                "exception.type": error_type(error),
                "exception.message": str(error),
                "exception.stacktrace": "".join(traceback.format_exception(error)),
            },
        )

    def end(self, status_code: int | None = None) -> None:
        """End the span and the measurement; later calls do nothing."""
        if self._ended:
            return
        self._ended = True
        outcome = self._outcome(status_code)
        self._count(-1)
        if self._instruments.meters is not None and self._http:
            known = {**self._attributes, **outcome}
            chosen = {key: known[key] for key in _METRIC_KEYS if key in known}
            chosen.update(metric_attributes(self._scope))
            self._instruments.meters.duration.record(perf_counter() - self._started, chosen, self.context)
        if self._span is not None:
            if self.route is not None:
                self._span.update_name(f"{self._label} {self.route}")
            self._span.set_attributes(dict(outcome))
            if "error.type" in outcome:
                self._span.set_status(trace.StatusCode.ERROR)
            self._span.end()

    def close(self) -> None:
        """Forget the data: a context that outlives the request must not keep it."""
        self._holder.data = None

    def _outcome(self, status_code: int | None) -> Attributes:
        outcome: Attributes = {}
        self.route = self._route_of_scope()
        if self.route is not None:
            outcome["http.route"] = self.route
        if status_code is not None:
            outcome["http.response.status_code"] = status_code
        if self._failure is not None:
            outcome["error.type"] = error_type(self._failure)
        elif status_code is not None and status_code >= 500:
            outcome["error.type"] = str(status_code)
        return outcome

    def _route_of_scope(self) -> str | None:
        """The template of the route that was matched, below the paths it was mounted at."""
        path = getattr(self._scope.get("route"), "path", None)
        if not isinstance(path, str):
            return None
        root_path: str = self._scope.get("root_path", "").rstrip("/")
        if not self._scope["path"].startswith(f"{root_path}/"):
            root_path = root_path.removeprefix(self._root_path)
        return f"{root_path}{path}"

    def _count(self, change: int) -> None:
        if self._instruments.meters is not None and self._http:
            self._instruments.meters.active.add(change, metric_attributes(self._scope), self.context)

    def _emit(self, name: str, severity: _logs.SeverityNumber, body: str, attributes: dict[str, Any]) -> None:
        logger = self._instruments.logger
        if logger is None:
            return
        route = self.route or self._route_of_scope()
        if route is not None:
            attributes["http.route"] = route
        now = time_ns()
        logger.emit(
            _logs.LogRecord(
                timestamp=now,
                observed_timestamp=now,
                context=self.context,
                severity_number=severity,
                severity_text=severity.name,
                body=body,
                attributes=attributes,
                event_name=name,
            )
        )
