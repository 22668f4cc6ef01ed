from pydantic import BaseModel

from fastlayer import FastLayer, TypedWebSocket

app = FastLayer()


class Order(BaseModel):
    tea: str
    cups: int


class Bill(BaseModel):
    total: float


@app.websocket("/orders")
async def take_orders(socket: TypedWebSocket[Order, Bill]) -> None:
    await socket.accept()
    async for order in socket:
        await socket.send(Bill(total=order.cups * 2.5))
