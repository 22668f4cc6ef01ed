"""Mistakes that type checkers report. Each line marked `error` must be reported, and no other. Never imported."""

from fastlayer import APIRouter, Depends, FastLayer, Query

app = FastLayer()
router = APIRouter()


def dependency() -> int:
    return 1


@app.get("/", response_modle=int)  # error
def misspelt() -> int:
    return 1


@app.get("/", status_code="200")  # error
def wrong_value() -> int:
    return 1


@router.post("/", tags="items")  # error
def wrong_tags() -> int:
    return 1


app.include_router(router, prefixx="/v1")  # error
FastLayer(titel="x")  # error
APIRouter(depends=[])  # error
wrong_scope = Depends(dependency, scope="session")  # error
wrong_bound = Query(gt="1", max_lenght=3)  # error


@app.get("/kept")
def kept(q: int) -> int:
    return q


kept("no number")  # error
text: str = kept(1)  # error
