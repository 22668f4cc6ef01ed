from collections.abc import AsyncIterator, Iterator

from pydantic import BaseModel

from fastlayer import FastLayer
from fastlayer.responses import StreamingResponse
from fastlayer.sse import EventSourceResponse, ServerSentEvent

app = FastLayer()


class Reading(BaseModel):
    second: int
    celsius: float


@app.get("/readings")
async def stream_readings(count: int = 3) -> AsyncIterator[Reading]:
    """One JSON object per line, each sent as soon as it is there."""
    for second in range(count):
        yield Reading(second=second, celsius=100 - second / 2)


@app.get("/events", response_class=EventSourceResponse)
async def stream_events(count: int = 3) -> AsyncIterator[ServerSentEvent]:
    """Server-sent events, which a browser's EventSource reads."""
    for second in range(count):
        yield ServerSentEvent(data=Reading(second=second, celsius=100 - second / 2), event="reading", id=str(second))


def csv_lines(count: int) -> Iterator[str]:
    yield "second,celsius\n"
    for second in range(count):
        yield f"{second},{100 - second / 2}\n"


@app.get("/readings.csv")
def download(count: int = 3) -> StreamingResponse:
    return StreamingResponse(csv_lines(count), media_type="text/csv")
