"""The back office. The router's dependency keeps everybody else out of all of it."""

from typing import Annotated

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from fastlayer import APIRouter, Depends, HTTPException, Path, Query, Request, Response, status

from ..answers import CREATED, problems
from ..database import Db, refusing_conflicts
from ..models import Author, Book, OrderLine, User
from ..pagination import Listing, Page, paginate
from ..schemas import AuthorIn, AuthorOut, BookChange, BookIn, BookOut, BookSales, Id, SalesReport, UserOut
from ..security import require_admin

router = APIRouter(prefix="/admin", tags=["admin"], dependencies=[Depends(require_admin)], responses=problems(401, 403))

ISBN_TAKEN = "There is a book with this ISBN already."


def check_author(db: Session, author_id: int) -> None:
    if db.get(Author, author_id) is None:
        raise HTTPException(status.HTTP_404_NOT_FOUND, "There is no such author.")


@router.post(
    "/authors", status_code=status.HTTP_201_CREATED, response_model=AuthorOut, responses=CREATED | problems(400, 409)
)
def create_author(new: AuthorIn, db: Db, request: Request, response: Response) -> Author:
    author = Author(name=new.name)
    db.add(author)
    with refusing_conflicts("There is an author of this name already."):
        db.flush()
    response.headers["Location"] = request.url_for("get_author", author_id=author.id).path
    return author


@router.post(
    "/books", status_code=status.HTTP_201_CREATED, response_model=BookOut, responses=CREATED | problems(400, 404, 409)
)
def create_book(new: BookIn, db: Db, request: Request, response: Response) -> Book:
    check_author(db, new.author_id)
    book = Book(**new.model_dump())
    db.add(book)
    with refusing_conflicts(ISBN_TAKEN):
        db.flush()
    response.headers["Location"] = request.url_for("get_book", book_id=book.id).path
    return book


@router.patch("/books/{book_id}", response_model=BookOut, responses=problems(400, 404, 409))
def change_book(book_id: Annotated[Id, Path()], change: BookChange, db: Db) -> Book:
    values = change.model_dump(exclude_none=True)
    if change.author_id is not None:
        check_author(db, change.author_id)
    if values:
        with refusing_conflicts(ISBN_TAKEN):
            db.execute(update(Book).where(Book.id == book_id).values(values))
    book = db.get(Book, book_id)
    if book is None:
        raise HTTPException(status.HTTP_404_NOT_FOUND, "There is no such book.")
    return book


@router.delete("/books/{book_id}", status_code=status.HTTP_204_NO_CONTENT, responses=problems(404, 409))
def delete_book(book_id: Annotated[Id, Path()], db: Db) -> None:
    with refusing_conflicts("The book has been sold and stays in the books. Set its stock to 0 instead."):
        deleted = db.execute(delete(Book).where(Book.id == book_id).returning(Book.id)).one_or_none()
    if deleted is None:
        raise HTTPException(status.HTTP_404_NOT_FOUND, "There is no such book.")


@router.get("/users")
def list_users(page: Annotated[Page, Query()], db: Db) -> Listing[UserOut]:
    return paginate(db, select(User).order_by(User.username), page, UserOut)


@router.get("/sales")
def report_sales(
    db: Db, top: Annotated[int, Query(ge=1, le=100, description="How many best sellers")] = 10
) -> SalesReport:
    copies = func.coalesce(func.sum(OrderLine.quantity), 0)
    revenue = func.coalesce(func.sum(OrderLine.quantity * OrderLine.unit_price_cents), 0)
    all_copies, all_revenue = db.execute(select(copies, revenue)).one()
    best = (
        select(Book.id.label("book_id"), Book.title, copies.label("copies"), revenue.label("revenue_cents"))
        .join(OrderLine, OrderLine.book_id == Book.id)
        .group_by(Book.id)
        .order_by(revenue.desc(), Book.id)
        .limit(top)
    )
    best_sellers = [BookSales.model_validate(row) for row in db.execute(best)]
    return SalesReport(copies=all_copies, revenue_cents=all_revenue, best_sellers=best_sellers)
