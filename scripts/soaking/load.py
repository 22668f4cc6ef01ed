"""Mixed load: each request carries a token of its own, and its answer may hold no other.

Some clients leave in the middle, of an upload, a stream or a socket. It knows the application's paths, no framework.
"""

import asyncio
import json
import random
import re
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from websockets.asyncio.client import connect

from .client import PATIENCE, Connection, NoAnswer, request

STATES_ASKED = 400  # connections opened at most until every worker said how it is


@dataclass
class Figures:
    """What happened: answers by kind, clients that left, and what was wrong."""

    answers: Counter[str] = field(default_factory=Counter)
    left: int = 0
    wrong: list[str] = field(default_factory=list)


Kind = Callable[[Connection, str], Awaitable[set[Any]]]
BOUNDARY = "edge"


def headers(token: str, **more: str) -> dict[str, str]:
    """Return the headers of a request with this token."""
    return {"authorization": f"Bearer {token}", "x-token": token, **more}


def getting(path: str, status: int = 200) -> Kind:
    """Return a kind of request that is answered with JSON."""

    async def get(connection: Connection, token: str) -> set[Any]:
        answer = await connection.ask(request("GET", f"{path}?q={token}", headers(token)))
        values = answer.json()
        return set(values["detail"] if status != 200 else values) | ({answer.status} - {status})

    return get


def streaming(path: str, pattern: str) -> Kind:
    """Return a kind of request that is answered with a stream, each item of which matches `pattern`."""

    async def get(connection: Connection, token: str) -> set[Any]:
        answer = await connection.ask(request("GET", path, headers(token)))
        return set(re.findall(pattern, answer.body.decode(), re.MULTILINE)) | ({answer.status} - {200})

    return get


async def post_json(connection: Connection, token: str) -> set[Any]:
    sent = headers(token, **{"content-type": "application/json"})
    answer = await connection.ask(request("POST", "/body", sent, json.dumps({"q": token}).encode()))
    return set(answer.json()) | ({answer.status} - {200})


async def post_wrong(connection: Connection, token: str) -> set[Any]:
    sent = headers(token, **{"content-type": "application/json"})
    answer = await connection.ask(request("POST", "/body", sent, json.dumps({"q": [token]}).encode()))
    return set(answer.json()["detail"][0]["input"]) | ({answer.status} - {422})


def multipart(token: str, padding: int) -> bytes:
    """Return a form with the token as text and in a file of at least `padding` bytes."""
    text = f'--{BOUNDARY}\r\ncontent-disposition: form-data; name="name"\r\n\r\n{token}\r\n'
    head = f'--{BOUNDARY}\r\ncontent-disposition: form-data; name="file"; filename="{token}"\r\n\r\n'
    return (text + head + token + " " * padding + f"\r\n--{BOUNDARY}--\r\n").encode()


def upload_request(token: str, padding: int) -> bytes:
    """Return an upload, as it goes over the wire."""
    sent = headers(token, **{"content-type": f"multipart/form-data; boundary={BOUNDARY}"})
    return request("POST", "/upload", sent, multipart(token, padding))


async def upload(connection: Connection, token: str) -> set[Any]:
    answer = await connection.ask(upload_request(token, 4096))
    return set(answer.json()) | ({answer.status} - {200})


async def talk(connection: Connection, token: str) -> set[Any]:
    """Talk over a WebSocket; the HTTP connection is left alone."""
    address = f"ws://127.0.0.1:{connection.port}/socket"
    values: set[Any] = set()
    async with connect(
        address, additional_headers=headers(token), proxy=None, open_timeout=PATIENCE, compression=None
    ) as socket:
        for _ in range(3):
            await socket.send(token)
            values |= set(json.loads(await socket.recv()))
    return values


KINDS: dict[str, Kind] = {
    "JSON": getting("/async"),
    "sync endpoint": getting("/sync"),
    "background task": getting("/later"),
    "refused": getting("/refused", 418),
    "JSON body": post_json,
    "wrong body": post_wrong,
    "upload": upload,
    "JSON lines": streaming("/lines", r'^"(.*)"$'),
    "events": streaming("/events", r'^data: "(.*)"\r?$'),
    "raw stream": streaming("/raw", r"^(.*)\n"),
    "WebSocket": talk,
}


