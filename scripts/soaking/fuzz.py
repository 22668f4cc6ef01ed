"""Stray bytes, broken requests, cut-off bodies, slow clients, pipelines and odd chunks, straight onto a socket.

Each case is made from a seed and its number, so it can be made again. What a case sends is no HTTP in the end; whatever
comes back must be, without a server error. It knows the hostile application's paths, no framework.
"""

import asyncio
import random
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from .client import HOST, Connection, NoAnswer, request
from .load import headers, multipart, upload_request
from .promises import BODIES, FORM, FORMS, JSON, MULTIPART

SILENCE = 0.3  # seconds without a byte after which a case is over
AT_ONCE = 40
FACTOR = 10  # times what was sent ...
FREE = 1000  # ... and these bytes, which the server's own refusals of a few bytes take

TARGETS = [b"/item", b"/numbers", b"/any", b"/node", b"/text", b"/form", b"/files", b"/number/1", b"/slash", b"/upload"]
TARGETS += [
    b"/async?q=1",
    b"/sync",
    b"/lines",
    b"/bearer",
    b"/basic",
    b"/cookie",
    b"/socket",
    b"/nowhere",
    b"/openapi.json",
]
METHODS = [b"GET", b"POST", b"PUT", b"DELETE", b"HEAD", b"OPTIONS", b"PATCH", b"TRACE", b"get", b"CONNECT"]
SPICE = [
    b"\x00",
    b"\r",
    b"\n",
    b"\r\n",
    b"\r\n\r\n",
    b"\xff",
    b" ",
    b":",
    b"\t",
    b"%",
    b"0",
    b"chunked",
    b"\x80\x81",
    b"{",
]

Dice = random.Random
Case = list[bytes]  # what is written, with a pause after each part


def stray(dice: Dice) -> Case:
    """Bytes that mean nothing."""
    return [dice.randbytes(dice.choice([1, 16, 300, 70_000]))]


def valid(dice: Dice) -> bytes:
    """A request that is all right as HTTP, with a body or headers that may not be."""
    kind = dice.randrange(7)
    if kind == 0:
        return request("POST", dice.choice(TARGETS), JSON, dice.choice(list(BODIES.values())))
    if kind == 1:
        return request("POST", dice.choice(TARGETS), dice.choice([FORM, MULTIPART]), dice.choice(list(FORMS.values())))
    if kind == 2:
        return upload_request("token", dice.choice([0, 100, 100_000]))
    if kind == 3:
        return request("GET", "/async?q=token", headers("token"))
    if kind == 4:
        return request(
            "GET", dice.choice(TARGETS) + b"?" + dice.randbytes(8).hex().encode(), headers("t", cookie="key=a")
        )
    if kind == 5:
        return request("POST", "/any", JSON, dice.randbytes(dice.randrange(1, 200)))
    return request(dice.choice(METHODS).decode(), dice.choice(TARGETS), headers("token"))


def broken(dice: Dice) -> Case:
    """A valid request with bytes put in, taken out or exchanged, mostly in its head."""
    sent = bytearray(valid(dice))
    for _ in range(dice.randint(1, 6)):
        place = dice.randrange(min(len(sent), 300)) if sent else 0
        way = dice.randrange(4)
        if way == 0:
            sent[place:place] = dice.choice(SPICE)
        elif way == 1:
            del sent[place : place + dice.randint(1, 4)]
        elif way == 2:
            sent[place : place + 1] = dice.randbytes(1)
        else:
            sent[place : place + 2] = dice.choice(SPICE)
    return [bytes(sent)]


def lines(dice: Dice) -> Case:
    """A request line and headers that no client would write."""
    line = dice.choice(
        [
            b"GET",
            b"GET / HTTP/9.9",
            b"GET  /item  HTTP/1.1",
            b"GET http://evil.example/item HTTP/1.1",
            b"GET @evil.example HTTP/1.1",
            b"GET * HTTP/1.1",
            b"OPTIONS * HTTP/1.1",
            b"CONNECT evil.example:443 HTTP/1.1",
            b"POST /item HTTP/1.0",
            b"GET /" + b"a" * 70_000 + b" HTTP/1.1",
            b"GET /\xff\xfe HTTP/1.1",
            b"GET /%00%ff%2e%2e%2f HTTP/1.1",
            b"GET //evil.example/slash HTTP/1.1",
            b"PRI * HTTP/2.0",
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        ]
    )
    odd = [
        b"host: 127.0.0.1",
        b"host: a, b",
        b"host: evil.example/path?#",
        b"host:",
        b"content-length: -1",
        b"content-length: 5, 6",
        b"content-length: 99999999999999999999",
        b"content-length: 0x10",
        b"content-length: 3",
        b"transfer-encoding: chunked",
        b"transfer-encoding: identity, chunked",
        b"transfer-encoding: \x0bchunked",
        b"expect: 100-continue",
        b"expect: everything",
        b"connection: upgrade",
        b"upgrade: websocket",
        b"upgrade: h2c",
        b"sec-websocket-version: 13",
        b"sec-websocket-key: !!!",
        b"sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==",
        b"content-type: \xff",
        b"content-type: application/json; charset=\x80",
        b"cookie: " + b"a=b;" * 500,
        b"authorization: Bearer token",
        b": no name",
        b" folded: line",
        b"x" * 40_000 + b": long",
        b"range: bytes=" + b"0-1," * 2000,
    ]
    chosen = dice.sample(odd, dice.randint(0, 7))
    return [b"\r\n".join([line, *chosen, b"", dice.randbytes(dice.choice([0, 0, 3, 50]))])]


