"""Lists come in pages: the query parameters that choose one, and the answer that carries it."""

from typing import Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from .models import Base
from .schemas import MAX_INTEGER, Outgoing

Row = TypeVar("Row", bound=Base)
Item = TypeVar("Item", bound=Outgoing)


class Page(BaseModel):
    """Query parameters. Inherit to add filters; a misspelt one is refused rather than ignored."""

    model_config = ConfigDict(extra="forbid")

    limit: int = Field(default=20, ge=1, le=100, description="How many at most")
    offset: int = Field(default=0, ge=0, le=MAX_INTEGER, description="How many to leave out before the first")


class Listing(BaseModel, Generic[Item]):
    items: list[Item]
    total: int = Field(description="How many there are on all pages together")


def paginate(db: Session, query: Select[Row], page: Page, schema: type[Item]) -> Listing[Item]:
    """The page of the query's rows, as items of `schema`."""
    total = db.scalar(select(func.count()).select_from(query.order_by(None).subquery()))
    rows = db.scalars(query.limit(page.limit).offset(page.offset))
    return Listing(items=[schema.model_validate(row) for row in rows], total=total or 0)
