"""The server's part, in memory: it makes scopes, hands over bodies, collects answers, and runs the lifespan.

It does as little as possible per request, since all it does is counted. It may not know a framework.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from .scenarios import Request, Scenario

Message = dict[str, Any]
Application = Callable[[Any, Any, Any], Awaitable[None]]


class WrongAnswer(Exception):
    """An application's answer is not the expected one."""


class HttpExchange:
    """One request: gives the body once; a disconnect follows when the answer is complete, as servers do it."""

    __slots__ = ("_body", "_waiter", "messages")

    def __init__(self, body: bytes) -> None:
        self._body: bytes | None = body
        self._waiter: asyncio.Future[None] | None = None
        self.messages: list[Message] = []

    async def receive(self) -> Message:
        body = self._body
        if body is not None:
            self._body = None
            return {"type": "http.request", "body": body, "more_body": False}
        if not self._complete():
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        self.messages.append(message)
        if self._waiter is not None and not self._waiter.done() and self._complete():
            self._waiter.set_result(None)

    def _complete(self) -> bool:
        last = self.messages[-1] if self.messages else {"type": "none"}
        return last["type"] == "http.response.body" and not last.get("more_body", False)


class WebSocketExchange:
    """One session: connects, sends its messages, disconnects."""

    __slots__ = ("incoming", "messages")

    def __init__(self, incoming: tuple[Message, ...]) -> None:
        self.incoming = iter(incoming)
        self.messages: list[Message] = []

    async def receive(self) -> Message:
        return next(self.incoming)

    async def send(self, message: Message) -> None:
        self.messages.append(message)


def _scope(request: Request) -> dict[str, Any]:
    websocket = request.messages > 0
    scope: dict[str, Any] = {
        "type": "websocket" if websocket else "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "server": ("127.0.0.1", 8000),
        "client": ("127.0.0.1", 50000),
        "scheme": "ws" if websocket else "http",
        "root_path": "",
        "path": request.path,
        "raw_path": request.path.encode(),
        "query_string": request.query,
        "headers": [(b"host", b"127.0.0.1:8000"), (b"user-agent", b"benchmark"), (b"accept", b"*/*"), *request.headers],
    }
    own: dict[str, Any] = {"subprotocols": []} if websocket else {"method": request.method}
    return scope | own


class Caller:
    """A scenario's request, ready to be sent to one application any number of times."""

    def __init__(self, application: Application, scenario: Scenario) -> None:
        self.application = application
        self.scenario = scenario
        self._template = _scope(scenario.request)
        count = scenario.request.messages
        texts: list[Message] = [{"type": "websocket.receive", "text": f"message {number}"} for number in range(count)]
        connect: Message = {"type": "websocket.connect"}
        self._incoming = (connect, *texts, {"type": "websocket.disconnect", "code": 1000})

    async def call(self, times: int) -> list[Message]:
        """Send the request `times` times, one after the other; return the messages of the last answer."""
        return await (self._call_websocket(times) if self.scenario.request.messages else self._call_http(times))

    async def _call_http(self, times: int) -> list[Message]:
        application, template, body = self.application, self._template, self.scenario.request.body
        exchange = HttpExchange(body)
        for _ in range(times):
            exchange = HttpExchange(body)
            await application({**template, "state": {}}, exchange.receive, exchange.send)
        return exchange.messages

    async def _call_websocket(self, times: int) -> list[Message]:
        application, template, incoming = self.application, self._template, self._incoming
        exchange = WebSocketExchange(incoming)
        for _ in range(times):
            exchange = WebSocketExchange(incoming)
            await application({**template, "state": {}}, exchange.receive, exchange.send)
        return exchange.messages

    async def check(self) -> None:
        """Compare one answer with the expected one.

        Raises:
            WrongAnswer: the status or the document differs.
        """
        scenario = self.scenario
        messages = await self.call(1)
        if scenario.request.messages:
            answer: Any = [m["text"] for m in messages if m["type"] == "websocket.send"]
            status = 200
        else:
            status = messages[0]["status"]
            content = b"".join(message.get("body", b"") for message in messages[1:])
            answer = scenario.read(content) if status == scenario.status else content[:500]
        if (status, answer) != (scenario.status, scenario.expected):
            raise WrongAnswer(f"{scenario.name}: answered {status} {str(answer)[:500]}")


@asynccontextmanager
async def lifespan(application: Application) -> AsyncIterator[None]:
    """Run the application's start-up before, and its shut-down after; one without a lifespan is left alone."""
    ready, stop = asyncio.Event(), asyncio.Event()
    script = iter(("lifespan.startup", "lifespan.shutdown"))

    async def receive() -> Message:
        kind = next(script)
        if kind == "lifespan.shutdown":
            await stop.wait()
        return {"type": kind}

    async def send(message: Message) -> None:
        if message["type"] == "lifespan.startup.failed":
            raise RuntimeError(f"the application did not start: {message.get('message')}")
        ready.set()

    scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": {}}
    running = asyncio.ensure_future(application(scope, receive, send))
    waiting = asyncio.ensure_future(ready.wait())
    await asyncio.wait({running, waiting}, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    if running.done():
        running.result()
    yield
    stop.set()
    await running
