"""One exchange in which a middleware function and the app below it take turns, without a task between them.

The app runs as in any ASGI middleware: `await app(scope, receive, send)`. The function is the coroutine that is
suspended by hand: at `await call_next(request)` it hands a wish to whoever steps it, and it is resumed inside the app's
own `send` of `http.response.start`. Everything else it awaits passes through to the event loop unchanged, so asyncio
and trio both work.

What follows from that, and why `inlining.py` refuses some functions:

- The app may call `send` from a child task (a streaming response does). The function then goes on in that task, so it
  may not hold a cancel scope, timeout or task group open across `call_next`. Its context variables are its own
  (`Context.run`): tokens stay valid, the app sees what the function set, the function does not see what the app set.
- The body can only be pulled while the function itself runs, so the body iterator may not escape from it.

Knows nothing of how the function was chosen.
"""

import types
from collections.abc import AsyncIterable, Awaitable, Callable, Coroutine, Generator, Mapping, MutableMapping
from contextvars import Context, copy_context
from enum import Enum, auto
from typing import Any

import anyio
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fastlayer.responses import check_headers, has_line_break

CallNext = Callable[[Request], Awaitable[Response]]
Dispatch = Callable[[Request, CallNext], Awaitable[Response]]

_ABSENT = object()
_BODY_TYPES = frozenset({"http.response.body", "http.response.pathsend", "http.response.zerocopysend"})


class _Wish(Enum):
    """What the suspended function waits for."""

    CALL_NEXT = auto()
    CHUNK = auto()


class _Phase(Enum):
    """What becomes of the app's messages."""

    WAITING = auto()  # the response has not started
    RESUMED = auto()  # the function looks at the response, or its own answer is being sent
    READING = auto()  # the function iterates the body
    PASSING = auto()  # the app's body goes to the client
    DROPPING = auto()  # the function answered with something else


class _Abandoned(BaseException):
    """Ends an app whose response nobody wants because the function raised. Like a cancellation, not an `Exception`."""


@types.coroutine
def _hand_over(wish: _Wish) -> Generator[Any, Any, Any]:
    return (yield wish)


@types.coroutine
def _drive(function: Coroutine[Any, Any, Any], context: Context, value: Any, error: BaseException | None = None) -> Any:
    """The function's next wish, or the response it returned; what it awaits goes to the event loop."""
    while True:
        try:
            if error is None:
                yielded = context.run(function.send, value)
            else:
                yielded = context.run(function.throw, error)
        except StopIteration as finished:
            return finished.value
        if yielded.__class__ is _Wish:
            return yielded
        value = error = None
        try:
            value = yield yielded
        except BaseException as raised:
            error = raised


def _carry(source: Context) -> None:
    """Set every context variable to its value in `source`."""
    for variable, value in source.items():
        if variable.get(_ABSENT) is not value:
            variable.set(value)


class InlineRequest(Request):
    """The request a middleware function sees; what it reads of the body, the app below still receives."""

    _ended = False
    """Whether the app below was told that the client is gone."""
    _delivered = False
    """Whether the app below has the whole body."""

    async def receive_below(self) -> Message:
        """The next message for the app below."""
        if self._ended:
            return {"type": "http.disconnect"}
        if self._delivered:
            return await self._disconnect()
        if hasattr(self, "_body"):
            self._delivered = True
            return {"type": "http.request", "body": self._body, "more_body": False}
        if self._stream_consumed:
            # Read with `stream()`: gone. An empty body keeps the app below from waiting for one.
            self._delivered = True
            return {"type": "http.request", "body": b"", "more_body": False}
        return await self._forward()

    async def _forward(self) -> Message:
        # Not through `stream()`: its generator costs more than the middleware. `receive` is the property, so a
        # function that replaced `request._receive` is obeyed.
        message = await self.receive()
        if message["type"] == "http.disconnect":
            self._is_disconnected = self._ended = True
        elif not message.get("more_body", False):
            self._stream_consumed = self._delivered = True
        return message

    async def _disconnect(self) -> Message:
        if not self._is_disconnected:
            message = await self.receive()
            if message["type"] != "http.disconnect":
                raise RuntimeError(f"The server sent {message['type']!r} after the end of the request body.")
        self._ended = True
        return {"type": "http.disconnect"}


class _Body:
    """The app's body, one chunk at a time, for the function's own `async for`."""

    def __init__(self) -> None:
        self.ended = False

    def __aiter__(self) -> "_Body":
        return self

    async def __anext__(self) -> bytes:
        if not self.ended:
            chunk: bytes | None = await _hand_over(_Wish.CHUNK)
            if chunk is not None:
                return chunk
            self.ended = True
        raise StopAsyncIteration


class InlineResponse(Response):
    """The response of the app below: status and headers are known and may be edited, the body is still to come."""

    body_iterator: AsyncIterable[Any]
    background: BackgroundTask | None

    def __init__(self, start: Message, body: _Body, info: Mapping[str, Any] | None) -> None:
        self.status_code = start["status"]
        headers = start.get("headers", [])
        self.raw_headers = headers if isinstance(headers, list) else list(headers)
        self.media_type = None
        self.background = None
        self.body_iterator = body
        self.info = info

    async def start(self, send: Send) -> None:
        if self.info is not None:
            await send({"type": "http.response.debug", "info": self.info})
        if has_line_break(
            b"".join(map(b"".join, self.raw_headers))
        ):  # not through a function: every request comes here
            check_headers(self.raw_headers)
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})

    async def finish(self) -> None:
        if self.background is not None:
            await self.background()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it with the body the function put in place of the app's."""
        await self.start(send)
        async for chunk in self.body_iterator:
            if isinstance(chunk, MutableMapping):
                await send(chunk)
            else:
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})
        await self.finish()


