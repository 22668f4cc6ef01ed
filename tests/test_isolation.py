"""200 requests at a time over a real uvicorn: nothing of one request is seen by another, opened equals closed."""

import asyncio
import json
import re
from typing import Any

import httpx2
import pytest

from tests.docs.servers import serving

REQUESTS = 1200
AT_ONCE = 200
ROUTES = ["/async", "/sync", "/body", "/lines", "/events"]


async def ask(client: httpx2.AsyncClient, path: str, token: str) -> set[str]:
    """Every value in the answer."""
    headers = {"authorization": f"Bearer {token}", "x-token": token}
    if path == "/body":
        response = await client.post(path, headers=headers, json={"q": token})
    else:
        response = await client.get(path, headers=headers, params={"q": token})
    assert response.status_code == 200, response.text
    if path == "/lines":
        return {json.loads(line) for line in response.text.splitlines()}
    if path == "/events":
        return {json.loads(line) for line in re.findall(r"^data: (.*)$", response.text, re.MULTILINE)}
    return set(response.json())


async def load(address: str) -> dict[str, Any]:
    """The server's counts after all requests, each of which was checked to be answered with its own token only."""
    places = asyncio.Semaphore(AT_ONCE)
    limits = httpx2.Limits(max_connections=AT_ONCE, max_keepalive_connections=AT_ONCE)
    async with httpx2.AsyncClient(base_url=address, limits=limits, timeout=60, trust_env=False) as client:

        async def one(number: int) -> None:
            token = f"token-{number}"
            async with places:
                assert await ask(client, ROUTES[number % len(ROUTES)], token) == {token}

        async with asyncio.TaskGroup() as tasks:
            for number in range(REQUESTS):
                tasks.create_task(one(number))
        counts: dict[str, Any] = (await client.get("/counts")).json()
        return counts


@pytest.mark.parametrize("http", ["h11", "httptools"])
def test_two_hundred_concurrent_requests_never_mix(http: str) -> None:
    with serving("tests.isolation_app:app", {"UVICORN_HTTP": http}) as address:
        counts = asyncio.run(load(address))
    assert counts == {"opened": 2 * REQUESTS, "closed": 2 * REQUESTS}
