"""`python -m fastlayer.compat app.py …` or `-m module …`: runs a program under the alias, as Python itself would."""

import runpy
import sys
from pathlib import Path

from . import install

USAGE = "usage: python -m fastlayer.compat (PROGRAM.py | -m MODULE) [ARGUMENTS]"


def main(arguments: list[str]) -> None:
    """Run the program that the arguments name.

    Raises:
        SystemExit: none is named.
    """
    by_module = arguments[:1] == ["-m"]
    program = arguments[by_module:]
    if not program or (program[0].startswith("-") and not by_module):
        raise SystemExit(f"{USAGE}\n\nRuns a program written for FastAPI on FastLayer.")
    install()
    sys.argv[:] = program
    if by_module:
        sys.path[0] = str(Path.cwd())
        runpy.run_module(program[0], run_name="__main__", alter_sys=True)
    else:
        sys.path[0] = str(Path(program[0]).resolve().parent)
        runpy.run_path(program[0], run_name="__main__")


if __name__ == "__main__":
    main(sys.argv[1:])
