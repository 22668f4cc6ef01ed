"""No header goes out that would begin another one, or the body, whoever wrote it: RFC 9110, 5.5."""

from typing import Any

import pytest
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import FileResponse, RedirectResponse, StreamingResponse

from fastlayer import Depends, FastLayer, HTTPException, Request, Response, WebSocket
from fastlayer.responses import JSONResponse, PlainTextResponse
from fastlayer.sse import EventSourceResponse

from .in_memory import Socket, call

pytestmark = pytest.mark.anyio
BAD = ["a\r\nset-cookie: b", "a\nb", "a\rb", "a\0b"]


class Mine(Exception): ...


def everywhere(bad: str, **options: Any) -> FastLayer:
    """An app with every way of writing a header; all of them write this value."""
    app = FastLayer(**options)
    headers = {"x-bad": bad}

    @app.get("/injected")
    @app.get("/injected/class", response_class=type("Own", (JSONResponse,), {}))
    async def injected(response: Response) -> str:
        response.headers["x-bad"] = bad
        return "x"

    async def inject(response: Response) -> None:
        response.headers["x-bad"] = bad

    @app.get("/stream", dependencies=[Depends(inject)])
    @app.get("/events", dependencies=[Depends(inject)], response_class=EventSourceResponse)
    async def stream() -> Any:
        yield "x"

    @app.get("/cookie")
    async def cookie(response: Response) -> str:
        response.headers.append("set-cookie", f"name={bad}")
        return "x"

    returned = {
        "/text": PlainTextResponse("x", headers=headers),
        "/file": FileResponse(__file__, headers=headers),
        "/redirect": RedirectResponse("/x", headers=headers),
        "/streaming": StreamingResponse(iter([b"x"]), headers=headers),
    }
    for path, response in returned.items():
        app.get(path)(lambda response=response: response)

    @app.get("/raised")
    async def raised() -> None:
        raise HTTPException(400, "x", headers)

    @app.get("/handled/{sync}")
    async def handled(sync: bool) -> None:
        raise Mine if sync else LookupError

    @app.get("/unexpected")
    async def unexpected() -> None:
        raise RuntimeError

    @app.exception_handler(LookupError)
    async def in_loop(request: Request, exc: Exception) -> PlainTextResponse:
        return PlainTextResponse("x", headers=headers)

    @app.exception_handler(Mine)
    @app.exception_handler(404)
    @app.exception_handler(Exception)
    def in_thread(request: Request, exc: Exception) -> PlainTextResponse:
        return PlainTextResponse("x", headers=headers)

    return app


def paths(app: FastLayer) -> list[str]:
    found = [str(getattr(route, "path", "")).replace("{sync}", "0") for route in app.routes]
    return [path for path in found if not path.startswith(("/openapi", "/docs", "/redoc"))] + ["/handled/1", "/unknown"]


CORS = [Middleware(CORSMiddleware, allow_origins=["*"])]


@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize("options", [{}, {"middleware": CORS}])
async def test_a_header_with_a_line_break_is_refused_whoever_wrote_it(bad: str, options: Any) -> None:
    app = everywhere(bad, **options)
    for path in paths(app):
        answer = await call(app, path)
        assert isinstance(answer.raised, ValueError), path
        assert "contains CR, LF or NUL" in str(answer.raised), path
        assert answer.messages == []  # the handler of everything cannot answer either; the server does


@pytest.mark.parametrize("options", [{}, {"middleware": CORS}])
async def test_without_a_handler_of_everything_the_answer_is_500(options: Any) -> None:
    app = everywhere("a\r\nb", **options)
    del app.exception_handlers[Exception]
    for path in paths(app):
        answer = await call(app, path)
        assert (path, answer.status, answer.text) == (path, 500, "Internal Server Error")
        assert "x-bad" not in answer.headers


async def test_ordinary_headers_pass_everywhere() -> None:
    app = everywhere("ordinary")
    for path in paths(app):
        answer = await call(app, path)
        assert "ordinary" in answer.headers.get("x-bad", answer.headers.get("set-cookie", "")), path


@pytest.mark.parametrize("edits", [True, False])
@pytest.mark.parametrize("inline", [True, False])
async def test_a_middleware_function_cannot_write_one_either(edits: bool, inline: bool) -> None:
    app = FastLayer()
    kept: list[Any] = []

    @app.get("/")
    async def endpoint() -> str:
        return "x"

    async def inlined(request: Request, call_next: Any) -> Response:
        response: Response = await call_next(request)
        if edits:
            response.headers["x-bad"] = "a\r\nb"
            return response
        return PlainTextResponse("y", headers={"x-bad": "a\r\nb"})

    async def tasked(request: Request, call_next: Any) -> Response:
        kept.append(call_next)  # what is kept may be called later, which needs a task
        return await inlined(request, call_next)

    app.middleware("http")(inlined if inline else tasked)
    answer = await call(app)
    assert answer.status == 500
    assert isinstance(answer.raised, ValueError)


async def test_a_middleware_function_that_answers_by_itself_cannot_write_one() -> None:
    app = FastLayer()

    @app.middleware("http")
    async def closed(request: Request, call_next: Any) -> Response:
        if request.url.path == "/closed":
            return PlainTextResponse("closed", headers={"x-bad": "a\r\nb"})
        return await call_next(request)  # type: ignore[no-any-return]  # call_next is anything here

    answer = await call(app, "/closed")
    assert answer.status == 500
    assert isinstance(answer.raised, ValueError)


@pytest.mark.parametrize("bad", BAD)
async def test_a_websocket_is_not_accepted_with_one(bad: str) -> None:
    app = FastLayer()

    @app.websocket("/header")
    async def header(websocket: WebSocket) -> None:
        await websocket.accept(headers=[(b"x-bad", bad.encode())])

    @app.websocket("/subprotocol")
    async def subprotocol(websocket: WebSocket) -> None:
        await websocket.accept(subprotocol=bad)

    @app.websocket("/denied")
    async def denied(websocket: WebSocket) -> None:
        await websocket.send_denial_response(PlainTextResponse("x", 403, {"x-bad": bad}))

    @app.websocket("/ordinary")
    async def ordinary(websocket: WebSocket) -> None:
        await websocket.accept("chat", [(b"x-good", b"1")])

    for path in ("/header", "/subprotocol", "/denied"):
        socket = await Socket(app, path).run()
        assert "contains CR, LF or NUL" in str(socket.raised)
        assert [message["type"] for message in socket.messages if message["type"] != "websocket.close"] == []
    socket = await Socket(app, "/ordinary").run()
    assert socket.messages[0] == {
        "type": "websocket.accept",
        "subprotocol": "chat",
        "headers": [(b"x-good", b"1")],
    }
