from typing import Annotated

from fastlayer import Depends, HTTPException, Request

from .models import Tea

Teas = dict[str, Tea]


def get_teas(request: Request) -> Teas:
    teas: Teas = request.state.teas
    return teas


Stock = Annotated[Teas, Depends(get_teas, thread=False)]


def get_tea(name: str, teas: Stock) -> Tea:
    if name not in teas:
        raise HTTPException(404, f"There is no {name}.")
    return teas[name]


ExistingTea = Annotated[Tea, Depends(get_tea, thread=False)]
