"""A middleware function means the same inline as in Starlette's BaseHTTPMiddleware: each test runs against both."""

import types
from collections.abc import AsyncIterator, Awaitable, Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

import anyio
import anyio.lowlevel
import pytest
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.exceptions import HTTPException
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fastlayer.middleware.function import FunctionMiddleware
from fastlayer.middleware.inlining import why_not_inline

# Starlette leaves the async generators of a response that is cut short to the garbage collector; trio warns of it.
pytestmark = [pytest.mark.anyio, pytest.mark.filterwarnings("ignore:Async generator .* was garbage collected")]
CallNext = Callable[[Request], Awaitable[Response]]
Layer = Callable[..., ASGIApp]


def inline(app: ASGIApp, dispatch: Any) -> ASGIApp:
    layer = FunctionMiddleware(app, dispatch)
    assert layer.task_reason == ""
    return layer


@pytest.fixture(params=[BaseHTTPMiddleware, inline], ids=["starlette", "inline"])
def layer(request: pytest.FixtureRequest) -> Layer:
    chosen: Layer = request.param
    return chosen


@pytest.fixture(params=["2.3", "2.4"])
def spec_version(request: pytest.FixtureRequest) -> str:
    """Below 2.4 a StreamingResponse sends from a child task."""
    return str(request.param)


@dataclass
class Client:
    """One request at ASGI level, and everything that was sent."""

    app: ASGIApp
    body: tuple[bytes, ...] = (b"",)
    spec_version: str = "2.3"
    method: str = "GET"
    on_send: Callable[[Message], Any] | None = None
    sent: list[Message] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.gone = anyio.Event()
        self._chunks = iter(self.body)

    async def receive(self) -> Message:
        chunk = next(self._chunks, None)
        if chunk is not None:
            return {"type": "http.request", "body": chunk, "more_body": chunk is not self.body[-1]}
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        await anyio.lowlevel.checkpoint()
        self.sent.append(message)
        if self.on_send is not None:
            self.on_send(message)
        if message["type"] == "http.response.body" and not message.get("more_body"):
            self.gone.set()

    async def request(self, **extra: Any) -> "Client":
        scope = {
            "type": "http",
            "asgi": {"spec_version": self.spec_version},
            "method": self.method,
            "path": "/",
            "raw_path": b"/",
            "root_path": "",
            "query_string": b"",
            "headers": [(b"host", b"test")],
            "scheme": "http",
            "server": ("test", 80),
            "client": ("client", 1),
            **extra,
        }
        with anyio.fail_after(5):
            await self.app(scope, self.receive, self.send)
        return self

    @property
    def status(self) -> list[int]:
        return [message["status"] for message in self.sent if message["type"] == "http.response.start"]

    @property
    def headers(self) -> dict[str, str]:
        [start] = [message for message in self.sent if message["type"] == "http.response.start"]
        return {name.decode(): value.decode() for name, value in start["headers"]}

    @property
    def content(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.sent if message["type"] == "http.response.body")

    @property
    def ended(self) -> bool:
        return self.sent[-1]["type"] == "http.response.body" and not self.sent[-1].get("more_body", False)


def serve(endpoint: Any) -> Starlette:
    return Starlette(routes=[Route("/", endpoint, methods=["GET", "POST"])])


async def hello(request: Request) -> Response:
    return PlainTextResponse("hello", headers={"x-app": "1"})


async def _passing(request: Request, call_next: CallNext) -> Response:
    return await call_next(request)


async def echo(request: Request) -> Response:
    return PlainTextResponse(await request.body())


async def count(request: Request) -> Response:
    async def numbers() -> AsyncIterator[str]:
        for number in range(3):
            yield str(number)

    return StreamingResponse(numbers())


async def test_headers_cookies_and_status_can_be_edited(layer: Layer) -> None:
    async def edit(request: Request, call_next: CallNext) -> Response:
        response = await call_next(request)
        assert response.status_code == 200
        assert response.headers["X-App"] == "1"
        response.headers["x-edited"] = "yes"
        del response.headers["x-app"]
        response.set_cookie("a", "b")
        response.status_code = 201
        return response

    client = await Client(layer(serve(hello), dispatch=edit)).request()
    assert client.status == [201]
    assert client.headers["x-edited"] == "yes"
    assert client.headers["content-length"] == "5"
    assert client.headers["set-cookie"].startswith("a=b;")
    assert "x-app" not in client.headers
    assert (client.content, client.ended) == (b"hello", True)


