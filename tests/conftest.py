"""What every test may use. Async tests (marked `anyio`) run once on asyncio and once on trio."""

import pytest


@pytest.fixture(scope="session", params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    return str(request.param)
