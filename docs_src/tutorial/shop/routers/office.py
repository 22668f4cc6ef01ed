from fastlayer import APIRouter, Depends, HTTPException
from fastlayer.security import APIKeyHeader

from ..models import Tea
from ..stock import Stock

key = APIKeyHeader(name="x-office-key")


def require_key(given: str = Depends(key)) -> None:
    if given != "kettle":
        raise HTTPException(403, "Wrong key")


router = APIRouter(prefix="/office", tags=["office"], dependencies=[Depends(require_key)])


@router.put("/teas/{name}")
def write_tea(name: str, tea: Tea, teas: Stock) -> Tea:
    teas[name] = tea
    return tea
