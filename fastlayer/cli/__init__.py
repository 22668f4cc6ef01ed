"""The command `fastlayer`. Needs typer and rich, of the extra `standard`; the rest of the package does not know it."""

import importlib.util
import sys


def main() -> None:
    """Run the command with the arguments of the process."""
    missing = [name for name in ("typer", "rich", "uvicorn") if importlib.util.find_spec(name) is None]
    if missing:
        print(
            f"error: the command line needs {', '.join(missing)}: pip install 'fastlayer-api[standard]'",
            file=sys.stderr,
        )
        raise SystemExit(1)
    from .commands import run_command

    run_command()
