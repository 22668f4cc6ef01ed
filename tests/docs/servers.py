"""Runs an application under uvicorn in a process of its own, for tests that want real HTTP."""

import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import IO

ROOT = Path(__file__).parents[2]
START_SECONDS = 60
STOP_SECONDS = 15


@contextmanager
def serving(application: str, environment: Mapping[str, str]) -> Iterator[str]:
    """The address, like `http://127.0.0.1:40123`, where `application` ("module:name") answers inside the block.

    Raises:
        RuntimeError: the server ended without coming up; its output is the message.
        TimeoutError: the server was not up within `START_SECONDS`.
    """
    # Port 0 lets the operating system choose a free one, which uvicorn then reports.
    command = [sys.executable, "-m", "uvicorn", application, "--host", "127.0.0.1", "--port", "0", "--no-access-log"]
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, **environment},
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        text=True,
    )
    address: Future[str] = Future()
    reader = threading.Thread(target=find_address, args=(process.stderr, address))
    reader.start()
    try:
        yield address.result(START_SECONDS)
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        reader.join()
        if process.stderr:
            process.stderr.close()


def find_address(log: IO[str], address: Future[str]) -> None:
    """Reads the log to its end, for a full pipe would stop the server."""
    lines: list[str] = []
    for line in log:
        lines.append(line)
        if not address.done() and (found := re.search(r"running on (http://\S+)", line)):
            address.set_result(found[1])
    if not address.done():
        address.set_exception(RuntimeError("".join(lines)))
