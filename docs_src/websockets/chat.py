"""A chat room: what one says, everybody hears. Messages are typed, in both directions."""

from typing import Annotated

from pydantic import BaseModel, Field

from fastlayer import FastLayer, TypedWebSocket

app = FastLayer()


class Message(BaseModel):
    text: Annotated[str, Field(min_length=1, max_length=500)]


class Said(BaseModel):
    by: str
    text: str


everybody: set[TypedWebSocket[Message, Said]] = set()


async def tell_all(said: Said) -> None:
    for socket in list(everybody):
        await socket.send(said)


@app.websocket("/chat/{name}")
async def chat(name: str, socket: TypedWebSocket[Message, Said]) -> None:
    await socket.accept()
    everybody.add(socket)
    try:
        await tell_all(Said(by=name, text="came"))
        async for message in socket:
            await tell_all(Said(by=name, text=message.text))
    finally:
        everybody.discard(socket)
        await tell_all(Said(by=name, text="left"))
