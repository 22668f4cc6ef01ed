"""faststream: subscribers of a message broker with dependencies, on a router."""

import asyncio

from fastapi import Depends, FastAPI
from fastapi.testclient import TestClient
from faststream.nats import TestNatsBroker
from faststream.nats.fastapi import NatsRouter
from pydantic import BaseModel


class Order(BaseModel):
    item: str


async def handle_a_message() -> list[tuple[str, bool]]:
    router = NatsRouter()
    handled: list[tuple[str, bool]] = []

    @router.subscriber("orders")
    async def order(order: Order, checked: bool = Depends(lambda: True)):
        handled.append((order.item, checked))

    FastAPI().include_router(router)
    async with TestNatsBroker(router.broker) as broker:
        await broker.publish({"item": "pen"}, "orders")
    return handled


def test_a_message_is_handled_with_its_dependencies():
    assert asyncio.run(handle_a_message()) == [("pen", True)]


def test_http_operations_of_the_router_are_served():
    router = NatsRouter()

    @router.get("/orders/{number}")
    async def order(number: int):
        return number

    app = FastAPI()
    app.include_router(router, prefix="/api")
    assert TestClient(app).get("/api/orders/3").json() == 3
