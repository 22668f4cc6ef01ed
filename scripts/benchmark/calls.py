"""The Python calls FastLayer makes per request, and the file that keeps them.

The numbers are deterministic for one interpreter version; the test that reads them fails when one rises.
"""

import json
import sys
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from .frameworks import SUBJECT
from .measure import count_calls, start
from .scenarios import SCENARIOS

FILE = Path(__file__).parents[2] / "tests" / "calls_per_request.json"


async def count(scenario: str, framework: str = SUBJECT) -> float:
    """Return the Python calls per request of one scenario.

    Raises:
        WrongAnswer: the application answers something else than the scenario expects.
    """
    async with AsyncExitStack() as stack:
        caller = await start(stack, framework, SCENARIOS[scenario])
        if caller is None:
            raise LookupError(f"{framework} has no application for {scenario}")
        return await count_calls(caller)


def recorded() -> dict[str, Any]:
    """Return the file's content: `python`, the version the numbers were counted with, and `calls` by scenario."""
    content: dict[str, Any] = json.loads(FILE.read_text())
    return content


async def count_all() -> dict[str, float]:
    """Return the Python calls per request of every scenario."""
    return {name: await count(name) for name in SCENARIOS}


async def record() -> str:
    """Count every scenario, write the file, return its text."""
    numbers = await count_all()
    content = {"python": f"{sys.version_info.major}.{sys.version_info.minor}", "calls": numbers}
    text = json.dumps(content, indent=2) + "\n"
    FILE.write_text(text)
    return text