def cut_off(dice: Dice) -> Case:
    """A valid request up to somewhere."""
    whole = valid(dice)
    return [whole[: dice.randrange(len(whole))]]


def slow(dice: Dice) -> Case:
    """A valid request, a few bytes at a time."""
    whole = valid(dice)[:2000]
    cuts = sorted(dice.randrange(len(whole)) for _ in range(6))
    return [whole[begin:end] for begin, end in zip([0, *cuts], [*cuts, len(whole)], strict=True)]


def pipeline(dice: Dice) -> Case:
    """Requests one behind the other, before any answer; the last one may be broken."""
    whole = [valid(dice)[:20_000] for _ in range(dice.randint(2, 8))]
    return [b"".join([*whole, *(broken(dice) if dice.randrange(2) else [])])]


def chunks(dice: Dice) -> Case:
    """A chunked body that is not quite one."""
    target = dice.choice(TARGETS)
    kind = dice.choice([b"application/json", b"multipart/form-data; boundary=edge", b"text/plain"])
    head = b"POST " + target + b" HTTP/1.1\r\nhost: a\r\ncontent-type: " + kind + b"\r\ntransfer-encoding: chunked\r\n"
    both = dice.choice([b"", b"", b"content-length: 5\r\n"])
    body = dice.choice([b'{"name": "a"}', multipart("token", 100), dice.randbytes(50)])
    parts = [body[place : place + 7] for place in range(0, len(body), 7)]
    odd = dice.choice(
        [b"", b"-1\r\n", b"ffffffffffffffffff\r\n", b"0x5\r\nhello\r\n", b"5;a=\x00\r\nhello\r\n", b"g\r\n", b"\r\n"]
    )
    trailer = dice.choice([b"0\r\n\r\n", b"0\r\nx: y\r\n\r\n", b"0\r\n", b"", b"0\r\n" + b"x: y\r\n" * 3000 + b"\r\n"])
    written = [b"%x\r\n%b\r\n" % (len(part), part) for part in parts]
    written.insert(dice.randrange(len(written) + 1), odd)
    return [head + both + b"\r\n" + b"".join(written[: dice.randint(1, len(written))]), b"".join(written[1:]), trailer]


KINDS: list[Callable[[Dice], Case]] = [stray, broken, broken, lines, lines, cut_off, slow, pipeline, chunks]


@dataclass
class Figures:
    """What happened: cases by kind, statuses by number, bytes sent and received, and what was wrong."""

    cases: Counter[str] = field(default_factory=Counter)
    statuses: Counter[int] = field(default_factory=Counter)
    sent: int = 0
    received: int = 0
    wrong: list[str] = field(default_factory=list)


def make(seed: int, number: int) -> tuple[str, Case]:
    """Return the kind and the bytes of one case; the same for the same seed and number."""
    dice = random.Random(f"{seed} {number}")  # noqa: S311 - to be made again, not to be secret
    kind = KINDS[number % len(KINDS)]
    return kind.__name__, kind(dice)


async def exchange(port: int, parts: Case) -> bytes:
    """Return all that came back until the server closed the connection or fell silent."""
    received = []
    reader, writer = await asyncio.open_connection(HOST, port)
    try:
        for number, part in enumerate(parts):
            writer.write(part)
            await writer.drain()
            if number < len(parts) - 1:
                await asyncio.sleep(0.005)
        while got := await asyncio.wait_for(reader.read(65536), SILENCE):
            received.append(got)
    except (TimeoutError, OSError):
        pass
    finally:
        writer.transport.abort()
        await asyncio.sleep(0)  # the transport closes its socket at the loop's next turn
    return b"".join(received)


async def try_case(port: int, seed: int, number: int, figures: Figures) -> None:
    kind, parts = make(seed, number)
    received = await exchange(port, parts)
    size = sum(map(len, parts))
    figures.cases[kind] += 1
    figures.sent += size
    figures.received += len(received)
    statuses = [int(found) for found in re.findall(rb"^HTTP/1\.1 (\d{3}) ", received, re.MULTILINE)]
    figures.statuses.update(statuses)
    where = f"case {number} ({kind}) of seed {seed}"
    if any(status >= 500 for status in statuses):
        figures.wrong.append(f"{where}: status {max(statuses)}")
    is_document = b"/openapi.json" in b"".join(parts)
    if len(received) > FACTOR * size + FREE * max(1, len(statuses)) and not is_document:
        figures.wrong.append(f"{where}: {len(received)} bytes for {size}")
    if received and not received.startswith(b"HTTP/1.1 "):
        figures.wrong.append(f"{where}: answered with {received[:40]!r}")


async def run(port: int, cases: int, seed: int) -> Figures:
    """Try this many cases, some at once; in between, the server must answer what is all right."""
    figures = Figures()
    places = asyncio.Semaphore(AT_ONCE)

    async def one(number: int) -> None:
        async with places:
            await try_case(port, seed, number, figures)
            if not number % 20:
                await alive(port, number, figures)

    async with asyncio.TaskGroup() as tasks:
        for number in range(cases):
            tasks.create_task(one(number))
    return figures


async def alive(port: int, number: int, figures: Figures) -> None:
    """Ask for something that is all right."""
    try:
        async with Connection(port) as connection:
            answer = await connection.ask(request("GET", "/alive"))
        if answer.status != 200:
            figures.wrong.append(f"after case {number}: a valid request got {answer.status}")
    except (NoAnswer, TimeoutError, OSError) as error:
        figures.wrong.append(f"after case {number}: a valid request got {error!r}")
