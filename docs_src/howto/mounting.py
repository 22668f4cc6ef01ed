from collections.abc import Callable, Iterable
from typing import Any

from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from fastlayer import FastLayer, Request
from fastlayer.middleware.wsgi import WSGIMiddleware


async def show_menu(request: Request) -> PlainTextResponse:
    return PlainTextResponse(f"The menu of {request.url_for('menu').path}")


# Whatever is there already stays as it is.
existing = Starlette(routes=[Route("/menu", show_menu, name="menu")])


def till(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"The till of 1999"]


office = FastLayer(title="Office")


@office.get("/staff")
def list_staff() -> list[str]:
    return ["Ada"]


app = FastLayer(title="Tea house")


@app.get("/teas")
def list_teas() -> list[str]:
    return ["Sencha"]


app.mount("/old", existing)
app.mount("/till", WSGIMiddleware(till))  # type: ignore[arg-type]  # a2wsgi's type of WSGI functions is narrower
app.mount("/office", office)