async def test_streams_pass_chunk_by_chunk(layer: Layer, spec_version: str) -> None:
    async def edit(request: Request, call_next: CallNext) -> Response:
        response = await call_next(request)
        response.headers["x-edited"] = "yes"
        return response

    client = await Client(layer(serve(count), dispatch=edit), spec_version=spec_version).request()
    assert [message["body"] for message in client.sent[1:] if message["body"]] == [b"0", b"1", b"2"]
    assert client.headers["x-edited"] == "yes"
    assert client.ended


async def test_a_stream_never_runs_ahead_of_the_client(layer: Layer, spec_version: str) -> None:
    trace: list[str] = []

    async def endpoint(request: Request) -> Response:
        async def numbers() -> AsyncIterator[str]:
            for number in range(5):
                trace.append(f"made {number}")
                yield str(number)

        return StreamingResponse(numbers())

    async def edit(request: Request, call_next: CallNext) -> Response:
        return await call_next(request)

    def on_send(message: Message) -> None:
        if message.get("body"):
            trace.append(f"sent {message['body'].decode()}")

    await Client(layer(serve(endpoint), dispatch=edit), spec_version=spec_version, on_send=on_send).request()
    for number in range(3):
        assert trace.index(f"sent {number}") < trace.index(f"made {number + 2}")


async def test_an_early_answer_does_not_call_the_app(layer: Layer) -> None:
    async def refuse(request: Request, call_next: CallNext) -> Response:
        if request.headers.get("x-key") is None:
            return PlainTextResponse("no", status_code=403)
        return await call_next(request)

    async def never(request: Request) -> Response:
        raise AssertionError("called")

    client = await Client(layer(serve(never), dispatch=refuse)).request()
    assert (client.status, client.content) == ([403], b"no")


async def test_another_response_replaces_the_apps(layer: Layer, spec_version: str) -> None:
    async def replace(request: Request, call_next: CallNext) -> Response:
        response = await call_next(request)
        return JSONResponse({"was": response.status_code}, status_code=418)

    for endpoint in (hello, count):
        client = await Client(layer(serve(endpoint), dispatch=replace), spec_version=spec_version).request()
        assert (client.status, client.content) == ([418], b'{"was":200}')
        assert len([message for message in client.sent if not message.get("more_body", False)]) == 2


async def test_a_replaced_response_still_closes_what_the_app_opened_once(layer: Layer, spec_version: str) -> None:
    closed: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await (await count(Request(scope)))(scope, receive, send)
        finally:
            await anyio.lowlevel.checkpoint()
            closed.append("resource")

    async def replace(request: Request, call_next: CallNext) -> Response:
        await call_next(request)
        return PlainTextResponse("mine")

    client = await Client(layer(app, dispatch=replace), spec_version=spec_version).request()
    assert client.content == b"mine"
    assert closed == ["resource"]


async def test_the_body_can_be_collected_and_replaced(layer: Layer, spec_version: str) -> None:
    async def shout(request: Request, call_next: CallNext) -> Response:
        response = await call_next(request)
        body = b"".join([chunk async for chunk in response.body_iterator])  # type: ignore[attr-defined]
        return Response(b"<" + body + b">", response.status_code, media_type="text/plain")

    for endpoint, expected in ((hello, b"<hello>"), (count, b"<012>")):
        client = await Client(layer(serve(endpoint), dispatch=shout), spec_version=spec_version).request()
        assert (client.content, client.ended) == (expected, True)


async def test_the_body_iterator_can_be_replaced(layer: Layer, spec_version: str) -> None:
    async def chunks(parts: list[bytes]) -> AsyncIterator[bytes]:
        for part in parts:
            yield part

    async def mirror(request: Request, call_next: CallNext) -> Response:
        response = await call_next(request)
        parts: list[bytes] = []
        async for chunk in response.body_iterator:  # type: ignore[attr-defined]
            parts.insert(0, chunk)
        response.body_iterator = chunks(parts)  # type: ignore[attr-defined]
        return response

    client = await Client(layer(serve(count), dispatch=mirror), spec_version=spec_version).request()
    assert (client.content, client.ended) == (b"210", True)


