"""A path that is served by other methods than the one asked for: the answer names all of them (RFC 9110, 15.5.6)."""

from starlette.requests import Request
from starlette.responses import PlainTextResponse

from fastlayer import APIRouter, FastLayer
from fastlayer.testclient import TestClient


def allowed(app: FastLayer, path: str) -> list[str]:
    answer = TestClient(app).request("TRACE", path)
    assert answer.status_code == 405
    assert answer.json() == {"detail": "Method Not Allowed"}
    return answer.headers["allow"].split(", ")


def test_the_methods_of_all_routes_on_the_path_are_named() -> None:
    app = FastLayer()
    app.get("/books")(lambda: 1)
    app.post("/books")(lambda: 1)
    app.delete("/authors")(lambda: 1)
    assert allowed(app, "/books") == ["GET", "POST"]
    assert allowed(app, "/authors") == ["DELETE"]


def test_other_routes_that_match_the_path_count_and_those_that_do_not_do_not() -> None:
    app = FastLayer()
    app.get("/books/latest")(lambda: 1)
    app.put("/books/{name}")(lambda name: name)
    app.patch("/books/{number:int}")(lambda number: number)
    assert allowed(app, "/books/latest") == ["GET", "PUT"]
    assert allowed(app, "/books/7") == ["PATCH", "PUT"]


def test_included_and_plain_routes_count() -> None:
    app = FastLayer()
    router = APIRouter(prefix="/api")
    router.get("/books")(lambda: 1)
    app.include_router(router)

    @app.route("/api/books", methods=["DELETE"])
    async def delete(request: Request) -> PlainTextResponse:
        return PlainTextResponse("")

    assert allowed(app, "/api/books") == ["DELETE", "GET"]
