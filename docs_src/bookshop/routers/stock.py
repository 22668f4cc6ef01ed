"""What the tills in the shop ask over an open WebSocket: how many copies of a book are left."""

from typing import Annotated

from pydantic import BaseModel
from sqlalchemy.orm import Session, sessionmaker

from fastlayer import APIRouter, Depends, TypedWebSocket
from fastlayer.concurrency import run_in_threadpool
from fastlayer.requests import HTTPConnection

from ..models import Book
from ..schemas import Id, Incoming

router = APIRouter()


class Question(Incoming):
    book_id: Id


class StockLevel(BaseModel):
    book_id: int
    stock: int | None


def get_sessions(connection: HTTPConnection) -> sessionmaker[Session]:
    sessions: sessionmaker[Session] = connection.app.state.sessions
    return sessions


@router.websocket("/stock")
async def tell_stock(
    till: TypedWebSocket[Question, StockLevel], sessions: Annotated[sessionmaker[Session], Depends(get_sessions)]
) -> None:
    # A connection may last all day; a session of the database lasts for one question.
    def look_up(book_id: int) -> StockLevel:
        with sessions() as db:
            book = db.get(Book, book_id)
            return StockLevel(book_id=book_id, stock=book.stock if book else None)

    await till.accept()
    async for question in till:
        await till.send(await run_in_threadpool(look_up, question.book_id))
