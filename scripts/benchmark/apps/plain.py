"""What the hand-written applications share: typed parameters, and the dependencies as ordinary functions.

It may not know a framework.
"""

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from typing import Annotated, Any

from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from ..scenarios import LEVELS


class Params(BaseModel):
    """The parameters of `params` and `error`, checked at once."""

    item_id: Annotated[int, Field(ge=1)]
    skip: Annotated[int, Field(ge=0)] = 0
    limit: Annotated[int, Field(ge=1, le=100)] = 10
    q: Annotated[str | None, Field(min_length=3, max_length=50)] = None
    tags: list[str]
    x_token: str


INTEGER = TypeAdapter(int)
PAGE = TypeAdapter(Annotated[int, Field(ge=1)])
_ADDRESSES = {"item_id": "path", "x_token": "header"}


def problems(error: ValidationError) -> dict[str, Any]:
    """Return the body of a 422 for `error`, shaped as FastAPI shapes it."""
    details = error.errors(include_url=False)
    return {
        "detail": [{**each, "loc": (_ADDRESSES.get(str(each["loc"][0]), "query"), *each["loc"])} for each in details]
    }


@asynccontextmanager
async def session() -> AsyncIterator[dict[str, bool]]:
    connection = {"open": True}
    yield connection
    connection["open"] = False


async def settings() -> dict[str, str]:
    return {"domain": "example"}


async def user(db: dict[str, bool], headers: Mapping[str, str]) -> str:
    return headers["x-token"]


async def tenant(name: str, config: dict[str, str]) -> str:
    return f"{name}@{config['domain']}"


async def page(query: Mapping[str, str]) -> int:
    return PAGE.validate_python(query.get("page", 1))


async def audit(name: str, where: str) -> str:
    return f"{name} {where}"


@contextmanager
def session_sync() -> Iterator[dict[str, bool]]:
    connection = {"open": True}
    yield connection
    connection["open"] = False


def settings_sync() -> dict[str, str]:
    return {"domain": "example"}


def user_sync(db: dict[str, bool], headers: Mapping[str, str]) -> str:
    return headers["x-token"]


def tenant_sync(name: str, config: dict[str, str]) -> str:
    return f"{name}@{config['domain']}"


def page_sync(query: Mapping[str, str]) -> int:
    return PAGE.validate_python(query.get("page", 1))


def audit_sync(name: str, where: str) -> str:
    return f"{name} {where}"


async def _one() -> int:
    return 1


async def _add(left: int, right: int) -> int:
    return left + right


async def total() -> int:
    """Return the sum over the diamond: two calls per level, as somebody would write it who knows the graph."""
    left, right = await _one(), await _one()
    for _ in range(LEVELS - 1):
        left, right = await _add(left, right), await _add(left, right)
    return left + right
