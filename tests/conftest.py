"""What every test may use. Async tests (marked `anyio`) run once on asyncio and once on trio."""

from importlib.util import find_spec

import pytest


@pytest.fixture(scope="session", params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    return str(request.param)


# The browser tests import what drives one; without it they are left out, and the report's head says so.
collect_ignore = [] if find_spec("selenium") else ["browser"]


def pytest_report_header() -> list[str]:
    return ["tests/browser: left out, no selenium; ./scripts/test --browser installs it"] if collect_ignore else []
