"""Server-sent events: one event, its wire form, the response type. Knows the format, not the stream it is part of.

The format is WHATWG HTML, 9.2.6: UTF-8 lines `field: value`, a blank line ends an event, CR, LF and CRLF end a line.
"""

import re
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from starlette.responses import StreamingResponse

# Sent when a stream has been silent; proxies close connections on which nothing moves.
KEEPALIVE_COMMENT = b": ping\n\n"
# Seconds.
PING_INTERVAL = 15.0
# What OpenAPI says about one event, before the schema of `data` is known.
SSE_EVENT_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "data": {"type": "string"},
        "event": {"type": "string"},
        "id": {"type": "string"},
        "retry": {"type": "integer", "minimum": 0},
    },
}

# str.splitlines() would also split at characters that are ordinary here.
_LINE_END = re.compile(r"\r\n|\r|\n")


class EventSourceResponse(StreamingResponse):
    """A stream of events; as `response_class` it makes each value a generator endpoint yields one event.

    Given to a client by hand, its content is text or bytes that already have the event format.

    `ping_interval`, which a subclass sets: seconds of silence after which such an endpoint's stream sends a comment, so
    that proxies keep the connection open; more than 0, `math.inf` for never. None means `sse.PING_INTERVAL`, 15.
    """

    media_type = "text/event-stream"
    ping_interval: float | None = None


def _one_line(name: str, value: str | None) -> str | None:
    if value is not None and ("\n" in value or "\r" in value):
        raise ValueError(f"SSE '{name}' must be a single line")
    return value


def _check_event(value: str | None) -> str | None:
    return _one_line("event", value)


def _check_id(value: str | None) -> str | None:
    # A browser ignores an id with NUL, and would resume from the event before.
    if value is not None and "\0" in value:
        raise ValueError("SSE 'id' must not contain null characters")
    return _one_line("id", value)


class ServerSentEvent(BaseModel):
    """One event of a stream, for generators that set more than the data.

    `data`: any JSON-encodable value, always written as JSON, so a string arrives in quotes.
    `raw_data`: text written as it is, instead of `data`.
    `event`: the name browsers dispatch on ("message" if absent). `id`: sent back as `Last-Event-ID` on reconnection.
    `retry`: milliseconds to wait before reconnecting. `comment`: text clients ignore.
    """

    model_config = ConfigDict(defer_build=True)

    data: Any = None
    raw_data: str | None = None
    event: Annotated[str | None, AfterValidator(_check_event)] = None
    id: Annotated[str | None, AfterValidator(_check_id)] = None
    retry: Annotated[int | None, Field(ge=0)] = None
    comment: str | None = None

    @model_validator(mode="after")
    def _one_kind_of_data(self) -> Self:
        if self.data is not None and self.raw_data is not None:
            raise ValueError(
                "Cannot set both 'data' and 'raw_data' on the same ServerSentEvent. "
                "Use 'data' for JSON-serialized payloads or 'raw_data' for pre-formatted strings."
            )
        return self


def format_sse_event(
    *,
    data_str: str | None = None,
    event: str | None = None,
    id: str | None = None,
    retry: int | None = None,
    comment: str | None = None,
) -> bytes:
    """Return one event as it goes over the wire; `data_str` and `comment` may have several lines.

    Raises: ValueError when `event` or `id` has several lines, which would let their text write fields of its own.
    """
    lines: list[str] = []
    if comment is not None:
        lines += [f": {line}" for line in _LINE_END.split(comment)]
    if event is not None:
        lines.append(f"event: {_check_event(event)}")
    if data_str is not None:
        lines += [f"data: {line}" for line in _LINE_END.split(data_str)]
    if id is not None:
        lines.append(f"id: {_check_id(id)}")
    if retry is not None:
        lines.append(f"retry: {retry}")
    lines.append("\n" if lines else "")
    # One bad character in a text must not end the stream for good.
    return ("\n".join(lines) or "\n").encode("utf-8", "replace")
