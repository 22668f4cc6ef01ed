"""Programs run by an interpreter of their own, since the alias is for a whole process."""

import subprocess
import sys
from pathlib import Path
from textwrap import dedent


def run(*arguments: str, cwd: Path | None = None, fails: bool = False) -> str:
    """What the interpreter printed; what it complained about where it must fail."""
    done = subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, cwd=cwd, timeout=60, check=False
    )
    assert (done.returncode != 0) is fails, done.stdout + done.stderr
    return (done.stderr if fails else done.stdout).strip()


def run_code(code: str, *, fails: bool = False) -> str:
    """What the lines printed."""
    return run("-c", dedent(code), fails=fails)


def under_alias(code: str) -> str:
    """What the lines printed where `fastapi` is FastLayer."""
    return run_code("import fastlayer\nfastlayer.install_as_fastapi()\n" + dedent(code))
