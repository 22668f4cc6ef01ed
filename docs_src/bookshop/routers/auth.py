"""Becoming a customer, logging in, and asking who one is."""

from typing import Annotated

from sqlalchemy import select

from fastlayer import APIRouter, Depends, Request, Response, status
from fastlayer.security import OAuth2PasswordRequestForm

from ..answers import CREATED, problems
from ..database import Db, refusing_conflicts
from ..models import User
from ..passwords import NOBODY, hash_password, password_matches
from ..schemas import Registration, Token, UserOut
from ..security import CurrentUser, issue_token, unauthorized
from ..settings import AppSettings

router = APIRouter(prefix="/auth", tags=["auth"])


@router.post(
    "/users", status_code=status.HTTP_201_CREATED, response_model=UserOut, responses=CREATED | problems(400, 409)
)
def register(registration: Registration, db: Db, request: Request, response: Response) -> User:
    user = User(username=registration.username, password_hash=hash_password(registration.password))
    db.add(user)
    with refusing_conflicts("This name is taken."):
        db.flush()
    response.headers["Location"] = request.url_for("get_me").path
    return user


@router.post("/token", responses=problems(400, 401))
def log_in(form: Annotated[OAuth2PasswordRequestForm, Depends()], db: Db, settings: AppSettings) -> Token:
    user = db.scalar(select(User).where(User.username == form.username))
    matches = password_matches(form.password, user.password_hash if user else NOBODY)
    if user is None or not matches:
        raise unauthorized("Wrong name or password.")
    return Token(access_token=issue_token(user, settings), expires_in=settings.token_seconds)


@router.get("/me", response_model=UserOut, responses=problems(401))
def get_me(user: CurrentUser) -> User:
    return user
