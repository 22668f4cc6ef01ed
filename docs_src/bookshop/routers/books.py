"""The catalogue, open to everybody."""

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import Field
from sqlalchemy import Select, UnaryExpression, select

from fastlayer import APIRouter, HTTPException, Path, Query, status

from ..answers import problems
from ..database import Db
from ..models import Book
from ..pagination import Listing, Page, paginate
from ..schemas import MAX_INTEGER, BookOut, Id

router = APIRouter(prefix="/books", tags=["books"])

ORDERS: dict[str, UnaryExpression[Any]] = {
    "title": Book.title.asc(),
    "-title": Book.title.desc(),
    "price": Book.price_cents.asc(),
    "-price": Book.price_cents.desc(),
}


class BookSearch(Page):
    title: str = Field(default="", max_length=200, description="Part of the title")
    author_id: Id | None = None
    min_price_cents: int = Field(default=0, ge=0, le=MAX_INTEGER)
    max_price_cents: int = Field(default=MAX_INTEGER, ge=0, le=MAX_INTEGER)
    in_stock: bool = Field(default=False, description="Leave out what is sold out")
    sort: Literal["title", "-title", "price", "-price"] = "title"

    def query(self) -> Select[Book]:
        query = select(Book).where(
            Book.title.icontains(self.title, autoescape=True),
            Book.price_cents.between(self.min_price_cents, self.max_price_cents),
        )
        if self.author_id is not None:
            query = query.where(Book.author_id == self.author_id)
        if self.in_stock:
            query = query.where(Book.stock > 0)
        # The id decides between equals: without it a book could show up on two pages, and another on none.
        return query.order_by(ORDERS[self.sort], Book.id)


@router.get("")
def list_books(search: Annotated[BookSearch, Query()], db: Db) -> Listing[BookOut]:
    return paginate(db, search.query(), search, BookOut)


# OpenAPI 3.1 has no words for a stream of objects (3.2 has `itemSchema`), and readers of this document are strict.
@router.get("/all", include_in_schema=False)
def export_books(db: Db) -> Iterator[BookOut]:
    """The whole catalogue, one JSON object per line: however long it is, only a few books are in memory at once."""
    for book in db.scalars(select(Book).order_by(Book.id).execution_options(yield_per=100)):
        yield BookOut.model_validate(book)


@router.get("/{book_id}", response_model=BookOut, responses=problems(404))
def get_book(book_id: Annotated[Id, Path()], db: Db) -> Book:
    book = db.get(Book, book_id)
    if book is None:
        raise HTTPException(status.HTTP_404_NOT_FOUND, "There is no such book.")
    return book
