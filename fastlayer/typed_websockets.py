"""TypedWebSocket: a WebSocket whose messages are validated on the way in and serialised on the way out."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Annotated, Any, Generic, TypeVar

from pydantic import TypeAdapter, ValidationError
from starlette.exceptions import WebSocketException
from starlette.websockets import WebSocket, WebSocketDisconnect

from .exception_handlers import close_reason
from .params import Depends
from .status import WS_1007_INVALID_FRAME_PAYLOAD_DATA

In = TypeVar("In")
Out = TypeVar("Out")


class TypedWebSocket(Generic[In, Out]):
    """A socket that takes messages of type `In` and sends messages of type `Out`, as JSON text.

    Annotate a parameter with `TypedWebSocket[In, Out]`. A message that is no `In` closes the connection with code 1007
    and a reason, unless `on_invalid(socket, error)` is set: then that is awaited, and the message skipped.
    """

    def __init__(self, websocket: WebSocket, receives: TypeAdapter[In], sends: TypeAdapter[Out]) -> None:
        self.websocket = websocket
        self.on_invalid: Callable[[TypedWebSocket[In, Out], ValidationError], Awaitable[None]] | None = None
        self._receives = receives
        self._sends = sends

    def __class_getitem__(cls, types: Any) -> Any:
        """The annotation; at run time a dependency that makes the socket."""
        if not isinstance(types, tuple) or len(types) != 2 or any(isinstance(one, TypeVar) for one in types):
            return super().__class_getitem__(types)  # type: ignore[misc]  # Generic's own
        receives, sends = TypeAdapter(types[0]), TypeAdapter(types[1])

        async def typed_websocket(websocket: WebSocket) -> Any:
            return cls(websocket, receives, sends)

        return Annotated[cls, Depends(typed_websocket)]

    async def accept(self, subprotocol: str | None = None) -> None:
        """Accept the connection."""
        await self.websocket.accept(subprotocol)

    async def close(self, code: int = 1000, reason: str | None = None) -> None:
        """Close the connection."""
        await self.websocket.close(code, reason)

    async def receive(self) -> In:
        """The next message.

        Raises:
            WebSocketDisconnect: the client has gone.
            WebSocketException: the message is no `In`, and there is no `on_invalid`.
        """
        while True:
            try:
                return self._receives.validate_json(await self._payload())
            except ValidationError as exc:
                if self.on_invalid is None:
                    reason = close_reason(exc.errors(include_url=False, include_input=False))
                    raise WebSocketException(WS_1007_INVALID_FRAME_PAYLOAD_DATA, reason) from exc
                await self.on_invalid(self, exc)

    async def _payload(self) -> str | bytes:
        message = await self.websocket.receive()
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message["code"], message.get("reason"))
        text: str | None = message.get("text")
        return message["bytes"] if text is None else text

    async def send(self, message: Out) -> None:
        """Send a message; one that is no `Out` is an error of the program.

        Raises:
            ValidationError: it is none.
        """
        valid = self._sends.validate_python(message, from_attributes=True)
        await self.websocket.send_text(self._sends.dump_json(valid, by_alias=True).decode())

    async def __aiter__(self) -> AsyncIterator[In]:
        """The messages, until the client goes."""
        try:
            while True:
                yield await self.receive()
        except WebSocketDisconnect:
            return
