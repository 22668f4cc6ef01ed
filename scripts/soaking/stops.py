"""What becomes of requests when the server is told to stop. It knows the hostile application's slow endpoint."""

import asyncio
import signal
from collections.abc import Callable

from .client import NoAnswer, ask, request
from .server import Server, serving

APPLICATION = "scripts.soaking.hostile:app"
START_TRIES = 2000  # hundredths of a second until all requests are being served
OPENED, CLOSED = "soak: opened\n", "soak: closed\n"


async def _stop_during(server: Server, requests: int, seconds: float) -> list[int]:
    """Begin slow requests, send SIGTERM when all are being served, and return their statuses, 0 for none."""
    sent = request("GET", f"/slow?seconds={seconds}")
    tasks = [asyncio.create_task(ask(server.port, sent)) for _ in range(requests)]
    for _ in range(START_TRIES):
        if server.log.count(OPENED) == requests:
            break
        await asyncio.sleep(0.01)
    server.process.send_signal(signal.SIGTERM)
    answers = await asyncio.gather(*tasks, return_exceptions=True)
    unexpected = [one for one in answers if isinstance(one, BaseException) and not isinstance(one, (NoAnswer, OSError))]
    if unexpected:
        raise unexpected[0]
    return [0 if isinstance(one, BaseException) else one.status for one in answers]


def _left_open(server: Server) -> int:
    return server.log.count(OPENED) - server.log.count(CLOSED)


def drained(framework: str, http: str) -> str:
    """Return what is wrong: SIGTERM lets requests in flight finish."""
    with serving(framework, http=http, application=APPLICATION) as server:
        statuses = asyncio.run(_stop_during(server, 5, 1))
        server.process.wait(20)
    if statuses != [200] * 5 or _left_open(server):
        return f"statuses {statuses}, {_left_open(server)} left open"
    return ""


def cancelled(framework: str, http: str) -> str:
    """Return what is wrong: after the grace period, what requests opened is closed all the same."""
    options = ("--timeout-graceful-shutdown", "1")
    with serving(framework, http=http, application=APPLICATION, options=options) as server:
        asyncio.run(_stop_during(server, 5, 60))
        server.process.wait(20)
    return f"{_left_open(server)} left open" if _left_open(server) else ""


def half_started(framework: str, http: str) -> str:
    """Return what is wrong: when start-up fails half-way, what it opened is closed, and the process ends."""
    try:
        with serving(framework, http=http, application="scripts.soaking.half:app"):
            return "it started"
    except RuntimeError as error:
        log = f"{error}".splitlines(keepends=True)
    return f"{log.count(OPENED)} opened, {log.count(CLOSED)} closed" if log.count(OPENED) != log.count(CLOSED) else ""


STOPS: dict[str, Callable[[str, str], str]] = {
    "SIGTERM lets requests in flight finish": drained,
    "after the grace period, what requests opened is closed": cancelled,
    "when start-up fails half-way, what it opened is closed": half_started,
}
