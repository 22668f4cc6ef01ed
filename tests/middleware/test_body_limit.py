"""Limits of bodies inside each other, and around what is no request for a body."""

from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocket

from fastlayer import APIRouter, FastLayer
from fastlayer.middleware.body_limit import BodyLimitMiddleware, BodyTooLarge, BodyTooLargeMiddleware
from fastlayer.testclient import TestClient

from ..in_memory import Socket, call, http_scope

TOO_LARGE = {"detail": "Content Too Large"}
LONG = b"1234567890"


async def size(request: Request) -> PlainTextResponse:
    return PlainTextResponse(str(len(await request.body())))


class ReadsFirst:
    """Middleware that reads the whole body, and then gives it to the app."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        parts = [await receive()]
        while parts[-1].get("more_body"):
            parts.append(await receive())

        async def again() -> Message:
            return parts.pop(0) if parts else await receive()

        await self.app(scope, again, send)


@pytest.mark.anyio
async def test_websockets_pass_a_limit_unhindered() -> None:
    async def echo(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.send_text(await websocket.receive_text())

    router, app = APIRouter(max_body_size=1), FastLayer()
    router.routes.append(WebSocketRoute("/echo", echo))
    app.include_router(router, prefix="/v1")

    socket = Socket(app, "/v1/echo", incoming=[{"type": "websocket.receive", "text": "longer than one byte"}])
    assert (await socket.run()).sent == ["longer than one byte"]


@pytest.mark.anyio
@pytest.mark.parametrize(("inner", "status"), [(5, 413), (10, 200)])
async def test_a_narrower_limit_inside_counts_what_middleware_has_read_before(inner: int, status: int) -> None:
    app = BodyLimitMiddleware(
        ReadsFirst(BodyLimitMiddleware(Starlette(routes=[Route("/", size, methods=["POST"])]), inner)), 100
    )
    answer = await call(app, method="POST", body=[LONG[:4], LONG[4:]])
    assert (answer.status, answer.raised) == (status, None)
    assert answer.text == "10" if status == 200 else answer.json() == TOO_LARGE


@pytest.mark.anyio
async def test_an_error_other_than_413_is_raised_as_it_is() -> None:
    async def broken(scope: Scope, receive: Receive, send: Send) -> None:
        raise LookupError("mine")

    async def refusing(scope: Scope, receive: Receive, send: Send) -> None:
        raise HTTPException(403)

    answer = await call(BodyLimitMiddleware(broken, 5))
    assert (answer.messages, repr(answer.raised)) == ([], "LookupError('mine')")
    answer = await call(BodyLimitMiddleware(refusing, 5))
    assert (answer.messages, type(answer.raised)) == ([], HTTPException)


@pytest.mark.anyio
async def test_too_much_after_the_response_began_is_an_error_and_no_second_answer() -> None:
    async def early(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        while (await receive()).get("more_body"):
            pass

    answer = await call(BodyLimitMiddleware(early, 5), method="POST", body=[LONG[:4], LONG[4:]])
    assert [message["type"] for message in answer.messages] == ["http.response.start"]
    assert isinstance(answer.raised, BodyTooLarge)


@pytest.mark.anyio
async def test_an_app_whose_answer_was_replaced_hears_of_a_disconnect_and_may_fail_in_silence() -> None:
    heard: list[str] = []

    async def unread(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        heard.append((await receive())["type"])
        await send({"type": "http.response.body", "body": b"mine"})
        raise BodyTooLarge

    answer = await call(BodyLimitMiddleware(unread, 5), method="POST", headers={"content-length": "10"}, body=LONG)
    assert (answer.status, answer.json(), answer.raised) == (413, TOO_LARGE, None)
    assert heard == ["http.disconnect"]


@pytest.mark.anyio
async def test_a_disconnect_before_the_body_is_no_part_of_it() -> None:
    heard: list[Message] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        heard.append(await receive())

    async def gone() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        raise AssertionError("nobody is there to be answered")

    await BodyLimitMiddleware(app, 0)(http_scope("POST", "/"), gone, send)
    assert heard == [{"type": "http.disconnect"}]


@pytest.mark.parametrize("content", [LONG, iter([LONG[:4], LONG[4:]])], ids=["declared", "counted"])
def test_middleware_of_a_mounted_application_that_reads_too_much_gets_413(content: Any) -> None:
    sub = FastLayer(middleware=[Middleware(ReadsFirst)])
    sub.post("/")(size)
    app = FastLayer(max_body_size=5)
    app.mount("/sub", sub)

    answer = TestClient(app).post("/sub/", content=content)
    assert (answer.status_code, answer.json()) == (413, TOO_LARGE)
    assert TestClient(app).post("/sub/", content=b"12345").text == "5"


@pytest.mark.anyio
async def test_too_much_without_a_limit_further_out_is_raised_on() -> None:
    async def raising(scope: Scope, receive: Receive, send: Send) -> None:
        raise BodyTooLarge

    answer = await call(BodyTooLargeMiddleware(raising))
    assert (answer.messages, type(answer.raised)) == ([], BodyTooLarge)


def limited(read_early: bool, **options: Any) -> FastLayer:
    app = FastLayer(max_body_size=5, **options)

    @app.post("/read")
    async def read(request: Request) -> int:
        return len(await request.body())

    @app.post("/left")
    async def left() -> str:
        return "unread"

    if read_early:
        app.add_middleware(ReadsFirst)
    return app


async def in_its_own_way(request: Request, exc: Exception) -> PlainTextResponse:
    return PlainTextResponse(f"own {type(exc).__name__} {request.url.path}", 413)


def in_a_thread(request: Request, exc: Exception) -> PlainTextResponse:
    return PlainTextResponse("threaded", 413)


@pytest.mark.anyio
@pytest.mark.parametrize("path", ["/read", "/left"])
@pytest.mark.parametrize("read_early", [False, True])
@pytest.mark.parametrize(
    ("options", "content_type", "body"),
    [
        ({}, "application/json", '{"detail":"Content Too Large"}'),
        (
            {"problem_details": True},
            "application/problem+json",
            '{"type":"about:blank","title":"Content Too Large","status":413}',
        ),
        ({"exception_handlers": {413: in_its_own_way}}, "text/plain; charset=utf-8", "own BodyTooLarge {path}"),
        ({"exception_handlers": {HTTPException: in_a_thread}}, "text/plain; charset=utf-8", "threaded"),
    ],
)
async def test_too_much_is_answered_the_same_however_it_was_found(
    options: Any, content_type: str, body: str, read_early: bool, path: str
) -> None:
    app = limited(read_early, **options)
    for headers in ({}, {"content-length": "10"}):
        if path == "/left" and not (headers or read_early):
            continue  # nobody counts what nobody reads
        answer = await call(app, path, "POST", headers=headers, body=[LONG[:4], LONG[4:]])
        assert (answer.status, answer.raised) == (413, None)
        assert (answer.headers["content-type"], answer.text) == (content_type, body.replace("{path}", path))
