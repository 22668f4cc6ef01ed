"""What a document costs: Python calls and memory, both the same on every machine, for routes with their own models.

FastAPI 0.165.0 makes 9,700 calls for each of these routes, and takes five times as much memory as it keeps.
"""

import gc
import sys
import tracemalloc
from collections import Counter
from collections.abc import Callable
from types import FrameType
from typing import Annotated, Any

import pytest
from pydantic import BaseModel, Field, create_model

from fastlayer import Depends, FastLayer, Header, Query

pytestmark = pytest.mark.invalid_document("valid, but a hundred routes take the validator minutes")


async def user(x_token: Annotated[str | None, Header()] = None) -> str | None:
    return x_token


def register(app: FastLayer, number: int) -> None:
    """One route with three models of its own."""
    part: Any = create_model(f"Part{number}", sku=(str, Field(max_length=20)), count=(int, 1))
    given: Any = create_model(f"Given{number}", name=str, parts=list[part], note=(str | None, None))
    made: Any = create_model(f"Made{number}", id=int, name=(str, Field(description="Said")), parts=list[part])

    async def create(
        thing_id: int,
        body: BaseModel,
        token: Annotated[str | None, Depends(user)],
        q: Annotated[int, Query(ge=1)] = 5,
    ) -> None:
        pass

    create.__annotations__ |= {"body": given, "return": made}
    app.post(f"/things{number}/{{thing_id}}", name=f"create{number}")(create)


def application(routes: int) -> FastLayer:
    app = FastLayer()
    for number in range(routes):
        register(app, number)
    return app


def calls_of(function: Callable[[], Any]) -> Counter[str]:
    """The Python functions called, by qualified name."""
    counted: Counter[str] = Counter()

    def count(frame: FrameType, event: str, argument: Any) -> None:
        if event == "call":
            counted[frame.f_code.co_qualname] += 1

    sys.setprofile(count)
    try:
        function()
    finally:
        sys.setprofile(None)
    return counted


def test_a_route_with_its_own_models_takes_a_bounded_number_of_calls() -> None:
    application(1).openapi()  # what is imported or built once
    calls = [calls_of(application(routes).openapi).total() for routes in (50, 100)]
    assert (calls[1] - calls[0]) / 50 <= 1_800


def test_schemas_are_generated_in_one_pass_and_what_routes_share_is_described_once() -> None:
    calls = calls_of(application(20).openapi)
    assert calls["SchemaGenerator.describe"] == 1
    assert calls["GenerateJsonSchema.generate"] == calls["GenerateJsonSchema.generate_definitions"] == 0
    # The path parameter and the header; the models have their schemas, the bounded query parameter its own since it was
    # registered.
    assert calls["TypeAdapter.__init__"] == 2


def test_the_memory_a_document_takes_is_little_more_than_it_keeps() -> None:
    application(1).openapi()
    app = application(100)
    gc.collect()
    tracemalloc.start()
    try:
        app.openapi()
        peak = tracemalloc.get_traced_memory()[1]
        gc.collect()
        kept = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert peak <= 1.8 * kept
