from fastlayer import FastLayer

app = FastLayer(title="Tea shop")


@app.get("/teas/{tea_id}")
def read_tea(tea_id: int, hot: bool = True) -> dict[str, int | bool]:
    """One tea, by its number."""
    return {"tea_id": tea_id, "hot": hot}