class Exchange:
    """One request through one middleware function; `run` is over when the app below is."""

    def __init__(self, app: ASGIApp, dispatch: Dispatch, scope: Scope, receive: Receive, send: Send) -> None:
        self._app = app
        self._scope = scope
        self._client = send
        self._request = InlineRequest(scope, receive, send)
        self._function: Any = dispatch(self._request, _call_next)
        self._context = copy_context()
        self._phase = _Phase.RESUMED
        self._body = _Body()
        self._info: Mapping[str, Any] | None = None
        self._response: InlineResponse | None = None
        self._failure: Exception | None = None
        self._over = False
        self._settled: anyio.Event | None = None

    async def run(self) -> None:
        """Answer the request. Raises what the function raised, or what the app raised and nobody handled."""
        outcome = await _drive(self._function, self._context, None)
        _carry(self._context)
        while outcome is _Wish.CALL_NEXT:
            self._phase = _Phase.WAITING
            failure = await self._run_app()
            if self._phase is not _Phase.WAITING:
                await self._wind_up(failure)
                return
            self._phase = _Phase.RESUMED
            failure = failure or RuntimeError("No response returned.")
            outcome = await _drive(self._function, self._context, None, failure)
            _carry(self._context)
        check_headers(getattr(outcome, "raw_headers", ()))
        await outcome(self._scope, self._request.receive_below, self._client)

    async def _run_app(self) -> BaseException | None:
        """What the app raised, or the function while the app was waiting for it."""
        try:
            await self._app(self._scope, self._receive, self._send)
        except BaseException as error:
            # Whatever the app made of `_Abandoned`, the function's own exception is the story.
            return self._failure or error
        return self._failure

    async def _wind_up(self, failure: BaseException | None) -> None:
        if self._phase is _Phase.READING:
            if failure is None or isinstance(failure, Exception):
                await self._go_on(None)
            else:
                await _drive(self._function, self._context, None, failure)
        if failure is not None:
            raise failure
        if self._phase is _Phase.PASSING and not self._over:
            await self._end()

    async def _receive(self) -> Message:
        if self._over:
            return {"type": "http.disconnect"}
        message = await self._request.receive_below()
        if message["type"] == "http.disconnect" and self._phase is _Phase.RESUMED:
            # A streaming app cancels its sending task now, and in that task the function is at work. The function is
            # not part of the stream: let it finish first.
            self._settled = self._settled or anyio.Event()
            await self._settled.wait()
        return message

    async def _send(self, message: Message) -> None:
        if self._phase is _Phase.PASSING:
            await self._pass(message)
            return
        try:
            if self._phase is _Phase.WAITING:
                await self._begin(message)
            elif self._phase is _Phase.READING:
                await self._feed(message)
        except Exception as error:
            # The function's exception must not meet the app's handlers: they are below the function.
            self._failure = error
            self._phase = _Phase.DROPPING
            raise _Abandoned from None

    async def _begin(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._response = InlineResponse(message, self._body, self._info)
            await self._go_on(self._response)
        elif message["type"] == "http.response.debug":
            self._info = message["info"]
        else:
            await self._client(message)

    async def _feed(self, message: Message) -> None:
        chunk = message if message["type"] == "http.response.pathsend" else message.get("body", b"")
        if chunk:
            await self._go_on(chunk)
        if not message.get("more_body", False):
            if self._phase is _Phase.READING:
                await self._go_on(None)
            elif self._phase is _Phase.PASSING:
                await self._end()

    async def _go_on(self, value: Any) -> None:
        """Resume the function with what it waits for, and do what it decides."""
        self._phase = _Phase.RESUMED
        try:
            outcome = await _drive(self._function, self._context, value)
            while outcome is _Wish.CALL_NEXT:
                error = RuntimeError("`call_next` was awaited again before the first response was sent.")
                outcome = await _drive(self._function, self._context, None, error)
            if outcome is _Wish.CHUNK:
                self._phase = _Phase.READING
            else:
                await self._answer(outcome)
        finally:
            if self._settled is not None:
                self._settled.set()

    async def _answer(self, response: Any) -> None:
        own = self._response
        if own is None or response is not own or own.body_iterator is not self._body:
            check_headers(getattr(response, "raw_headers", ()))
            await response(self._scope, self._request.receive_below, self._client)
            self._phase = _Phase.DROPPING
            self._over = True
            return
        await own.start(self._client)
        self._phase = _Phase.PASSING
        if self._body.ended:
            await self._end()

    async def _pass(self, message: Message) -> None:
        if self._over:
            return
        await self._client(message)
        if message["type"] in _BODY_TYPES and not message.get("more_body", False):
            await self._finish()

    async def _end(self) -> None:
        await self._client({"type": "http.response.body", "body": b"", "more_body": False})
        await self._finish()

    async def _finish(self) -> None:
        self._over = True
        if self._response is not None:
            await self._response.finish()


async def _call_next(request: Request) -> Response:
    """The response of the app below. The request is the one the function was given, as in Starlette."""
    response: Response = await _hand_over(_Wish.CALL_NEXT)
    return response
