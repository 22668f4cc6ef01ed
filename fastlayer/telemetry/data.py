"""What a request gives to OpenTelemetry processors that run while it is handled. Knows nothing of spans."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

from starlette.requests import Request
from starlette.websockets import WebSocket

CONTEXT_KEY = "fastlayer-telemetry"


@dataclass(kw_only=True)
class TelemetryData:
    """The request as far as it has been handled. Processors read it; it is not exported by itself."""

    request: Request | None = None
    websocket: WebSocket | None = None
    body: Any = None
    """As read, before validation."""
    values: dict[str, Any] | None = None
    """The arguments of the endpoint, once its dependencies have run."""
    errors: Sequence[Any] | None = None
    """The validation errors, with the input they complain about."""


class Holder:
    """The place of the data in an OpenTelemetry context; emptied when the request is over."""

    __slots__ = ("data",)

    def __init__(self, data: TelemetryData | None) -> None:
        self.data = data


def get_telemetry_data(context: Any = None) -> TelemetryData | None:
    """The data of the request that `context` belongs to, by default the current one.

    None outside of a request, after its end, and where telemetry is not active.
    """
    if find_spec("opentelemetry") is None:
        return None
    from opentelemetry.context import get_value

    holder = get_value(CONTEXT_KEY, context)
    return holder.data if isinstance(holder, Holder) else None
