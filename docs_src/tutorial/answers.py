from pydantic import BaseModel

from fastlayer import FastLayer, HTTPException, Request, Response
from fastlayer.responses import JSONResponse

app = FastLayer()


class Customer(BaseModel):
    name: str
    password_hash: str


class PublicCustomer(BaseModel):
    name: str


customers = {1: Customer(name="Ada", password_hash="…")}


class TooMuchTea(Exception):
    def __init__(self, cups: int) -> None:
        self.cups = cups


@app.get("/customers/{number}", response_model=PublicCustomer)
def read_customer(number: int) -> Customer:
    if number not in customers:
        raise HTTPException(404, f"There is no customer {number}.")
    return customers[number]


@app.delete("/customers/{number}", status_code=204)
def remove_customer(number: int, response: Response) -> None:
    customers.pop(number, None)
    response.headers["X-Customers"] = str(len(customers))


@app.get("/cups/{cups}")
def pour(cups: int) -> list[str]:
    if cups > 3:
        raise TooMuchTea(cups)
    return ["tea"] * cups


@app.exception_handler(TooMuchTea)
def answer_too_much(request: Request, exc: TooMuchTea) -> JSONResponse:
    return JSONResponse({"detail": f"{exc.cups} cups are too much."}, status_code=418)
