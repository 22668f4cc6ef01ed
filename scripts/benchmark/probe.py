"""One start in a process of its own: `python -m ...probe PACKAGE APPLICATION` prints the figures as JSON.

It may import nothing heavy before the clock runs, so it knows neither the scenarios nor the other frameworks.
"""
# mypy: disable-error-code="untyped-decorator"

import gc
import json
import resource
import sys
import time
from importlib import import_module
from pathlib import Path
from typing import Any

ROUTES = 1000


def _resident() -> int:
    """Return the bytes of memory the process has now; Linux only.

    Not the peak of `getrusage`: a child starts with its parent's, which would hide all growth below that.
    """
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


def _application(api: Any, name: str) -> Any:
    """Return an application of 1,000 routes: a path, a query parameter, a dependency, a model in and out."""
    from typing import Annotated

    from pydantic import BaseModel

    class Thing(BaseModel):
        name: str
        size: int = 1

    async def user(x_token: Annotated[str | None, api.Header()] = None) -> str | None:
        return x_token

    app = getattr(api, name)()
    for number in range(ROUTES // 2):

        @app.get(f"/things{number}/{{thing_id}}")
        async def read(
            thing_id: int, name: Annotated[str | None, api.Depends(user)], q: Annotated[str | None, api.Query()] = None
        ) -> Thing:
            return Thing(name=q or "thing", size=thing_id)

        @app.post(f"/things{number}")
        async def create(thing: Thing, name: Annotated[str | None, api.Depends(user)]) -> Thing:
            return thing

    return app


def _first_request(app: Any) -> int:
    """Send one request to a route in the middle; return the answer's status."""
    messages: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        messages.append(message)

    path = f"/things{ROUTES // 4}/7"
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"q=x",
        "root_path": "",
        "headers": [(b"host", b"127.0.0.1")],
        "client": ("127.0.0.1", 50000),
        "server": ("127.0.0.1", 8000),
    }
    import asyncio

    asyncio.run(app(scope, receive, send))
    status: int = messages[0]["status"]
    return status


def main(package: str, name: str) -> None:
    import asyncio  # both frameworks need it; it is not what is compared

    asyncio.run(asyncio.sleep(0))
    begin = time.perf_counter()
    api = import_module(package)
    getattr(api, name)
    imported = time.perf_counter()
    memory = _resident()
    begin_routes = time.perf_counter()
    app = _application(api, name)
    status = _first_request(app)
    served = time.perf_counter()
    used = _resident() - memory
    begin_document = time.perf_counter()
    document = app.openapi()
    described = time.perf_counter()
    if status != 200 or len(document["paths"]) != ROUTES:
        raise SystemExit(f"wrong answer: status {status}, {len(document['paths'])} paths")
    figures = {
        "import": (imported - begin) * 1000,
        "routes": (served - begin_routes) * 1000,
        "memory": used / 2**20,
        "openapi": (described - begin_document) * 1000,
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main(*sys.argv[1:])
