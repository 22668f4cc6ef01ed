"""What brings a server of its own, on a port: `python -m ...serve_alone NAME SCENARIO PORT`.

`granian` is FastLayer behind Granian, one worker; `robyn` is Robyn. It may not know who loads it.
"""

import os
import sys
import warnings
from typing import Any

from . import frameworks

_SCENARIO = "BENCH_SCENARIO"  # for Granian's worker, which is another process


def application() -> Any:
    return frameworks.build(frameworks.SUBJECT, os.environ[_SCENARIO])


def main(name: str, scenario: str, port: str) -> None:
    if name == "robyn":
        from .apps import robyn_app

        sys.argv[1:] = ["--log-level", "WARN"]  # which it reads itself
        robyn_app.serve(scenario, int(port))
        return
    from granian import Granian
    from granian.constants import Interfaces, Loops

    os.environ[_SCENARIO] = scenario
    target = f"{__spec__.name}:application"
    options: dict[str, Any] = {"workers": 1, "loop": Loops.uvloop, "factory": True, "log_enabled": False}
    Granian(target, address="127.0.0.1", port=int(port), interface=Interfaces.ASGI, **options).serve()


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main(*sys.argv[1:])
