import base64
import hashlib
import hmac
import json
import secrets
import time
from typing import Annotated, Any

from pydantic import BaseModel

from fastlayer import Depends, FastLayer, HTTPException, Security
from fastlayer.security import OAuth2PasswordBearer, OAuth2PasswordRequestForm, SecurityScopes

SECRET = secrets.token_bytes(32)  # from the environment, in earnest: see "Settings from the environment"
SALT = secrets.token_bytes(16)
LIFETIME = 15 * 60  # seconds


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


# --- tokens: what a library such as PyJWT does, in twenty lines of the standard library ---


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def signature(text: str) -> bytes:
    return hmac.digest(SECRET, text.encode(), "sha256")


def make_token(claims: dict[str, Any]) -> str:
    text = ".".join(encoded(json.dumps(part).encode()) for part in ({"alg": "HS256", "typ": "JWT"}, claims))
    return f"{text}.{encoded(signature(text))}"


def read_token(token: str) -> dict[str, Any]:
    """The claims. Raises ValueError if the token is not ours, or not any more."""
    text, _, given = token.rpartition(".")
    if not hmac.compare_digest(encoded(signature(text)).encode(), given.encode()):
        raise ValueError("wrong signature")
    payload = text.partition(".")[2]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    if claims["exp"] < time.time():
        raise ValueError("expired")
    return claims


# --- the API ---

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
    claims = {"sub": user.name, "scope": " ".join(granted), "exp": int(time.time()) + LIFETIME}
    return Token(access_token=make_token(claims))


def get_user(asked: SecurityScopes, token: Annotated[str, Depends(oauth2)]) -> User:
    challenge = {"WWW-Authenticate": f'Bearer scope="{asked.scope_str}"' if asked.scopes else "Bearer"}
    try:
        claims = read_token(token)
        user, _ = users[claims["sub"]]
    except (ValueError, KeyError) as exc:
        raise HTTPException(401, "Log in first", headers=challenge) from exc
    if not set(asked.scopes) <= set(claims["scope"].split()):
        raise HTTPException(403, "Your token does not allow this", headers=challenge)
    return user


@app.get("/me")
def read_me(user: Annotated[User, Depends(get_user)]) -> User:
    return user


@app.put("/teas/{name}")
def write_tea(name: str, user: Annotated[User, Security(get_user, scopes=["teas:write"])]) -> str:
    return f"{user.name} wrote {name}"
