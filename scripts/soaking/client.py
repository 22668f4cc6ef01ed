"""An HTTP/1.1 client that sends exactly the bytes it is given, and reads what answers come. It knows no framework."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

HOST = "127.0.0.1"
PATIENCE = 60.0  # seconds; an answer that takes longer counts as none


class NoAnswer(Exception):
    """The server closed the connection before, or in the middle of, an answer."""


@dataclass
class Answer:
    """One response, whole."""

    status: int
    headers: dict[str, str]
    body: bytes
    size: int

    def json(self) -> Any:
        return json.loads(self.body)


def request(method: str, target: str | bytes, headers: Mapping[str, str] | None = None, body: bytes = b"") -> bytes:
    """Return the request as it goes over the wire; `content-length` is added where there is a body."""
    path = target.encode() if isinstance(target, str) else target
    lines = [method.encode() + b" " + path + b" HTTP/1.1", b"host: 127.0.0.1"]
    lines += [f"{name}: {value}".encode("latin-1") for name, value in (headers or {}).items()]
    if body:
        lines.append(b"content-length: %d" % len(body))
    return b"\r\n".join([*lines, b"", body])


class Connection:
    """One connection to the server; `async with Connection(port) as connection`."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.reader: asyncio.StreamReader
        self.writer: asyncio.StreamWriter

    async def __aenter__(self) -> Self:
        self.reader, self.writer = await asyncio.open_connection(HOST, self.port, limit=1 << 26)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.writer.transport.abort()
        await asyncio.sleep(0)  # the transport closes its socket at the loop's next turn

    async def ask(self, sent: bytes) -> Answer:
        """Return the answer to one request.

        Raises:
            NoAnswer: the connection was closed first.
            TimeoutError: nothing came for PATIENCE seconds.
        """
        self.writer.write(sent)
        async with asyncio.timeout(PATIENCE):
            await self.writer.drain()
            return await self.read()

    async def read(self) -> Answer:
        """Return the next answer."""
        try:
            status, headers, size = await self.head()
            body = await self.body(headers)
        except (asyncio.IncompleteReadError, ConnectionError) as error:
            raise NoAnswer(repr(error)) from error
        return Answer(status, headers, body, size + len(body))

    async def head(self) -> tuple[int, dict[str, str], int]:
        """Return status, headers and size in bytes of the next answer's head."""
        while True:
            head = await self.reader.readuntil(b"\r\n\r\n")
            first, *lines = head.decode("latin-1").split("\r\n")
            status = int(first.split(" ", 2)[1])
            if status >= 200:
                break
        return status, {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}, len(head)

    async def body(self, headers: Mapping[str, str]) -> bytes:
        """Return the body that follows a head."""
        if "content-length" in headers:
            return await self.reader.readexactly(int(headers["content-length"]))
        if headers.get("transfer-encoding") != "chunked":
            return b""
        chunks = []
        while chunk := await self.chunk():
            chunks.append(chunk)
        return b"".join(chunks)

    async def chunk(self) -> bytes:
        """Return the next chunk of a chunked body, empty at its end."""
        size = int(await self.reader.readuntil(b"\r\n"), 16)
        return (await self.reader.readexactly(size + 2))[:-2]


async def ask(port: int, sent: bytes) -> Answer:
    """Return the answer to one request on a connection of its own."""
    async with Connection(port) as connection:
        return await connection.ask(sent)
