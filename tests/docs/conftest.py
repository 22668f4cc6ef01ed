"""What the tests of the pages share."""

import asyncio
from collections.abc import Iterator

import pytest


@pytest.fixture
def current_loop() -> Iterator[None]:
    """An event loop of this thread's, which adapters that are plain functions expect, and leave open."""
    with asyncio.Runner() as runner:
        runner.get_loop()
        yield
