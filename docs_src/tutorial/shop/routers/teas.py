from fastlayer import APIRouter

from ..models import Tea
from ..stock import ExistingTea, Stock

router = APIRouter(prefix="/teas", tags=["teas"])


@router.get("")
def list_teas(teas: Stock) -> list[Tea]:
    return list(teas.values())


@router.get("/{name}", responses={404: {"description": "No such tea"}})
def read_tea(tea: ExistingTea) -> Tea:
    return tea
