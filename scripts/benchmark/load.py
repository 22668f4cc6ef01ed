"""A load generator: a bounded number of kept-alive connections on loopback for a bounded time.

`wrk` where installed, else an asyncio client that counts answers by their length, which costs little enough to leave
the server the bottleneck. It may not know a framework.
"""

import asyncio
import re
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import cast

from .scenarios import Request

CONNECTIONS = 32


def request_bytes(request: Request) -> bytes:
    """Return the request as it goes over the wire."""
    target = request.path.encode() + (b"?" + request.query if request.query else b"")
    lines = [b"%s %s HTTP/1.1" % (request.method.encode(), target), b"host: 127.0.0.1"]
    lines += [b"%s: %s" % header for header in request.headers]
    return b"\r\n".join([*lines, b"", request.body])


class _Connection(asyncio.Protocol):
    """One connection: sends the next request when the answer to the last one is complete."""

    def __init__(self, payload: bytes, length: int) -> None:
        self._payload, self._length = payload, length
        self._received = 0
        self.answers = 0
        self.lost = False
        self._transport: asyncio.WriteTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.WriteTransport, transport)  # uvloop's is one, without inheriting from it
        self._transport.write(self._payload)

    def data_received(self, data: bytes) -> None:
        self._received += len(data)
        if self._received >= self._length and self._transport is not None:
            self._received -= self._length
            self.answers += 1
            self._transport.write(self._payload)

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = True

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()


async def ask(port: int, request: Request) -> tuple[int, bytes, int]:
    """Return status, body and length in bytes, head included, of one answer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request_bytes(request))
    head = await reader.readuntil(b"\r\n\r\n")
    found = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
    if found is None:
        raise RuntimeError(f"an answer without content-length: {head!r}")
    body = await reader.readexactly(int(found[1]))
    writer.close()
    return int(head.split(b" ", 2)[1]), body, len(head) + len(body)


async def drive(port: int, request: Request, seconds: float) -> float:
    """Return the answers per second the server gave to the bundled client.

    Raises:
        RuntimeError: the server closed a connection, or left one without an answer.
    """
    _, _, length = await ask(port, request)
    payload, loop = request_bytes(request), asyncio.get_running_loop()
    begin = time.perf_counter()
    pairs = [
        await loop.create_connection(lambda: _Connection(payload, length), "127.0.0.1", port)
        for _ in range(CONNECTIONS)
    ]
    await asyncio.sleep(seconds)
    took = time.perf_counter() - begin
    connections = [connection for _, connection in pairs]
    answers = sum(each.answers for each in connections)
    lost = any(each.lost or not each.answers for each in connections)
    for connection in connections:
        connection.close()
    if lost:
        raise RuntimeError("the server closed or starved a connection under load")
    return answers / took


def wrk() -> str | None:
    """Return the path of `wrk`, or nothing where it is not installed."""
    return shutil.which("wrk")


def drive_wrk(tool: str, port: int, request: Request, seconds: float) -> float:
    """Return the answers per second the server gave to `wrk`.

    Raises:
        RuntimeError: there were errors, or the answer of `wrk` cannot be read.
    """
    target = request.path + ("?" + request.query.decode() if request.query else "")
    headers = [(name.decode(), value.decode()) for name, value in request.headers if name != b"content-length"]
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "request.lua"
        lines = [f"wrk.headers['{name}'] = '{value}'" for name, value in headers]
        lines += [f"wrk.method = '{request.method}'"]
        lines += [f"wrk.body = [==[{request.body.decode()}]==]"] if request.body else []
        script.write_text("\n".join(lines))
        command = [tool, "-t1", f"-c{CONNECTIONS}", f"-d{max(1, round(seconds))}s", "-s", str(script)]
        output = subprocess.run(
            [*command, f"http://127.0.0.1:{port}{target}"], capture_output=True, text=True, check=True
        ).stdout
    found = re.search(r"Requests/sec:\s+([\d.]+)", output)
    if found is None or "Non-2xx" in output or "Socket errors" in output:
        raise RuntimeError(f"wrk failed:\n{output}")
    return float(found[1])
