"""An application whose start-up fails half-way: its own lifespan begins, that of a mounted application fails.

It may only know names that FastAPI and FastLayer share.
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from .app import Application


@asynccontextmanager
async def opening(app: Any) -> AsyncIterator[None]:
    os.write(2, b"soak: opened\n")  # at once, whatever other threads write
    try:
        yield
    finally:
        os.write(2, b"soak: closed\n")  # at once, whatever other threads write


@asynccontextmanager
async def failing(app: Any) -> AsyncIterator[None]:
    if app is not None:
        raise LookupError("this one cannot start")
    yield


inner = Application(lifespan=failing)
app = Application(lifespan=opening)
app.include_router(inner.router)
app.mount("/inner", inner)
