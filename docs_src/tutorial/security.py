import secrets
from typing import Annotated

from fastlayer import Depends, FastLayer, HTTPException
from fastlayer.security import HTTPBasic, HTTPBasicCredentials

app = FastLayer()
basic = HTTPBasic()


def get_user(credentials: Annotated[HTTPBasicCredentials, Depends(basic)]) -> str:
    name_is_right = secrets.compare_digest(credentials.username.encode(), b"ada")
    password_is_right = secrets.compare_digest(credentials.password.encode(), b"lovelace")
    if not (name_is_right and password_is_right):
        raise HTTPException(401, "Wrong name or password", headers={"WWW-Authenticate": "Basic"})
    return credentials.username


@app.get("/me")
def read_me(user: Annotated[str, Depends(get_user)]) -> str:
    return user
