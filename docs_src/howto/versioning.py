from typing import Annotated, Literal

from pydantic import BaseModel

from fastlayer import APIRouter, Depends, FastLayer, Header, Response


class TeaV1(BaseModel):
    name: str


class TeaV2(TeaV1):
    price: float


# --- by path: one router per version, each with its own operations ---

v1 = APIRouter(prefix="/v1", tags=["v1"], deprecated=True)
v2 = APIRouter(prefix="/v2", tags=["v2"])


@v1.get("/teas/{name}")
def read_tea_v1(name: str) -> TeaV1:
    return TeaV1(name=name)


@v2.get("/teas/{name}")
def read_tea_v2(name: str) -> TeaV2:
    return TeaV2(name=name, price=4.5)


# --- by header: one operation, whose answer depends on it ---

Version = Annotated[Literal["1", "2"], Header(alias="api-version")]


def get_version(response: Response, version: Version = "2") -> str:
    response.headers["api-version"] = version
    response.headers["vary"] = "api-version"  # caches must not mix them up
    return version


app = FastLayer()
app.include_router(v1)
app.include_router(v2)


@app.get("/teas/{name}")
def read_tea(name: str, version: Annotated[str, Depends(get_version)]) -> TeaV2 | TeaV1:
    return TeaV1(name=name) if version == "1" else TeaV2(name=name, price=4.5)