async def test_a_body_read_in_part_is_sent_from_there(layer: Layer, spec_version: str) -> None:
    async def skip_one(request: Request, call_next: CallNext) -> Response:
        response = await call_next(request)
        async for _ in response.body_iterator:  # type: ignore[attr-defined]
            break
        return response

    async def skip_all(request: Request, call_next: CallNext) -> Response:
        response = await call_next(request)
        async for _ in response.body_iterator:  # type: ignore[attr-defined]
            pass
        return response

    for dispatch, expected in ((skip_one, b"12"), (skip_all, b"")):
        client = await Client(layer(serve(count), dispatch=dispatch), spec_version=spec_version).request()
        assert (client.content, client.ended) == (expected, True)


async def test_an_exception_before_the_response_reaches_the_function(layer: Layer) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        raise KeyError("before")

    async def catch(request: Request, call_next: CallNext) -> Response:
        try:
            return await call_next(request)
        except KeyError as error:
            return PlainTextResponse(f"caught {error}", status_code=500)

    async def let_pass(request: Request, call_next: CallNext) -> Response:
        return await call_next(request)

    client = await Client(layer(app, dispatch=catch)).request()
    assert (client.status, client.content) == ([500], b"caught 'before'")
    with pytest.raises(KeyError, match="before"):
        await Client(layer(app, dispatch=let_pass)).request()


async def test_an_exception_after_the_start_is_raised_and_not_handed_to_the_function(
    layer: Layer, spec_version: str
) -> None:
    async def endpoint(request: Request) -> Response:
        async def broken() -> AsyncIterator[bytes]:
            yield b"part"
            raise KeyError("after")

        return StreamingResponse(broken())

    seen: list[str] = []

    async def watch(request: Request, call_next: CallNext) -> Response:
        try:
            response = await call_next(request)
        except KeyError:
            seen.append("exception")
            raise
        seen.append("response")
        return response

    client = Client(layer(serve(endpoint), dispatch=watch), spec_version=spec_version)
    with pytest.raises(KeyError, match="after"):
        await client.request()
    assert seen == ["response"]
    assert client.content == b"part"


async def test_a_body_that_breaks_while_the_function_reads_it_just_ends_and_the_exception_follows(
    layer: Layer, spec_version: str
) -> None:
    async def endpoint(request: Request) -> Response:
        async def broken() -> AsyncIterator[bytes]:
            yield b"part"
            raise KeyError("after")

        return StreamingResponse(broken())

    async def collect(request: Request, call_next: CallNext) -> Response:
        response = await call_next(request)
        body = [chunk async for chunk in response.body_iterator]  # type: ignore[attr-defined]
        return PlainTextResponse(b"".join(body))

    client = Client(layer(serve(endpoint), dispatch=collect), spec_version=spec_version)
    with pytest.raises(KeyError, match="after"):
        await client.request()
    assert client.content == b"part"


@pytest.mark.parametrize("error", [KeyError("mine"), HTTPException(404)], ids=["KeyError", "HTTPException"])
async def test_an_exception_of_the_function_skips_the_apps_handlers_and_ends_the_app(
    layer: Layer, spec_version: str, error: Exception
) -> None:
    seen: list[str] = []

    async def endpoint(request: Request) -> Response:
        async def endless() -> AsyncIterator[bytes]:
            try:
                while True:
                    yield b"x"
                    await anyio.lowlevel.checkpoint()
            finally:
                seen.append("closed")

        return StreamingResponse(endless())

    async def handler(request: Request, exc: Exception) -> Response:
        seen.append("handler")
        return PlainTextResponse("handled")

    app = Starlette(routes=[Route("/", endpoint)], exception_handlers={HTTPException: handler, KeyError: handler})

    async def fail(request: Request, call_next: CallNext) -> Response:
        response = await call_next(request)
        response.headers["x-lost"] = "1"
        raise error

    client = Client(layer(app, dispatch=fail), spec_version=spec_version)
    with pytest.raises(type(error)) as caught:
        await client.request()
    assert caught.value is error
    assert client.sent == []
    assert "handler" not in seen


