from collections.abc import Iterator
from typing import Annotated

from fastlayer import BackgroundTasks, Depends, FastLayer

app = FastLayer()
events: list[str] = []


def until_returned() -> Iterator[None]:
    yield
    events.append("function closed")


def until_sent() -> Iterator[None]:
    yield
    events.append("response closed")


def until_done() -> Iterator[None]:
    yield
    events.append("request closed")


@app.get("/")
def endpoint(
    tasks: BackgroundTasks,
    one: Annotated[None, Depends(until_done, scope="request")],
    two: Annotated[None, Depends(until_sent)],
    three: Annotated[None, Depends(until_returned, scope="function")],
) -> str:
    tasks.add_task(events.append, "background task")
    events.append("endpoint")
    return "sent"
