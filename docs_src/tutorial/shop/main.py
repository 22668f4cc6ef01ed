from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastlayer import FastLayer

from .models import Tea
from .routers import office, teas


@asynccontextmanager
async def lifespan(app: FastLayer) -> AsyncIterator[dict[str, dict[str, Tea]]]:
    yield {"teas": {"sencha": Tea(name="Sencha", price=4.5)}}


app = FastLayer(title="Tea shop", lifespan=lifespan, strict=True)
app.include_router(teas.router)
app.include_router(office.router, responses={403: {"description": "Wrong key"}})