async def test_an_app_without_a_response_is_an_error_the_function_can_see(layer: Layer) -> None:
    async def silent(scope: Scope, receive: Receive, send: Send) -> None:
        pass

    async def let_pass(request: Request, call_next: CallNext) -> Response:
        return await call_next(request)

    with pytest.raises(RuntimeError, match="No response returned"):
        await Client(layer(silent, dispatch=let_pass)).request()


async def test_an_app_that_forgets_the_end_of_its_body_is_helped(layer: Layer) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"x", "more_body": True})

    async def let_pass(request: Request, call_next: CallNext) -> Response:
        return await call_next(request)

    client = await Client(layer(app, dispatch=let_pass)).request()
    assert (client.content, client.ended) == (b"x", True)


async def test_background_tasks_run_after_the_response_the_functions_first(layer: Layer, spec_version: str) -> None:
    order: list[str] = []

    async def endpoint(request: Request) -> Response:
        return PlainTextResponse("hello", background=BackgroundTask(order.append, "app"))

    async def add(request: Request, call_next: CallNext) -> Response:
        response = await call_next(request)
        response.background = BackgroundTask(order.append, "function")
        return response

    def on_send(message: Message) -> None:
        if not message.get("more_body", message["type"] == "http.response.start"):
            order.append("sent")

    app = layer(serve(endpoint), dispatch=add)
    await Client(app, spec_version=spec_version, on_send=on_send).request()
    assert order == ["sent", "function", "app"]


async def test_a_replaced_response_keeps_the_apps_background_task(layer: Layer) -> None:
    order: list[str] = []

    async def endpoint(request: Request) -> Response:
        return PlainTextResponse("hello", background=BackgroundTask(order.append, "app"))

    async def replace(request: Request, call_next: CallNext) -> Response:
        await call_next(request)
        return PlainTextResponse("mine", background=BackgroundTask(order.append, "mine"))

    await Client(layer(serve(endpoint), dispatch=replace)).request()
    assert order == ["mine", "app"]


async def test_a_client_that_leaves_ends_the_stream_and_closes_it(layer: Layer) -> None:
    closed: list[str] = []

    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b"x"
            await anyio.lowlevel.checkpoint()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await StreamingResponse(endless())(scope, receive, send)
        finally:
            closed.append("resource")

    async def let_pass(request: Request, call_next: CallNext) -> Response:
        return await call_next(request)

    client = Client(layer(app, dispatch=let_pass))
    client.on_send = lambda message: client.gone.set() if len(client.sent) > 3 else None
    await client.request()
    assert closed == ["resource"]
    assert client.content.startswith(b"xxx")


async def test_a_client_that_leaves_does_not_cancel_the_function(layer: Layer) -> None:
    finished: list[str] = []
    client: Client

    async def let_pass(request: Request, call_next: CallNext) -> Response:
        response = await call_next(request)
        client.gone.set()
        for _ in range(20):
            await anyio.lowlevel.checkpoint()
        finished.append("function")
        return response

    client = Client(layer(serve(count), dispatch=let_pass))
    await client.request()
    assert finished == ["function"]


async def test_the_app_receives_a_body_the_function_read(layer: Layer) -> None:
    async def read(request: Request, call_next: CallNext) -> Response:
        body = await request.body()
        response = await call_next(request)
        response.headers["x-body"] = body.decode()
        return response

    client = await Client(layer(serve(echo), dispatch=read), body=(b"ab", b"cd"), method="POST").request()
    assert (client.content, client.headers["x-body"]) == (b"abcd", "abcd")


async def test_the_app_receives_nothing_of_a_body_the_function_streamed(layer: Layer) -> None:
    async def drain(request: Request, call_next: CallNext) -> Response:
        async for _ in request.stream():
            pass
        return await call_next(request)

    client = await Client(layer(serve(echo), dispatch=drain), body=(b"ab", b"cd"), method="POST").request()
    assert (client.status, client.content) == ([200], b"")


async def test_the_app_streams_a_body_the_function_left_alone(layer: Layer) -> None:
    async def endpoint(request: Request) -> Response:
        return JSONResponse([chunk.decode() async for chunk in request.stream()])

    async def let_pass(request: Request, call_next: CallNext) -> Response:
        return await call_next(request)

    client = await Client(layer(serve(endpoint), dispatch=let_pass), body=(b"ab", b"cd"), method="POST").request()
    assert client.content == b'["ab","cd",""]'


