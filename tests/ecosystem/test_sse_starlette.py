"""sse-starlette: its own response class for server-sent events."""

from fastapi import FastAPI
from fastapi.testclient import TestClient
from sse_starlette import EventSourceResponse


def test_events_of_a_generator_are_sent():
    app = FastAPI()

    async def numbers():
        for number in range(3):
            yield {"event": "number", "data": str(number)}

    @app.get("/numbers")
    async def stream():
        return EventSourceResponse(numbers())

    response = TestClient(app).get("/numbers")
    assert response.headers["content-type"].startswith("text/event-stream")
    assert response.text.replace("\r\n", "\n").count("event: number\ndata: ") == 3
