"""The people who wrote the books."""

from typing import Annotated

from sqlalchemy import select

from fastlayer import APIRouter, HTTPException, Path, Query, status

from ..answers import problems
from ..database import Db
from ..models import Author
from ..pagination import Listing, Page, paginate
from ..schemas import AuthorOut, Id

router = APIRouter(prefix="/authors", tags=["authors"])


@router.get("")
def list_authors(page: Annotated[Page, Query()], db: Db) -> Listing[AuthorOut]:
    return paginate(db, select(Author).order_by(Author.name, Author.id), page, AuthorOut)


@router.get("/{author_id}", response_model=AuthorOut, responses=problems(404))
def get_author(author_id: Annotated[Id, Path()], db: Db) -> Author:
    author = db.get(Author, author_id)
    if author is None:
        raise HTTPException(status.HTTP_404_NOT_FOUND, "There is no such author.")
    return author
