"""Who is asking: signed tokens that expire, and the dependencies that read them."""

from typing import Annotated

from itsdangerous import BadData, URLSafeTimedSerializer

from fastlayer import Depends, HTTPException, status
from fastlayer.security import OAuth2PasswordBearer

from .database import Db
from .models import User
from .settings import AppSettings, Settings

# Declares the scheme for the docs page's Authorize button, and answers 401 to requests without a token.
bearer_token = OAuth2PasswordBearer(tokenUrl="auth/token")


def signer(settings: Settings) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(settings.secret.get_secret_value(), salt="bookshop login")


def issue_token(user: User, settings: Settings) -> str:
    """A token that proves to be `user` for `settings.token_seconds`. Signed, not encrypted."""
    return str(signer(settings).dumps(user.id))


def unauthorized(detail: str) -> HTTPException:
    # RFC 9110, 15.5.2: a 401 says by which scheme to authenticate.
    return HTTPException(status.HTTP_401_UNAUTHORIZED, detail, headers={"WWW-Authenticate": "Bearer"})


def current_user(token: Annotated[str, Depends(bearer_token)], db: Db, settings: AppSettings) -> User:
    try:
        user_id = signer(settings).loads(token, max_age=settings.token_seconds)
    except BadData as error:
        raise unauthorized("The token is invalid or has expired.") from error
    user = db.get(User, user_id)
    if user is None:
        raise unauthorized("The token's user is gone.")
    return user


CurrentUser = Annotated[User, Depends(current_user)]


def require_admin(user: CurrentUser) -> None:
    if not user.is_admin:
        raise HTTPException(status.HTTP_403_FORBIDDEN, "Only administrators may do this.")