async def test_a_function_may_replace_receive(layer: Layer) -> None:
    async def replace(request: Request, call_next: CallNext) -> Response:
        async def receive() -> Message:
            return {"type": "http.request", "body": b"other", "more_body": False}

        request._receive = receive
        return await call_next(request)

    client = await Client(layer(serve(echo), dispatch=replace), body=(b"ab",), method="POST").request()
    assert client.content == b"other"


async def test_the_body_is_gone_for_the_function_once_the_app_read_it(layer: Layer) -> None:
    async def late(request: Request, call_next: CallNext) -> Response:
        response = await call_next(request)
        try:
            await request.body()
        except RuntimeError as error:
            response.headers["x-error"] = str(error)
        return response

    client = await Client(layer(serve(echo), dispatch=late), body=(b"ab",), method="POST").request()
    assert client.headers["x-error"] == "Stream consumed"
    assert client.content == b"ab"


async def test_state_set_by_the_function_reaches_the_endpoint(layer: Layer) -> None:
    async def endpoint(request: Request) -> Response:
        return PlainTextResponse(request.state.user)

    async def identify(request: Request, call_next: CallNext) -> Response:
        request.state.user = "ann"
        return await call_next(request)

    assert (await Client(layer(serve(endpoint), dispatch=identify)).request()).content == b"ann"


user: ContextVar[str] = ContextVar("user", default="nobody")


async def test_context_variables_reach_the_app_and_their_tokens_stay_valid(layer: Layer, spec_version: str) -> None:
    async def endpoint(request: Request) -> Response:
        seen = user.get()
        user.set("the app's own")

        async def name() -> AsyncIterator[str]:
            yield f"{seen}, {user.get()}"

        return StreamingResponse(name())

    async def identify(request: Request, call_next: CallNext) -> Response:
        token = user.set("ann")
        try:
            response = await call_next(request)
            response.headers["x-user"] = user.get()
        finally:
            user.reset(token)
        response.headers["x-after"] = user.get()
        return response

    client = await Client(layer(serve(endpoint), dispatch=identify), spec_version=spec_version).request()
    assert client.content == b"ann, the app's own"
    assert (client.headers["x-user"], client.headers["x-after"]) == ("ann", "nobody")


async def test_the_function_may_wait_for_anything(layer: Layer, spec_version: str) -> None:
    async def wait(request: Request, call_next: CallNext) -> Response:
        name = await anyio.to_thread.run_sync(lambda: "thread")
        async with anyio.create_task_group() as group:
            group.start_soon(anyio.lowlevel.checkpoint)
        response = await call_next(request)
        async with anyio.create_task_group() as group:
            group.start_soon(anyio.lowlevel.checkpoint)
        response.headers["x-name"] = name
        await anyio.lowlevel.checkpoint()
        return response

    client = await Client(layer(serve(count), dispatch=wait), spec_version=spec_version).request()
    assert (client.headers["x-name"], client.content) == ("thread", b"012")


async def test_three_layers_nest(layer: Layer, spec_version: str) -> None:
    order: list[str] = []

    def named(name: str) -> Any:
        async def around(request: Request, call_next: CallNext) -> Response:
            order.append(f"{name} in")
            response = await call_next(request)
            order.append(f"{name} out")
            response.headers[f"x-{name}"] = "1"
            return response

        return around

    app: ASGIApp = serve(count)
    for name in "abc":
        app = layer(app, dispatch=named(name))
    client = await Client(app, spec_version=spec_version).request()
    assert order == ["c in", "b in", "a in", "a out", "b out", "c out"]
    assert {"x-a", "x-b", "x-c"} <= set(client.headers)
    assert (client.content, client.ended) == (b"012", True)


async def test_a_collecting_layer_inside_a_collecting_layer(layer: Layer, spec_version: str) -> None:
    async def wrap(request: Request, call_next: CallNext) -> Response:
        response = await call_next(request)
        body = b""
        async for chunk in response.body_iterator:  # type: ignore[attr-defined]
            body += chunk
        return PlainTextResponse(b"<" + body + b">")

    app = layer(layer(layer(serve(count), dispatch=wrap), dispatch=wrap), dispatch=wrap)
    assert (await Client(app, spec_version=spec_version).request()).content == b"<<<012>>>"


