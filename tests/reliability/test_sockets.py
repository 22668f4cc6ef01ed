"""The promises of docs/reliability.md over real uvicorn, by both its HTTP readers; `scripts/soak` is the long share."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress

import pytest

from scripts.soaking import fuzz, load, promises, stops
from scripts.soaking.client import Connection, NoAnswer, ask, request
from scripts.soaking.server import Server, serving

CASES = 600  # of the fuzz
SECONDS = 2  # of load
CONNECTIONS = 200


@pytest.fixture(scope="module", params=["h11", "httptools"])
def http(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def server(http: str) -> Iterator[Server]:
    with serving(http=http, application="scripts.soaking.hostile:app") as server:
        yield server


@pytest.mark.parametrize("promise", promises.PROMISES, ids=lambda promise: promise.says.replace(" ", "-"))
def test_a_promise_is_kept(server: Server, promise: promises.Promise) -> None:
    assert asyncio.run(promises.broken_cases(promise, server.port)) == {}


def test_no_bytes_make_the_server_fail(http: str) -> None:
    with serving(http=http, application="scripts.soaking.hostile:app") as server:
        figures = asyncio.run(fuzz.run(server.port, CASES, seed=20))
        (state,) = asyncio.run(load.settled(server.port, 1)).values()
    assert sum(figures.cases.values()) == CASES
    assert figures.wrong == []
    assert state["opened"] == state["closed"] > 0
    assert server.complaints == []


@pytest.mark.parametrize("workers", [1, 2])
def test_two_hundred_connections_never_mix(http: str, workers: int) -> None:
    with serving(http=http, workers=workers) as server:
        figures = asyncio.run(load.run(server.port, CONNECTIONS, SECONDS, seed=3))
        states = asyncio.run(load.settled(server.port, workers)).values()
    assert figures.wrong == []
    assert set(figures.answers) == set(load.KINDS)
    assert figures.left
    assert [(state["opened"], state["mixed"]) for state in states] == [(state["closed"], 0) for state in states]
    assert all(state["opened"] for state in states)
    assert server.complaints == []


@pytest.mark.parametrize("stop", stops.STOPS)
def test_a_stop_loses_nothing(http: str, stop: str) -> None:
    assert stops.STOPS[stop]("fastlayer", http) == ""


# --- what judges can see a broken promise ------------------------------------------------------------------------


def test_a_case_of_the_fuzz_is_the_same_each_time() -> None:
    assert [fuzz.make(7, number) for number in range(20)] == [fuzz.make(7, number) for number in range(20)]
    assert fuzz.make(7, 1) != fuzz.make(8, 1)


@asynccontextmanager
async def answering(answer: bytes) -> AsyncIterator[int]:
    """The port of a server that answers anything with this, and closes."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(10)
        writer.write(answer)
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as listening:
        yield listening.sockets[0].getsockname()[1]


@pytest.mark.parametrize(
    "answer", [b"HTTP/1.1 500 No\r\n\r\n", b"no HTTP", b"HTTP/1.1 200 OK\r\n\r\n" + b"a" * 9_000_000]
)
def test_the_fuzz_sees_a_server_that_fails(answer: bytes) -> None:
    async def run() -> fuzz.Figures:
        figures = fuzz.Figures()
        async with answering(answer) as port:
            await fuzz.try_case(port, 1, 0, figures)
        return figures

    assert len(asyncio.run(run()).wrong) == 1


TOO_LONG = b"HTTP/1.1 200 OK\r\nx: " + b"a" * 500 + b"\r\n\r\n"
NO_DETAIL = b"HTTP/1.1 404 No\r\ncontent-length: 2\r\n\r\n{}"


@pytest.mark.parametrize("answer", [b"HTTP/1.1 500 No\r\n\r\n", NO_DETAIL, TOO_LONG])
def test_a_judge_sees_a_broken_promise(answer: bytes) -> None:
    async def run() -> str:
        async with answering(answer) as port:
            return await promises.answered(request("GET", "/"))(port)

    assert asyncio.run(run())


def test_a_server_that_closes_gives_no_answer() -> None:
    async def run() -> None:
        async with answering(b"") as port:
            await ask(port, request("GET", "/"))

    with pytest.raises(NoAnswer):
        asyncio.run(run())


def test_a_mixed_answer_is_seen() -> None:
    async def run() -> load.Figures:
        figures = load.Figures()
        mixed = b'HTTP/1.1 200 OK\r\ncontent-length: 21\r\n\r\n["token-1","token-2"]'
        async with answering(mixed) as port, Connection(port) as connection:
            await load.one(connection, "token-1", "JSON", figures)
        return figures

    assert asyncio.run(run()).wrong == ["JSON: token-1 got ['token-1', 'token-2']"]
