"""What a start costs: import, 1,000 routes and the first request, memory for them, OpenAPI.

It runs the probes, in turns, and compares; it may not measure anything itself.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from statistics import median
from typing import Any

from .frameworks import DECLARATIVE, REFERENCE, SUBJECT

_ROOT = Path(__file__).parents[2]
_GOALS = {"import": 0.45, "routes": 0.2, "memory": 0.5, "openapi": 0.33}
ABOUT = {
    "import": "import, ms",
    "routes": "1,000 routes and first request, ms",
    "memory": "memory for them, MiB",
    "openapi": "openapi(), ms",
}


def _probe(name: str) -> dict[str, float]:
    command = [sys.executable, "-m", f"{__package__}.probe", name, DECLARATIVE[name]]
    # Installed packages have their byte code: where ours may not be written, its compilation would be measured.
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    output = subprocess.run(command, cwd=_ROOT, env=environment, capture_output=True, text=True, check=False)
    if output.returncode:
        raise RuntimeError(f"the probe of {name} failed:\n{output.stderr}")
    figures: dict[str, float] = json.loads(output.stdout)
    return figures


def run(names: list[str], rounds: int) -> list[dict[str, Any]]:
    """Print the figures of the frameworks that share user code, FastAPI and FastLayer; return them."""
    names = [name for name in names if name in DECLARATIVE]
    for name in names:
        _probe(name)  # writes the byte code
    figures: dict[str, list[dict[str, float]]] = {name: [] for name in names}
    for _ in range(rounds):
        for name in names:
            figures[name].append(_probe(name))
    print(" ".rjust(36), *(name.rjust(11) for name in names), "ratio".rjust(8), "goal".rjust(8), "met".rjust(5))
    return [_row(key, figures) for key in _GOALS]


def _row(key: str, figures: dict[str, list[dict[str, float]]]) -> dict[str, Any]:
    values = {name: [each[key] for each in rounds] for name, rounds in figures.items()}
    reference, subject = values.get(REFERENCE), values.get(SUBJECT)
    ratio = median(b / a for a, b in zip(reference, subject, strict=True)) if reference and subject else None
    cells = [f"{median(each):,.1f}".rjust(11) for each in values.values()]
    shown = f"{ratio:.2f}" if ratio is not None else "-"
    verdict = "-" if ratio is None else "yes" if ratio <= _GOALS[key] else "NO"
    print(ABOUT[key].rjust(36), *cells, shown.rjust(8), f"<= {_GOALS[key]:g}".rjust(8), verdict.rjust(5))
    return {"what": key, "ratio": ratio, "rounds": values}