async def test_cancellation_runs_the_cleanup_of_both(layer: Layer) -> None:
    cleaned: list[str] = []
    started = anyio.Event()

    async def endpoint(request: Request) -> Response:
        try:
            started.set()
            await anyio.sleep_forever()
        finally:
            cleaned.append("app")
        raise AssertionError("not cancelled")

    async def around(request: Request, call_next: CallNext) -> Response:
        try:
            return await call_next(request)
        finally:
            cleaned.append("function")

    async with anyio.create_task_group() as group:
        group.start_soon(Client(layer(serve(endpoint), dispatch=around)).request)
        await started.wait()
        group.cancel_scope.cancel()
    assert sorted(cleaned) == ["app", "function"]


async def test_cancellation_while_the_function_works_after_the_start_ends_both(layer: Layer, spec_version: str) -> None:
    cleaned: list[str] = []
    started = anyio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await (await count(Request(scope)))(scope, receive, send)
        finally:
            cleaned.append("app")

    async def around(request: Request, call_next: CallNext) -> Response:
        response = await call_next(request)
        try:
            started.set()
            await anyio.sleep_forever()
        finally:
            cleaned.append("function")
        return response

    async with anyio.create_task_group() as group:
        group.start_soon(Client(layer(app, dispatch=around), spec_version=spec_version).request)
        await started.wait()
        group.cancel_scope.cancel()
    assert sorted(cleaned) == ["app", "function"]


async def test_other_scopes_pass_through(layer: Layer) -> None:
    seen: list[tuple[Any, ...]] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append((scope["type"], receive, send))

    async def never(request: Request, call_next: CallNext) -> Response:
        raise AssertionError("called")

    client = Client(app)
    for kind in ("websocket", "lifespan"):
        await layer(app, dispatch=never)({"type": kind}, client.receive, client.send)
    assert seen == [("websocket", client.receive, client.send), ("lifespan", client.receive, client.send)]


async def test_debug_information_early_hints_and_path_sends_pass(layer: Layer, tmp_path: Any) -> None:
    (tmp_path / "file.txt").write_text("file")

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.early_hint", "links": []})
        await send({"type": "http.response.debug", "info": {"template": "t"}})
        await FileResponse(tmp_path / "file.txt")(scope, receive, send)

    async def edit(request: Request, call_next: CallNext) -> Response:
        response = await call_next(request)
        response.headers["x-edited"] = "yes"
        return response

    client = await Client(layer(app, dispatch=edit)).request(extensions={"http.response.pathsend": {}})
    assert [message["type"] for message in client.sent] == [
        "http.response.early_hint",
        "http.response.debug",
        "http.response.start",
        "http.response.pathsend",
    ]
    assert client.sent[1]["info"] == {"template": "t"}


async def test_inline_a_failed_app_can_be_called_again() -> None:
    calls: list[int] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        calls.append(1)
        if len(calls) < 3:
            raise OSError("try again")
        await PlainTextResponse("third time")(scope, receive, send)

    async def retry(request: Request, call_next: CallNext) -> Response:
        for _ in range(5):
            try:
                return await call_next(request)
            except OSError:
                continue
        return PlainTextResponse("gave up", status_code=503)

    assert (await Client(inline(app, dispatch=retry)).request()).content == b"third time"


async def test_inline_a_second_call_before_the_first_response_was_sent_is_an_error() -> None:
    async def twice(request: Request, call_next: CallNext) -> Response:
        await call_next(request)
        return await call_next(request)

    with pytest.raises(RuntimeError, match="awaited again"):
        await Client(inline(serve(hello), dispatch=twice)).request()


async def test_an_app_that_reads_past_the_body_is_told_that_the_client_is_gone_every_time(layer: Layer) -> None:
    received: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        client.gone.set()
        received.extend([(await receive())["type"] for _ in range(4)])
        await PlainTextResponse("late")(scope, receive, send)

    client = Client(layer(app, dispatch=_passing))
    await client.request()
    assert received == ["http.request", "http.disconnect", "http.disconnect", "http.disconnect"]


