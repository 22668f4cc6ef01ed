from datetime import date
from enum import Enum
from typing import Annotated

from pydantic import BaseModel

from fastlayer import Cookie, FastLayer, Header, Path, Query

app = FastLayer()


class Kind(Enum):
    green = "green"
    black = "black"


@app.get("/teas/{kind}/{number}")
def read_tea(
    kind: Kind,
    number: Annotated[int, Path(ge=1, description="Counted from 1 in each kind")],
    since: date | None = None,
) -> dict[str, Kind | int | date | None]:
    return {"kind": kind, "number": number, "since": since}


class Page(BaseModel):
    limit: int = 20
    offset: int = 0


@app.get("/search")
def search(
    q: Annotated[str, Query(min_length=2)],
    page: Annotated[Page, Query()],
    tag: Annotated[list[str], Query(default_factory=list)],
) -> dict[str, str | int | list[str]]:
    return {"q": q, "limit": page.limit, "offset": page.offset, "tag": tag}


@app.get("/me")
def read_me(
    accept_language: Annotated[str, Header()] = "en",
    session: Annotated[str | None, Cookie()] = None,
) -> dict[str, str | None]:
    return {"language": accept_language, "session": session}
