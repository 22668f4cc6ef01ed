from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel

from fastlayer import APIRouter, Depends, FastLayer, HTTPException
from fastlayer.security import APIKeyHeader


class Role(StrEnum):
    CUSTOMER = "customer"
    CLERK = "clerk"
    OWNER = "owner"


class User(BaseModel):
    name: str
    roles: frozenset[Role]


USERS = {
    "ada's key": User(name="ada", roles=frozenset({Role.CLERK, Role.OWNER})),
    "bob's key": User(name="bob", roles=frozenset({Role.CUSTOMER})),
    "cem's key": User(name="cem", roles=frozenset({Role.CUSTOMER})),
}
ORDERS = {1: "bob", 2: "cem"}


async def get_user(key: Annotated[str, Depends(APIKeyHeader(name="x-key"))]) -> User:
    if key not in USERS:
        raise HTTPException(401, "Nobody has this key")
    return USERS[key]


CurrentUser = Annotated[User, Depends(get_user)]


# --- a role for an operation, or for all of a router ---


@dataclass(frozen=True)
class Require:
    """A dependency with a parameter: an object that is called."""

    role: Role

    async def __call__(self, user: CurrentUser) -> User:
        if self.role not in user.roles:
            raise HTTPException(403, f"This takes the role {self.role}")
        return user


office = APIRouter(prefix="/office", tags=["office"], dependencies=[Depends(Require(Role.CLERK))])


@office.get("/orders")
async def list_orders() -> dict[int, str]:
    return ORDERS


@office.delete("/orders/{number}", status_code=204)
async def delete_order(number: int, owner: Annotated[User, Depends(Require(Role.OWNER))]) -> None:
    ORDERS.pop(number, None)


# --- a right that depends on what is asked for ---


async def get_order(number: int, user: CurrentUser) -> str:
    """The customer of the order. Somebody else's is answered as if it did not exist."""
    customer = ORDERS.get(number)
    if customer is None or (customer != user.name and Role.CLERK not in user.roles):
        raise HTTPException(404, f"There is no order {number}.")
    return customer


app = FastLayer()
app.include_router(office)


@app.get("/orders/{number}")
async def read_order(number: int, customer: Annotated[str, Depends(get_order)]) -> dict[str, str | int]:
    return {"number": number, "customer": customer}
