from collections.abc import Iterator
from typing import Annotated

from fastlayer import Depends, FastLayer, Header, HTTPException

app = FastLayer()


class Till:
    """Stands for a connection to something."""

    def __init__(self) -> None:
        self.is_open = True
        self.sold: list[str] = []

    def close(self) -> None:
        self.is_open = False


till = Till()


def get_till() -> Iterator[Till]:
    till.is_open = True
    yield till
    till.close()


def get_seller(x_seller: Annotated[str, Header()]) -> str:
    if not x_seller.isalpha():
        raise HTTPException(403, "A seller's name has letters only.")
    return x_seller.title()


OpenTill = Annotated[Till, Depends(get_till)]
Seller = Annotated[str, Depends(get_seller)]


@app.post("/sales/{tea}")
def sell(tea: str, till: OpenTill, seller: Seller) -> dict[str, str | int]:
    till.sold.append(tea)
    return {"seller": seller, "sold": len(till.sold)}


@app.get("/sales", dependencies=[Depends(get_seller)])
def list_sales(till: OpenTill) -> list[str]:
    return till.sold
