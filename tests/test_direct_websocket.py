"""The WebSocket endpoints are given is Starlette's in everything one can see: each script is played to both."""

from collections.abc import Callable, Coroutine
from typing import Any

import anyio
import pytest
from starlette.websockets import WebSocket

from fastlayer.websockets import DirectWebSocket

CONNECT = {"type": "websocket.connect"}
TEXT = {"type": "websocket.receive", "text": "hi"}
BYTES = {"type": "websocket.receive", "bytes": b"hi"}
BYE = {"type": "websocket.disconnect", "code": 1001, "reason": "off"}
WRONG = {"type": "websocket.connect"}
Move = Callable[[WebSocket], Coroutine[Any, Any, Any]]


async def text_of_all(websocket: WebSocket) -> list[str]:
    return [text async for text in websocket.iter_text()]


async def bytes_of_all(websocket: WebSocket) -> list[bytes]:
    return [data async for data in websocket.iter_bytes()]


def moves(*names: str) -> list[Move]:
    known: dict[str, Move] = {
        "accept": lambda websocket: websocket.accept(),
        "receive_text": lambda websocket: websocket.receive_text(),
        "receive_bytes": lambda websocket: websocket.receive_bytes(),
        "receive_json": lambda websocket: websocket.receive_json(),
        "send_text": lambda websocket: websocket.send_text("yes"),
        "send_bytes": lambda websocket: websocket.send_bytes(b"yes"),
        "close": lambda websocket: websocket.close(),
        "iter_text": text_of_all,
        "iter_bytes": bytes_of_all,
    }
    return [known[name] for name in names]


SCRIPTS: list[tuple[list[dict[str, Any]], list[Move]]] = [
    ([CONNECT, TEXT, BYTES], moves("accept", "receive_text", "receive_bytes", "send_text", "send_bytes", "close")),
    ([CONNECT, TEXT, TEXT, BYE], moves("accept", "iter_text", "receive_text", "send_text")),
    ([CONNECT, BYTES, BYTES, BYE], moves("accept", "iter_bytes", "receive_bytes", "send_bytes")),
    ([CONNECT, BYE], moves("accept", "receive_text", "receive_text")),
    ([CONNECT, BYE], moves("accept", "receive_bytes", "receive_bytes")),
    ([CONNECT, BYTES, TEXT], moves("accept", "receive_text", "receive_bytes")),  # the other kind of message
    ([CONNECT, WRONG, TEXT], moves("accept", "receive_text", "receive_text")),  # a server that errs
    ([CONNECT, WRONG, BYTES], moves("accept", "receive_bytes", "receive_bytes")),
    ([CONNECT, TEXT], moves("receive_text", "receive_bytes", "send_text", "send_bytes")),  # nobody accepted
    ([CONNECT, TEXT], moves("accept", "close", "send_text", "send_bytes", "receive_text", "receive_bytes")),
    ([CONNECT, {"type": "websocket.receive", "text": "3"}, BYE], moves("accept", "receive_json", "receive_json")),
]


async def play(
    cls: type[WebSocket], incoming: list[dict[str, Any]], script: list[Move], broken: bool = False
) -> list[Any]:
    """What each move returned or raised, what was sent, and the states after each move."""
    pending = list(incoming)
    seen: list[Any] = []

    async def receive() -> Any:
        return pending.pop(0)

    async def send(message: Any) -> None:
        if broken and message["type"] == "websocket.send":
            raise OSError("gone")
        seen.append(message)

    websocket = cls({"type": "websocket", "headers": [], "path": "/"}, receive, send)
    for move in script:
        try:
            seen.append(await move(websocket))
        except Exception as error:
            seen.append((type(error), vars(error), str(error)))
        seen.append((websocket.client_state, websocket.application_state, len(pending)))
    return seen


@pytest.mark.parametrize(("incoming", "script"), SCRIPTS)
def test_every_move_ends_as_starlettes(incoming: list[dict[str, Any]], script: list[Move]) -> None:
    direct = anyio.run(play, DirectWebSocket, incoming, script)
    assert direct == anyio.run(play, WebSocket, incoming, script)


@pytest.mark.parametrize("kind", ["send_text", "send_bytes"])
def test_a_connection_that_breaks_while_sending_ends_as_starlettes(kind: str) -> None:
    script = moves("accept", kind, kind)
    direct = anyio.run(play, DirectWebSocket, [CONNECT], script, True)
    assert direct == anyio.run(play, WebSocket, [CONNECT], script, True)
