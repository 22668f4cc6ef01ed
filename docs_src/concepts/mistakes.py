from pydantic import BaseModel

from fastlayer import FastLayer

app = FastLayer()


class Tea(BaseModel):
    name: str


@app.get("/teas/{tea_id}")
def read_tea(teaid: int) -> int:
    return teaid


@app.get("/teas/best")
def read_best() -> str:
    return "Sencha"


@app.post("/search")
@app.get("/search")
def search(tea: Tea) -> Tea:
    return tea
