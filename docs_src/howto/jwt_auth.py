import hashlib
import hmac
import secrets
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import jwt
from pydantic import BaseModel

from fastlayer import Depends, FastLayer, HTTPException, Security
from fastlayer.security import OAuth2PasswordBearer, OAuth2PasswordRequestForm, SecurityScopes

SECRET = secrets.token_bytes(32)  # from the environment, in earnest: see "Settings from the environment"
ALGORITHM = "HS256"
LIFETIME = timedelta(minutes=15)
SALT = secrets.token_bytes(16)  # in earnest one for each user, stored beside the hash


def hashed(password: str) -> bytes:
    return hashlib.scrypt(password.encode(), salt=SALT, n=2**14, r=8, p=1)


class User(BaseModel):
    name: str
    roles: list[str]


class Token(BaseModel):
    access_token: str
    token_type: str = "bearer"


users = {
    "ada": (User(name="ada", roles=["teas:read", "teas:write"]), hashed("lovelace")),
    "bob": (User(name="bob", roles=["teas:read"]), hashed("builder")),
}


def make_token(name: str, scopes: list[str], lifetime: timedelta = LIFETIME) -> str:
    claims = {"sub": name, "scope": " ".join(scopes), "exp": datetime.now(UTC) + lifetime}
    return jwt.encode(claims, SECRET, ALGORITHM)


def read_token(token: str) -> dict[str, Any]:
    """The claims. Raises jwt.InvalidTokenError if the token is not ours, or not any more."""
    return jwt.decode(token, SECRET, algorithms=[ALGORITHM], options={"require": ["exp", "sub"]})


app = FastLayer()
oauth2 = OAuth2PasswordBearer(
    tokenUrl="token", scopes={"teas:read": "Read the list of teas", "teas:write": "Change it"}
)


@app.post("/token")
def log_in(form: Annotated[OAuth2PasswordRequestForm, Depends()]) -> Token:
    user, right = users.get(form.username, (None, hashed("")))
    if not hmac.compare_digest(hashed(form.password), right) or user is None:
        raise HTTPException(401, "Wrong name or password", headers={"WWW-Authenticate": "Bearer"})
    granted = [scope for scope in form.scopes if scope in user.roles]
    return Token(access_token=make_token(user.name, granted))


def get_user(asked: SecurityScopes, token: Annotated[str, Depends(oauth2)]) -> User:
    challenge = {"WWW-Authenticate": f'Bearer scope="{asked.scope_str}"' if asked.scopes else "Bearer"}
    try:
        claims = read_token(token)
        user, _ = users[claims["sub"]]
    except (jwt.InvalidTokenError, KeyError) as exc:
        raise HTTPException(401, "Log in first", headers=challenge) from exc
    if not set(asked.scopes) <= set(claims.get("scope", "").split()):
        raise HTTPException(403, "Your token does not allow this", headers=challenge)
    return user


@app.get("/me")
def read_me(user: Annotated[User, Depends(get_user)]) -> User:
    return user


@app.put("/teas/{name}")
def write_tea(name: str, user: Annotated[User, Security(get_user, scopes=["teas:write"])]) -> str:
    return f"{user.name} wrote {name}"
