"""fastapi-injectable: functions with dependencies, called outside of requests."""

from collections.abc import Iterator
from typing import Annotated

from fastapi import Depends
from fastapi_injectable import get_injected_obj, injectable


def database() -> Iterator[str]:
    yield "database"


async def service(opened: Annotated[str, Depends(database)]) -> str:
    return f"service of {opened}"


@injectable
def process(opened: Annotated[str, Depends(database)], found: Annotated[str, Depends(service)], times: int = 3) -> str:
    return f"{opened}, {found}, {times}"


def test_a_function_is_called_with_its_dependencies():
    assert process() == "database, service of database, 3"
    assert get_injected_obj(process) == "database, service of database, 3"
