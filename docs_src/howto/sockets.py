from typing import Annotated

from fastlayer import Depends, FastLayer, Query, WebSocket, WebSocketDisconnect, WebSocketException, status

app = FastLayer()


class Rooms:
    """Who listens where. For one process; several need something between them, such as Redis."""

    def __init__(self) -> None:
        self.sockets: dict[str, set[WebSocket]] = {}

    def enter(self, room: str, socket: WebSocket) -> None:
        self.sockets.setdefault(room, set()).add(socket)

    def leave(self, room: str, socket: WebSocket) -> None:
        self.sockets[room].discard(socket)

    async def say(self, room: str, text: str) -> None:
        for socket in list(self.sockets[room]):
            await socket.send_text(text)


rooms = Rooms()


def get_rooms() -> Rooms:
    return rooms


async def get_name(token: Annotated[str | None, Query()] = None) -> str:
    if token is None:
        raise WebSocketException(status.WS_1008_POLICY_VIOLATION, "Who are you?")
    return token.title()


@app.websocket("/rooms/{room}")
async def chat(
    websocket: WebSocket,
    room: str,
    name: Annotated[str, Depends(get_name)],
    rooms: Annotated[Rooms, Depends(get_rooms, thread=False)],
) -> None:
    await websocket.accept()
    rooms.enter(room, websocket)
    try:
        while True:
            await rooms.say(room, f"{name}: {await websocket.receive_text()}")
    except WebSocketDisconnect:
        rooms.leave(room, websocket)
        await rooms.say(room, f"{name} left")