async def leave_stream(port: int, token: str, path: str) -> None:
    async with Connection(port) as connection:
        connection.writer.write(request("GET", path, headers(token)))
        await connection.head()
        await connection.chunk()


async def leave_upload(port: int, token: str, whole: bytes) -> None:
    async with Connection(port) as connection:
        connection.writer.write(whole[: len(whole) // 2])
        await connection.writer.drain()


async def leave_socket(port: int, token: str) -> None:
    socket = await connect(
        f"ws://127.0.0.1:{port}/socket", additional_headers=headers(token), proxy=None, open_timeout=PATIENCE
    )
    await socket.send(token)
    socket.transport.abort()


async def leave(port: int, token: str, dice: random.Random) -> None:
    """Begin something and be gone."""
    way = dice.randrange(4)
    if way == 0:
        await leave_stream(port, token, "/endless")
    elif way == 1:
        await leave_stream(port, token, "/endless-events")
    elif way == 2:
        await leave_upload(port, token, upload_request(token, 2_000_000))
    else:
        await leave_socket(port, token)


async def client(port: int, number: int, ends: float, seed: int, figures: Figures) -> None:
    """One connection after the other, until the time is over: requests, and now and then a client that leaves."""
    dice = random.Random(f"{seed} {number}")  # noqa: S311 - which request comes next is no secret
    turn = 0
    while asyncio.get_running_loop().time() < ends:
        async with Connection(port) as connection:
            for _ in range(dice.randint(1, 50)):
                turn += 1
                token = f"token-{number}-{turn}"
                if not dice.randrange(40):
                    await leave(port, token, dice)
                    figures.left += 1
                await one(connection, token, dice.choice(list(KINDS)), figures)
                if asyncio.get_running_loop().time() >= ends:
                    break


async def one(connection: Connection, token: str, kind: str, figures: Figures) -> None:
    """Ask one thing; an answer that holds anything but the token is wrong."""
    got = await KINDS[kind](connection, token)
    figures.answers[kind] += 1
    if got != {token}:
        figures.wrong.append(f"{kind}: {token} got {sorted(map(str, got))[:5]}")


async def run(port: int, connections: int, seconds: float, seed: int) -> Figures:
    """Load the server with this many connections for this long; return what happened."""
    figures = Figures()
    ends = asyncio.get_running_loop().time() + seconds

    async def guarded(number: int) -> None:
        try:
            await client(port, number, ends, seed, figures)
        except (NoAnswer, TimeoutError, OSError, ValueError, KeyError, EOFError) as error:
            figures.wrong.append(f"connection {number}: {error!r}")

    async with asyncio.TaskGroup() as tasks:
        for number in range(connections):
            tasks.create_task(guarded(number))
    return figures


async def states(port: int, workers: int) -> dict[int, dict[str, Any]]:
    """Return what each worker says of itself, by process id.

    Raises:
        NoAnswer: a worker took none of STATES_ASKED connections.
    """
    found: dict[int, dict[str, Any]] = {}
    for _ in range(STATES_ASKED):
        # Each worker is asked last what it holds, over one connection: others would count as open descriptors.
        async with Connection(port) as connection:
            state = (await connection.ask(request("GET", "/state"))).json()
        found[state["pid"]] = state
        if len(found) == workers:
            return found
    raise NoAnswer(f"{len(found)} of {workers} workers answered")


async def settled(port: int, workers: int) -> dict[int, dict[str, Any]]:
    """Return the states once everything opened is closed, or after PATIENCE seconds as they are."""
    ends = asyncio.get_running_loop().time() + PATIENCE
    before: dict[int, dict[str, Any]] = {}
    while True:
        now = await states(port, workers)
        done = all(state["opened"] == state["closed"] for state in now.values())
        calm = all(before.get(pid, {}).get("descriptors") == state["descriptors"] for pid, state in now.items())
        if (done and calm) or asyncio.get_running_loop().time() > ends:
            return now
        before = now
        await asyncio.sleep(0.2)
