from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio

from fastlayer import FastLayer


class Kettle:
    celsius = 20.0

    async def watch(self) -> None:
        """Goes on until it is cancelled."""
        while True:
            self.celsius = min(100.0, self.celsius + 0.5)
            await anyio.sleep(0.01)


kettle = Kettle()


@asynccontextmanager
async def lifespan(app: FastLayer) -> AsyncIterator[None]:
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(kettle.watch)
        yield
        tasks.cancel_scope.cancel()


app = FastLayer(lifespan=lifespan)


@app.get("/kettle")
async def read_kettle() -> float:
    return kettle.celsius