async def test_a_client_that_leaves_before_the_body_is_whole_is_gone_for_the_app(layer: Layer) -> None:
    received: list[Message] = []
    incoming = iter([{"type": "http.request", "body": b"a", "more_body": True}, {"type": "http.disconnect"}])

    async def receive_from_client() -> Message:
        return next(incoming)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        received.extend([await receive() for _ in range(3)])
        await PlainTextResponse("late")(scope, receive, send)

    client = Client(layer(app, dispatch=_passing))
    client.receive = receive_from_client  # type: ignore[method-assign]  # a client that hangs up halfway
    await client.request()
    assert [message["type"] for message in received] == ["http.request", "http.disconnect", "http.disconnect"]


async def test_inline_a_body_after_the_end_of_the_body_is_an_error_of_the_server() -> None:
    async def receive_again() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await receive()

    client = Client(inline(app, dispatch=_passing))
    client.receive = receive_again  # type: ignore[method-assign]  # a server that breaks the protocol
    with pytest.raises(RuntimeError, match="after the end of the request body"):
        await client.request()


async def test_a_function_that_saw_the_client_leave_does_not_make_the_app_wait_for_it(layer: Layer) -> None:
    received: list[str] = []
    incoming = iter([{"type": "http.request", "body": b"", "more_body": False}, {"type": "http.disconnect"}])

    async def receive_from_client() -> Message:
        return next(incoming)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        received.extend([(await receive())["type"] for _ in range(2)])
        await PlainTextResponse("late")(scope, receive, send)

    async def look(request: Request, call_next: CallNext) -> Response:
        await request.body()
        assert await request.is_disconnected()
        return await call_next(request)

    client = Client(layer(app, dispatch=look))
    client.receive = receive_from_client  # type: ignore[method-assign]  # a client that hangs up at once
    await client.request()
    assert received == ["http.request", "http.disconnect"]


async def test_inline_headers_that_are_no_list_can_be_edited() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": ((b"x-app", b"1"),)})
        await send({"type": "http.response.body", "body": b"sent", "more_body": False})

    async def edit(request: Request, call_next: CallNext) -> Response:
        response = await call_next(request)
        response.headers["x-edited"] = "yes"
        return response

    client = await Client(inline(app, dispatch=edit)).request()
    assert client.headers == {"x-app": "1", "x-edited": "yes"}


async def test_a_body_whose_only_chunk_the_function_kept_still_ends(layer: Layer) -> None:
    async def keep(request: Request, call_next: CallNext) -> Response:
        response: Any = await call_next(request)
        async for chunk in response.body_iterator:
            response.headers["x-kept"] = chunk.decode()
            break
        return response  # type: ignore[no-any-return]

    client = await Client(layer(serve(hello), dispatch=keep)).request()
    assert (client.headers["x-kept"], client.content, client.ended) == ("hello", b"", True)


async def test_inline_what_an_app_sends_after_the_end_is_dropped() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await PlainTextResponse("sent")(scope, receive, send)
        await send({"type": "http.response.body", "body": b"too late", "more_body": False})
        received.append((await receive())["type"])

    received: list[str] = []
    client = await Client(inline(app, dispatch=_passing)).request()
    assert (client.content, received) == (b"sent", ["http.disconnect"])


async def test_a_finished_body_reads_as_empty_the_second_time(layer: Layer) -> None:
    async def collect(request: Request, call_next: CallNext) -> Response:
        response: Any = await call_next(request)
        first = [chunk async for chunk in response.body_iterator]
        again = [chunk async for chunk in response.body_iterator]
        return PlainTextResponse(f"{b''.join(first).decode()} {again}")

    assert (await Client(layer(serve(hello), dispatch=collect)).request()).content == b"hello []"


async def test_a_body_of_messages_in_place_of_the_apps_is_sent_as_it_is(layer: Layer, tmp_path: Any) -> None:
    (tmp_path / "file.txt").write_text("file")
    path = {"type": "http.response.pathsend", "path": str(tmp_path / "file.txt")}

    async def replace(request: Request, call_next: CallNext) -> Response:
        async def messages() -> AsyncIterator[Any]:
            yield path

        response: Any = await call_next(request)
        response.body_iterator = messages()
        return response  # type: ignore[no-any-return]

    client = await Client(layer(serve(hello), dispatch=replace)).request()
    assert path in client.sent


