"""The outermost frame of an app: what reaches the server of exceptions that nobody handles."""

from typing import Any

import anyio
import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse

from fastlayer import FastLayer

from ..in_memory import Answer, call, http_scope

pytestmark = pytest.mark.anyio


class Broken(Exception): ...


def broken(**options: Any) -> FastLayer:
    app = FastLayer(**options)

    @app.get("/{name}")
    async def endpoint(name: str) -> None:
        await anyio.lowlevel.checkpoint()
        raise Broken(name)

    return app


async def test_every_failure_is_its_requests_own() -> None:
    app = broken()
    answers: dict[str, Answer] = {}

    async def ask(name: str) -> None:
        answers[name] = await call(app, f"/{name}")

    async with anyio.create_task_group() as tasks:
        for number in range(20):
            tasks.start_soon(ask, str(number))
    for name, answer in answers.items():
        assert (answer.status, answer.text) == (500, "Internal Server Error")
        assert isinstance(answer.raised, Broken)
        assert answer.raised.args == (name,)


async def test_a_failure_leaves_nothing_in_the_scope() -> None:
    scope: dict[str, Any] = http_scope("GET", "/x")

    async def receive() -> Any:
        return {"type": "http.request"}

    async def send(message: Any) -> None: ...

    with pytest.raises(Broken):
        await broken()(scope, receive, send)
    assert not [key for key, value in scope.items() if isinstance(value, BaseException)]


async def test_the_page_for_developers_and_the_handler_of_everything_show_the_failure() -> None:
    answer = await call(broken(debug=True), "/x", headers={"accept": "text/html"})
    assert answer.status == 500
    assert "Broken" in answer.text

    async def handler(request: Request, exc: Exception) -> PlainTextResponse:
        return PlainTextResponse(f"{request.url.path}: {exc!r}", 500)

    answer = await call(broken(exception_handlers={Exception: handler}), "/x")
    assert answer.text == "/x: Broken('x')"
    assert isinstance(answer.raised, Broken)
