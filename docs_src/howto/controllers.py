from typing import Annotated

from pydantic import BaseModel

from fastlayer import Controller, Depends, FastLayer, HTTPException
from fastlayer.controllers import get, put


class Tea(BaseModel):
    name: str
    price: float


Shelf = dict[str, Tea]
shelf: Shelf = {}


def get_shelf() -> Shelf:
    return shelf


class Teas(Controller):
    prefix = "/teas"
    tags = ["teas"]

    def __init__(self, shelf: Annotated[Shelf, Depends(get_shelf, thread=False)]) -> None:
        self.shelf = shelf

    @get("/{name}")
    async def read(self, name: str) -> Tea:
        if name not in self.shelf:
            raise HTTPException(404, f"There is no {name}.")
        return self.shelf[name]

    @put("/{name}", status_code=201)
    async def write(self, name: str, tea: Tea) -> Tea:
        self.shelf[name] = tea
        return tea


app = FastLayer()
app.include_router(Teas)
