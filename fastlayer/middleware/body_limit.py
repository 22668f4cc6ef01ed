"""The bound on request bodies: 413 as JSON, whether the Content-Length says so or reading does.

Speaks Starlette's protocol between nested limits (a responder in the scope whose `max_body_size` the innermost limit
sets), so that a limit of a mounted Starlette application and ours may contain each other.
"""

import inspect
from typing import Any

from anyio import CancelScope
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fastlayer.limits import checked_body_size

LIMIT_KEY = "starlette.max_body_size"
RESPONDER_KEY = "starlette._body_limit_responder"


class BodyTooLarge(HTTPException):
    """The request body has more bytes than allowed."""

    is_limit = True  # for whoever reads a body and would call any other failure a broken one

    def __init__(self) -> None:
        super().__init__(413, "Content Too Large")


class BodyLimitMiddleware:
    """At most `max_body_size` bytes in the body of a request; a limit further inside takes its place.

    Raises:
        ValueError: the limit is not a non-negative integer.
    """

    def __init__(self, app: ASGIApp, max_body_size: int) -> None:
        self.app = app
        self.max_body_size = checked_body_size(max_body_size)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        outer: Any = scope.get(RESPONDER_KEY)
        scope[LIMIT_KEY] = self.max_body_size
        if outer is None:
            await _Count(scope, receive, send, self.max_body_size or 0).answer(self.app)
            return
        outer.max_body_size = self.max_body_size
        if outer.total_size > outer.max_body_size:
            raise BodyTooLarge  # middleware has read the body under a wider limit
        await self.app(scope, receive, send)


class _Count:
    """The bytes of one body, as they arrive."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, max_body_size: int) -> None:
        self.max_body_size = max_body_size
        self.total_size = 0
        self._content_length = _content_length(scope)
        self._scope = scope
        self._receive = receive
        self._send = send
        self._started = False
        self._replaced = False

    async def answer(self, app: ASGIApp) -> None:
        self._scope[RESPONDER_KEY] = self
        try:
            await app(self._scope, self.receive, self.send)
        except Exception as exc:
            if not (self._replaced and _is_too_large(exc)):
                await self.refuse(exc)
        finally:
            self._scope.pop(RESPONDER_KEY, None)
            self._scope.pop(LIMIT_KEY, None)

    async def refuse(self, exc: Exception) -> None:
        """Answer 413 to the exception.

        Raises:
            Exception: the exception itself, if it is another, or the response has begun.
        """
        if self._started or not (isinstance(exc, HTTPException) and exc.status_code == 413):
            raise exc
        await _too_large(self._scope, self._receive, self.send)

    @property
    def _declared_too_large(self) -> bool:
        return self._content_length is not None and self._content_length > self.max_body_size

    async def receive(self) -> Message:
        if self._replaced:
            return {"type": "http.disconnect"}  # nobody listens to what the application has to say
        if self._declared_too_large:
            raise BodyTooLarge
        message = await self._receive()
        if message["type"] == "http.request":
            self.total_size += len(message.get("body", b""))
            if self.total_size > self.max_body_size:
                raise BodyTooLarge
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._started = True
            self._replaced = self._declared_too_large and message["status"] != 413
            if self._replaced:
                # A stream that now hears of a disconnect, by `receive`, cancels whoever sends for it.
                with CancelScope(shield=True):
                    await _too_large(self._scope, self._receive, self._send)
        if not self._replaced:
            await self._send(message)


class BodyTooLargeMiddleware:
    """Answers 413 where middleware of a mounted application reads too much: the limit is further out.

    In between stands the application's middleware for server errors, which would make it a 500.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self.app(scope, receive, send)
        except BodyTooLarge as exc:
            count: Any = scope.get(RESPONDER_KEY)
            if not isinstance(count, _Count):
                raise
            await count.refuse(exc)


def _is_too_large(exc: BaseException) -> bool:
    return isinstance(exc, BodyTooLarge) or isinstance(exc.__cause__, BodyTooLarge)


async def _too_large(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer as the application answers a 413 that is raised while a route reads, maybe in its own way."""
    handlers = getattr(scope.get("app"), "exception_handlers", None) or {}
    handler = handlers.get(413, handlers.get(HTTPException))
    if handler is None:
        response: Any = JSONResponse({"detail": "Content Too Large"}, status_code=413)
    elif inspect.iscoroutinefunction(handler):
        response = await handler(Request(scope, receive), BodyTooLarge())
    else:
        response = await run_in_threadpool(handler, Request(scope, receive), BodyTooLarge())
    await response(scope, receive, send)


def _content_length(scope: Scope) -> int | None:
    try:
        return int(Headers(scope=scope).get("content-length", ""))
    except ValueError:  # absent, or no number: then the bytes are counted
        return None
