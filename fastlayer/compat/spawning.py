"""Processes that `multiprocessing` spawns: uvicorn's reloader and workers, process pools. They get the alias first.

A spawned process unpickles a dictionary of preparations before it imports the program's main module. An object in it
whose unpickling installs the alias needs no environment variable, which would reach unrelated programs too.
"""

from collections.abc import Callable
from multiprocessing import spawn
from typing import Any

KEY = "fastlayer.compat"


class OnArrival:
    """Calls a function, which must be importable, where it is unpickled."""

    def __init__(self, function: Callable[[], None]) -> None:
        self.function = function

    def __reduce__(self) -> tuple[Callable[[], None], tuple[()]]:
        return self.function, ()


def follow_into_children(function: Callable[[], None]) -> None:
    """Have the function called first in every process that is spawned from now on. Once for all in a process."""
    original = spawn.get_preparation_data

    def get_preparation_data(name: str) -> dict[str, Any]:
        return {KEY: OnArrival(function), **original(name)}

    spawn.get_preparation_data = get_preparation_data