async def test_inline_an_interrupt_of_the_app_ends_the_function_that_reads_its_body() -> None:
    ended: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"a", "more_body": True})
        raise KeyboardInterrupt

    async def collect(request: Request, call_next: CallNext) -> Response:
        response: Any = await call_next(request)
        try:
            chunks = [chunk async for chunk in response.body_iterator]
        finally:
            ended.append("cleaned up")
        return Response(b"".join(chunks))

    with pytest.raises(KeyboardInterrupt):
        await Client(inline(app, dispatch=collect)).request()
    assert ended == ["cleaned up"]


async def test_functions_that_need_a_task_run_in_starlettes_class() -> None:
    async def timeout(request: Request, call_next: CallNext) -> Response:
        response: Response = PlainTextResponse("late", status_code=504)
        with anyio.move_on_after(0.01):
            response = await call_next(request)
        return response

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass

    layer = FunctionMiddleware(app, timeout)
    assert layer.task_reason == "`call_next` is called inside a `with` block"
    assert (await Client(layer).request()).status == [504]


async def _with(request: Request, call_next: CallNext) -> Response:
    with anyio.CancelScope():
        response = await call_next(request)
    return response


async def _handed_on(request: Request, call_next: CallNext) -> Response:
    return await _with(request, call_next)


async def _waited_for(request: Request, call_next: CallNext) -> Response:
    wait_for: Any = None
    result: Response = await wait_for(call_next(request), 5)
    return result


async def _nested(request: Request, call_next: CallNext) -> Response:
    async def inner() -> Response:
        return await call_next(request)

    return await inner()


async def _wrapped_body(request: Request, call_next: CallNext) -> Response:
    response: Any = await call_next(request)
    response.body_iterator = aiter(response.body_iterator)
    return response  # type: ignore[no-any-return]


async def _generator_over_body(request: Request, call_next: CallNext) -> Response:
    response: Any = await call_next(request)
    return StreamingResponse(chunk async for chunk in response.body_iterator)


async def _response_handed_on(request: Request, call_next: CallNext) -> Response:
    response = await call_next(request)
    print(response)
    return response


async def _response_in_closure(request: Request, call_next: CallNext) -> Response:
    response: Any = await call_next(request)

    async def chunks() -> AsyncIterator[bytes]:
        async for chunk in response.body_iterator:
            yield chunk

    return StreamingResponse(chunks())


async def _unpacked(*args: Any) -> Response:
    response: Response = await args[1](args[0])
    return response


class _Callable:
    async def __call__(self, request: Request, call_next: CallNext) -> Response:
        return await call_next(request)


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        (_with, "inside a `with` block"),
        (_handed_on, "used other than"),
        (_waited_for, "used other than"),
        (_nested, "nested function"),
        (_wrapped_body, "`body_iterator` is read other than"),
        (_generator_over_body, "`body_iterator` is read other than"),
        (_response_handed_on, "handed on"),
        (_response_in_closure, "nested function"),
        (_unpacked, "by position"),
        (_Callable(), "plain `async def`"),
        (lambda request, call_next: call_next(request), "plain `async def`"),
    ],
    ids=lambda value: getattr(value, "__name__", None) if callable(value) else "",
)
def test_what_cannot_be_judged_is_not_run_inline(function: Any, reason: str) -> None:
    assert reason in why_not_inline(function)


def test_a_function_without_source_is_not_run_inline() -> None:
    made = types.FunctionType(_passing.__code__.replace(co_filename="<made>"), {})
    assert why_not_inline(_passing) == ""
    assert "source" in why_not_inline(made)


def test_a_response_that_is_not_kept_under_one_name_is_not_run_inline() -> None:
    async def kept(request: Request, call_next: CallNext) -> Response:
        request.state.response = await call_next(request)
        return request.state.response  # type: ignore[no-any-return]

    assert "not assigned to one name" in why_not_inline(kept)


def test_a_wrapper_is_judged_by_its_own_source() -> None:
    import functools

    async def plain(request: Request, call_next: CallNext) -> Response:
        return await call_next(request)

    @functools.wraps(plain)
    async def wrapper(request: Request, call_next: CallNext) -> Response:
        with anyio.CancelScope():
            response = await call_next(request)
        return response

    assert why_not_inline(plain) == ""
    assert "with" in why_not_inline(wrapper)


def test_methods_are_judged_without_self() -> None:
    class Guard:
        async def dispatch(self, request: Request, call_next: CallNext) -> Response:
            return await call_next(request)

    assert why_not_inline(Guard().dispatch) == ""
