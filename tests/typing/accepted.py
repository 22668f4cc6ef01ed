"""What users write, as type checkers see it. Read by `test_typing`, never imported: each `assert_type` is a test."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Annotated, Any, assert_type

from pydantic import BaseModel

from fastlayer import (
    APIRouter,
    Body,
    Cookie,
    Depends,
    FastLayer,
    File,
    Form,
    Header,
    Outcome,
    Path,
    Query,
    Request,
    Response,
    Security,
    UploadFile,
)
from fastlayer.responses import HTMLResponse
from fastlayer.security import OAuth2PasswordBearer, SecurityScopes

app = FastLayer(title="Typed", tags=["all"], dependencies=[Depends(lambda: None)])
router = APIRouter(prefix="/r", responses={404: {"description": "none"}})


class Item(BaseModel):
    name: str


class Session: ...


async def get_session(outcome: Outcome) -> AsyncIterator[Session]:
    yield Session()


def get_user(session: Annotated[Session, Depends(get_session)], scopes: SecurityScopes) -> str:
    assert_type(session, Session)
    assert_type(scopes.scopes, list[str])
    return "user"


scheme = OAuth2PasswordBearer(tokenUrl="token")
User = Annotated[str, Security(get_user, scopes=["me"])]


@app.get("/items/{item}", response_model=Item, status_code=201, tags=["items"], deprecated=True)
async def read(
    item: Annotated[int, Path(ge=1)],
    user: User,
    session: Annotated[Session, Depends(get_session, scope="request", use_cache=False)],
    token: Annotated[str, Depends(scheme)],
    q: Annotated[str | None, Query(max_length=3)] = None,
    agent: Annotated[str, Header(convert_underscores=False)] = "",
    cookie: Annotated[int, Cookie()] = 0,
) -> Item:
    assert_type(item, int)
    assert_type(user, str)
    assert_type(session, Session)
    assert_type(token, str)
    assert_type(q, str | None)
    return Item(name="a")


@router.post("/defaults/{number}")
def defaults(
    request: Request,
    response: Response,
    item: Item = Body(embed=True),
    number: int = Path(ge=1),
    q: int = Query(gt=0),
    r: str | None = Query(None, max_length=3),
    header: list[str] = Header(default=[]),
    cookie: str = Cookie("x"),
    form: str = Form(),
    file: bytes = File(),
    upload: UploadFile = File(...),
    session: Session = Depends(get_session),
    user: str = Security(get_user, scopes=["me"]),
) -> float:
    assert_type(q, int)
    assert_type(r, str | None)
    assert_type(header, list[str])
    assert_type(upload, UploadFile)
    assert_type(session, Session)
    return 1.0


@app.get("/one", "/two", response_class=HTMLResponse)
def several() -> str:
    return ""


assert_type(several, Callable[[], str])
assert_type(several(), str)


@app.websocket("/socket")
async def socket(websocket: Any) -> None: ...


async def called() -> None:
    assert_type(await socket(None), None)
    pending: Awaitable[Item] = read(1, "u", Session(), "t")
    assert_type(await pending, Item)


@app.exception_handler(ValueError)
async def on_value_error(request: Request, exc: ValueError) -> Response:
    return Response()


assert_type(on_value_error.__name__, str)
app.include_router(router, prefix="/v1", tags=["v1"], dependencies=[Depends(get_user)])
app.dependency_overrides[get_user] = lambda: "other"

with app.override({get_user: lambda: "other"}):
    pass


async def outside() -> None:
    async with app.dependencies() as scope:
        assert_type(await scope.call(get_user, session=Session()), str)
        assert_type(await scope.call(read, item=1), Item)
