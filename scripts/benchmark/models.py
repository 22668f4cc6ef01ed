"""The data every framework is given and answers with: models, five hundred items, one order.

Plain Pydantic; it may not know a framework. Times are naive, so that all writers spell them alike.
"""

from datetime import date, datetime, timedelta
from enum import StrEnum

from pydantic import BaseModel, Field, TypeAdapter


class Status(StrEnum):
    """The state of an item; an enum, because JSON writers disagree on those."""

    draft = "draft"
    active = "active"
    retired = "retired"


class Owner(BaseModel):
    """Who owns an item."""

    id: int
    name: str


class Size(BaseModel):
    """How large an item is, in millimetres."""

    width: float
    height: float


class Item(BaseModel):
    """One row of a long answer: nested, with dates and an enum."""

    id: int
    name: str
    price: float
    status: Status
    created: datetime
    expires: date
    tags: list[str]
    owner: Owner
    size: Size


class Address(BaseModel):
    """Where an order goes."""

    street: str = Field(max_length=100)
    city: str
    country: str = Field(min_length=2, max_length=2)


class Customer(BaseModel):
    """Who ordered."""

    name: str
    email: str
    address: Address


class Line(BaseModel):
    """One product of an order."""

    product: str
    quantity: int = Field(gt=0)
    price: float = Field(ge=0)


class Payment(BaseModel):
    """How an order is paid."""

    method: str
    paid: bool = False


class Delivery(BaseModel):
    """When an order arrives."""

    day: date
    express: bool = False


class Order(BaseModel):
    """A request body with five sub-models, answered unchanged."""

    id: int
    customer: Customer
    lines: list[Line]
    payment: Payment
    delivery: Delivery
    note: str | None = None


class Event(BaseModel):
    """One element of a stream."""

    id: int
    name: str


def _item(number: int) -> Item:
    return Item(
        id=number,
        name=f"item {number}",
        price=number + 0.5,
        status=list(Status)[number % 3],
        created=datetime(2026, 1, 1, 12, 30) + timedelta(minutes=number),
        expires=date(2027, 1, 1) + timedelta(days=number),
        tags=["new", "blue"],
        owner=Owner(id=number % 7, name=f"owner {number % 7}"),
        size=Size(width=1.5, height=number + 2.5),
    )


ITEMS = [_item(number) for number in range(500)]
ROWS = [item.model_dump() for item in ITEMS]
EVENTS = [Event(id=number, name=f"event {number}") for number in range(1000)]
ORDER = Order(
    id=7,
    customer=Customer(
        name="Ada", email="ada@example.com", address=Address(street="1 Long Lane", city="London", country="GB")
    ),
    lines=[Line(product="pen", quantity=3, price=1.25), Line(product="ink", quantity=1, price=7.5)],
    payment=Payment(method="card", paid=True),
    delivery=Delivery(day=date(2026, 3, 1)),
)

ORDER_ADAPTER = TypeAdapter(Order)
ITEMS_ADAPTER = TypeAdapter(list[Item])
EVENT_ADAPTER = TypeAdapter(Event)
