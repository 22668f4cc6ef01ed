from typing import Annotated, Any

from pydantic import BaseModel, Field

from fastlayer import ErrorPolicy, FastLayer, HTTPException, Request
from fastlayer.responses import JSONResponse


class Tea(BaseModel):
    name: Annotated[str, Field(min_length=1)]
    price: Annotated[float, Field(gt=0)]


# --- problem details: every error in the shape of RFC 9457 ---

app = FastLayer(problem_details=True)


@app.get("/teas/{name}")
async def read_tea(name: str) -> str:
    raise HTTPException(404, f"There is no {name}.")


@app.post("/teas")
async def add_tea(tea: Tea) -> Tea:
    return tea


# --- a policy: what an invalid request is answered with ---


class FieldErrors(BaseModel):
    fields: dict[str, str]


def by_field(errors: Any) -> FieldErrors:
    """One message for each field, as a form shows them."""
    return FieldErrors(fields={".".join(map(str, error["loc"][1:])): error["msg"] for error in errors})


forms = FastLayer(
    validation_errors=ErrorPolicy(status_code=400, shape=by_field),
    responses={400: {"model": FieldErrors, "description": "What is wrong with which field"}},
)
forms.post("/teas")(add_tea)


# --- errors of your own ---


class SoldOut(Exception):
    def __init__(self, tea: str) -> None:
        super().__init__(tea)
        self.tea = tea


shop = FastLayer()


@shop.exception_handler(SoldOut)
async def answer_sold_out(request: Request, error: SoldOut) -> JSONResponse:
    return JSONResponse({"detail": f"{error.tea} is sold out."}, status_code=409, headers={"retry-after": "3600"})


@shop.post("/orders/{tea}", responses={409: {"description": "Sold out"}})
async def order(tea: str) -> str:
    raise SoldOut(tea)
