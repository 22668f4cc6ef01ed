"""Buying books. Customers see their own orders only."""

from typing import Annotated

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from fastlayer import APIRouter, BackgroundTasks, HTTPException, Path, Query, Request, Response, status

from ..answers import CREATED, problems
from ..database import Db
from ..models import Book, Order, OrderLine
from ..pagination import Listing, Page, paginate
from ..receipts import write_receipt
from ..schemas import Id, OrderIn, OrderOut
from ..security import CurrentUser
from ..settings import AppSettings

router = APIRouter(prefix="/orders", tags=["orders"], responses=problems(401))


@router.post(
    "", status_code=status.HTTP_201_CREATED, response_model=OrderOut, responses=CREATED | problems(400, 404, 409)
)
def place_order(
    wanted: OrderIn,
    user: CurrentUser,
    db: Db,
    settings: AppSettings,
    tasks: BackgroundTasks,
    request: Request,
    response: Response,
) -> Order:
    order = Order(customer_id=user.id, lines=[sell(db, book_id, n) for book_id, n in quantities(wanted)])
    db.add(order)
    db.flush()  # gives it its id
    tasks.add_task(write_receipt, settings.receipts, OrderOut.model_validate(order))
    response.headers["Location"] = request.url_for("get_order", order_id=order.id).path
    return order


def quantities(wanted: OrderIn) -> list[tuple[int, int]]:
    """Pairs of book id and number of copies, each book once."""
    copies: dict[int, int] = {}
    for line in wanted.lines:
        copies[line.book_id] = copies.get(line.book_id, 0) + line.quantity
    return sorted(copies.items())


def sell(db: Session, book_id: int, quantity: int) -> OrderLine:
    """Takes the copies out of stock.

    Checking and taking are one statement, so two customers can never both get the last copy. When a later
    line of the order fails, the session's rollback puts the copies back.
    """
    take = (
        update(Book)
        .where(Book.id == book_id, Book.stock >= quantity)
        .values(stock=Book.stock - quantity)
        .returning(Book.title, Book.price_cents)
    )
    sold = db.execute(take).one_or_none()
    if sold is None:
        if db.get(Book, book_id) is None:
            raise HTTPException(status.HTTP_404_NOT_FOUND, f"There is no book {book_id}.")
        raise HTTPException(status.HTTP_409_CONFLICT, f"There are not enough copies of book {book_id} left.")
    return OrderLine(book_id=book_id, title=sold.title, unit_price_cents=sold.price_cents, quantity=quantity)


@router.get("")
def list_orders(page: Annotated[Page, Query()], user: CurrentUser, db: Db) -> Listing[OrderOut]:
    return paginate(db, select(Order).where(Order.customer_id == user.id).order_by(Order.id.desc()), page, OrderOut)


@router.get("/{order_id}", response_model=OrderOut, responses=problems(404))
def get_order(order_id: Annotated[Id, Path()], user: CurrentUser, db: Db) -> Order:
    order = db.scalar(select(Order).where(Order.id == order_id, Order.customer_id == user.id))
    if order is None:
        raise HTTPException(status.HTTP_404_NOT_FOUND, "You have no such order.")
    return order
