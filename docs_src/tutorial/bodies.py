from typing import Annotated

from pydantic import BaseModel, Field

from fastlayer import Body, FastLayer

app = FastLayer()


class Tea(BaseModel):
    name: str = Field(min_length=1, examples=["Sencha"])
    price: float = Field(gt=0)
    origins: list[str] = []


@app.post("/teas", status_code=201)
def add_tea(tea: Tea) -> Tea:
    return tea


@app.put("/teas/{tea_id}")
def change_tea(tea_id: int, tea: Tea, reason: Annotated[str, Body()]) -> dict[str, int | str]:
    return {"tea_id": tea_id, "name": tea.name, "reason": reason}
