"""What goes over the wire. `...In` models are strict: no unknown fields, no "12" for 12."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

# SQLite's integers have 64 bits, but JavaScript and other readers of JSON are exact only up to here (RFC 8259, 6).
MAX_INTEGER = 2**53 - 1


def whole(value: object) -> object:
    """An int for a float without fraction: to JSON Schema, 12.0 is an integer too."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


Whole = BeforeValidator(whole)
Id = Annotated[int, Field(ge=1, le=MAX_INTEGER), Whole]
Isbn = Annotated[
    str, Field(pattern=r"^97[89][0-9]{10}$", description="ISBN-13, without hyphens", examples=["9780156453806"])
]
Line = Annotated[
    str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$", description="One line of text")
]
Cents = Annotated[int, Field(ge=0, le=100_000_00, description="Money, in cents", examples=[1450]), Whole]
Stock = Annotated[int, Field(ge=0, le=1_000_000, description="Copies in stock"), Whole]


class Incoming(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")


class Outgoing(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class AuthorIn(Incoming):
    name: Line


class AuthorOut(Outgoing):
    id: int
    name: str


class BookIn(Incoming):
    isbn: Isbn
    title: Line
    author_id: Id
    price_cents: Cents
    stock: Stock = 0


class BookChange(Incoming):
    """The fields to change; what is left out, or null, stays as it is."""

    isbn: Isbn | None = None
    title: Line | None = None
    author_id: Id | None = None
    price_cents: Cents | None = None
    stock: Stock | None = None


class BookOut(Outgoing):
    id: int
    isbn: str
    title: str
    author: AuthorOut
    price_cents: int
    stock: int


class OrderLineIn(Incoming):
    book_id: Id
    quantity: Annotated[int, Field(ge=1, le=100), Whole] = 1


class OrderIn(Incoming):
    lines: list[OrderLineIn] = Field(min_length=1, max_length=20)


class OrderLineOut(Outgoing):
    book_id: int
    title: str
    quantity: int
    unit_price_cents: int


class OrderOut(Outgoing):
    id: int
    placed_at: datetime
    lines: list[OrderLineOut]
    total_cents: int


class Registration(Incoming):
    username: str = Field(pattern=r"^[a-z][a-z0-9_]{2,29}$", examples=["alice"])
    password: str = Field(min_length=8, max_length=128)


class UserOut(Outgoing):
    id: int
    username: str
    is_admin: bool


class Token(BaseModel):
    access_token: str
    token_type: str = "bearer"
    expires_in: int = Field(description="Seconds")


class BookSales(Outgoing):
    book_id: int
    title: str
    copies: int
    revenue_cents: int


class SalesReport(BaseModel):
    copies: int
    revenue_cents: int
    best_sellers: list[BookSales]
