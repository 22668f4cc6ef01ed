"""The process that runs cases under one framework: `python -m scripts.differences.worker MODULE:FUNCTION|fastapi`.

One case a line on stdin, as JSON; one outcome a line on stdout. The function named is called first, and has to make
`import fastapi` give the framework that is looked at. Programs may call `show(locals())`, which gives plain data, and
`log(text)`, whose lines belong to the outcome.
"""

from __future__ import annotations

import asyncio
import base64
import gc
import json
import logging
import os
import re
import signal
import sys
import types
import warnings
from collections.abc import Mapping
from importlib import import_module
from typing import Any

SECONDS = 20
"""How long one case may take; more is an outcome of its own."""
ADDRESS = re.compile(r" at 0x[0-9a-f]+")


class Hung(BaseException):
    """A case took too long."""


def _sendable(text: str) -> str:
    """Return the text with lone surrogates written out: an answer must be sendable whatever arrived."""
    return text.encode(errors="backslashreplace").decode()


def _text(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [type(value).__name__, *map(_text, value)]
    if isinstance(value, set | frozenset):
        return [type(value).__name__, *sorted(map(repr, value))]
    if isinstance(value, Mapping) and "asgi" in value:
        return "request"
    if isinstance(value, Mapping):
        return {_sendable(str(key)): _text(item) for key, item in value.items()}
    if hasattr(value, "filename") and hasattr(value, "content_type"):
        return [
            "file",
            _sendable(str(value.filename)),
            value.content_type,
            value.size,
            value.file.read().decode("latin-1"),
        ]
    if getattr(type(value), "__module__", "") == "program" and hasattr(value, "__dict__"):
        return {type(value).__name__: _text({k: v for k, v in vars(value).items() if not k.startswith("__")})}
    if getattr(type(value), "__module__", "").startswith(("fastapi", "fastlayer")):
        return type(value).__name__  # its repr may say where it was made
    return ADDRESS.sub("", f"{type(value).__name__}: {value!r}")


def show(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return what an endpoint was called with as data that says type and value."""
    return {name: _text(value) for name, value in values.items()}


def _scope(request: Mapping[str, Any]) -> dict[str, Any]:
    from urllib.parse import unquote

    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": request["method"],
        "scheme": "http",
        "path": unquote(request["path"]),
        "raw_path": request["path"].encode("latin-1"),
        "root_path": "",
        "query_string": request["query"].encode("latin-1"),
        "headers": [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in request["headers"]],
        "client": ("127.0.0.1", 50000),
        "server": ("testserver", 80),
    }


async def _answer(app: Any, request: Mapping[str, Any], log: list[str]) -> dict[str, Any]:
    parts = [base64.b64decode(chunk) for chunk in request["chunks"]]
    sent: list[dict[str, Any]] = []
    done = asyncio.Event()

    async def receive() -> dict[str, Any]:
        if parts:
            return {"type": "http.request", "body": parts.pop(0), "more_body": bool(parts)}
        await done.wait()
        return {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.body" and not message.get("more_body"):
            log.append("sent")
            done.set()
        sent.append(message)

    raised = None
    log.clear()
    try:
        await app(_scope(request), receive, send)
    except Exception as exc:
        raised = type(exc).__name__
    starts = [message for message in sent if message["type"] == "http.response.start"]
    headers = starts[0].get("headers", ()) if starts else ()
    body = b"".join(bytes(message.get("body", b"")) for message in sent if message["type"] == "http.response.body")
    return {
        "status": starts[0]["status"] if starts else 0,
        "headers": [[name.decode("latin-1"), value.decode("latin-1")] for name, value in headers],
        "body": base64.b64encode(body).decode(),
        "raised": raised,
        "log": list(log),
    }


def _program(source: str, log: list[str]) -> types.ModuleType:
    module = types.ModuleType("program")
    vars(module).update(show=show, log=log.append)
    sys.modules["program"] = module
    exec(compile(source, "program.py", "exec", dont_inherit=True), vars(module))  # noqa: S102 - what it is for
    return module


def outcome(case: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the framework makes of a case: the fields of `Outcome` as JSON."""
    log: list[str] = []
    try:
        app = _program(case["source"], log).app
    except Exception as exc:
        return {"registration": type(exc).__name__, "message": str(exc)}
    result: dict[str, Any] = {}
    try:
        result["document"] = json.loads(json.dumps(app.openapi(), default=repr))
    except Exception as exc:
        result |= {"document_error": type(exc).__name__, "message": str(exc)}

    async def all_answers() -> list[dict[str, Any]]:
        return [await _answer(app, request, log) for request in case["requests"]]

    return {**result, "answers": asyncio.run(all_answers())}


def _limited(case: Mapping[str, Any]) -> dict[str, Any]:
    def ring(*_: object) -> None:
        raise Hung

    signal.signal(signal.SIGALRM, ring)
    signal.alarm(SECONDS)
    try:
        return outcome(case)
    except Hung:
        return {"registration": "Hung"}
    finally:
        signal.alarm(0)


def main() -> None:
    """Answer cases until stdin ends."""
    pipe = os.fdopen(os.dup(1), "w")  # what a program prints must not come between
    os.dup2(2, 1)
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    if sys.argv[1] != "fastapi":
        module, _, function = sys.argv[1].partition(":")
        getattr(import_module(module), function)()
    import_module("fastapi")
    for number, line in enumerate(sys.stdin):
        print(json.dumps(_limited(json.loads(line))), file=pipe, flush=True)
        if number % 50 == 0:
            gc.collect()


if __name__ == "__main__":
    main()
