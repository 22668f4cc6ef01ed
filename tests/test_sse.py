"""The wire form of events and what an event may contain."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from fastlayer.sse import KEEPALIVE_COMMENT, EventSourceResponse, ServerSentEvent, format_sse_event


@pytest.mark.parametrize(
    ("fields", "wire"),
    [
        ({}, b"\n"),
        ({"data_str": "a"}, b"data: a\n\n"),
        ({"data_str": "a\nb\r\nc\rd"}, b"data: a\ndata: b\ndata: c\ndata: d\n\n"),
        ({"data_str": ""}, b"data: \n\n"),
        ({"data_str": "a\n"}, b"data: a\ndata: \n\n"),
        ({"data_str": " x"}, b"data:  x\n\n"),
        ({"data_str": "a\u2028b\x0bc\x85"}, "data: a\u2028b\x0bc\x85\n\n".encode()),
        (
            {"data_str": "d", "event": "e", "id": "1", "retry": 0, "comment": "c\nd"},
            b": c\n: d\nevent: e\ndata: d\nid: 1\nretry: 0\n\n",
        ),
        ({"comment": "", "event": "", "id": ""}, b": \nevent: \nid: \n\n"),
    ],
)
def test_an_event_is_written_as_fastapi_writes_it(fields: dict[str, Any], wire: bytes) -> None:
    assert format_sse_event(**fields) == wire


@pytest.mark.parametrize("fields", [{"event": "a\ndata: b"}, {"id": "a\rb"}, {"id": "a\0b"}])
def test_a_name_or_id_cannot_write_fields_of_its_own(fields: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="must"):
        format_sse_event(**fields)


def parse(wire: str) -> tuple[str, str | None]:
    """Return data and id as a browser reads them: WHATWG HTML, 9.2.6."""
    data: list[str] = []
    identity = None
    for line in wire.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "data":
            data.append(value)
        elif field == "id":
            identity = value
    return "\n".join(data), identity


@given(st.text(), st.text(st.characters(exclude_characters="\r\n\0", codec="utf-8")), st.text())
def test_a_browser_reads_back_what_was_written(data: str, identity: str, comment: str) -> None:
    wire = format_sse_event(data_str=data, id=identity, comment=comment)
    assert wire.endswith(b"\n\n")
    assert parse(wire.decode()) == (data.replace("\r\n", "\n").replace("\r", "\n"), identity)


def test_a_lone_surrogate_does_not_end_the_stream() -> None:
    assert format_sse_event(data_str="a\ud800b") == b"data: a?b\n\n"


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"event": "a\nb"}, "SSE 'event' must be a single line"),
        ({"id": "a\rb"}, "SSE 'id' must be a single line"),
        ({"id": "a\0b"}, "SSE 'id' must not contain null characters"),
        ({"retry": -1}, "greater than or equal to 0"),
        ({"retry": 1.5}, "valid integer"),
        ({"raw_data": 1}, "valid string"),
        ({"data": 1, "raw_data": "x"}, "Cannot set both 'data' and 'raw_data'"),
    ],
)
def test_an_event_that_cannot_be_sent_is_refused_when_made(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        ServerSentEvent(**fields)


def test_an_event_may_be_empty_and_may_carry_anything_as_data() -> None:
    assert ServerSentEvent().model_dump(exclude_none=True) == {}
    assert ServerSentEvent(data={"a": 1}, event="e", retry=0).data == {"a": 1}
    assert ServerSentEvent(data=None, raw_data="x").raw_data == "x"


def test_the_response_is_an_event_stream() -> None:
    response = EventSourceResponse(iter([KEEPALIVE_COMMENT]))
    assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
