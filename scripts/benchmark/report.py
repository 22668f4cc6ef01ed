"""The figures as a table, a verdict and JSON.

It may not measure anything.
"""

import json
import os
import platform
from collections.abc import Iterable
from datetime import UTC, datetime
from math import exp, log
from pathlib import Path
from typing import Any

from .frameworks import FLOOR, REFERENCE, SUBJECT
from .measure import Result
from .scenarios import BARE_FACTOR, GEOMETRIC_MEAN_GOAL, SCENARIOS


def machine() -> str:
    """Return one line on the machine: system, processor, cores, interpreter."""
    return (
        f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, "
        f"{platform.python_implementation()} {platform.python_version()}"
    )


def rows(results: Iterable[Result]) -> dict[str, dict[str, Result]]:
    """Return the results by scenario, then framework."""
    table: dict[str, dict[str, Result]] = {}
    for result in results:
        table.setdefault(result.scenario, {})[result.framework] = result
    return table


def geometric_mean(ratios: Iterable[float]) -> float | None:
    """Return the geometric mean, or nothing of nothing."""
    logs = [log(ratio) for ratio in ratios]
    return exp(sum(logs) / len(logs)) if logs else None


def shortfalls(row: dict[str, Result]) -> list[str]:
    """Return what FastLayer misses in one scenario: the goal, a peer that is faster, the distance to the floor."""
    subject = row.get(SUBJECT)
    if subject is None:
        return []
    goal = SCENARIOS[subject.scenario].goal
    missed = [f"below {goal:g}x"] if subject.ratio is not None and subject.ratio < goal else []
    for name, other in row.items():
        if name == FLOOR and subject.microseconds > BARE_FACTOR * other.microseconds:
            missed.append(f"{subject.microseconds / other.microseconds:.1f}x the bare function")
        if name not in (FLOOR, SUBJECT) and other.microseconds < subject.microseconds:
            missed.append(f"{name} is {subject.microseconds / other.microseconds:.2f}x as fast")
    return missed


def table(results: list[Result], names: list[str]) -> str:
    """Return the figures as text: microseconds per framework, the ratio, the goal, Python calls."""
    heads = ["scenario", *names, "ratio", "goal", "met", *(f"calls {name}" for name in names if name in _CALLS)]
    lines = [heads] + [_line(scenario, row, names) for scenario, row in rows(results).items()]
    widths = [max(len(line[column]) for line in lines) for column in range(len(heads))]
    text = ["  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True)) for line in lines]
    legend = "Microseconds per request; ratio: FastAPI's time through FastLayer's."
    return "\n".join([*text, "", legend, *_verdict(results)])


_CALLS = (REFERENCE, SUBJECT)


def _line(scenario: str, row: dict[str, Result], names: list[str]) -> list[str]:
    subject = row.get(SUBJECT)
    ratio = subject.ratio if subject else None
    goal = SCENARIOS[scenario].goal
    return [
        scenario,
        *(_figure(row[name].microseconds) if name in row else "-" for name in names),
        f"{ratio:.2f}x" if ratio is not None else "-",
        f"{goal:g}x",
        "-" if ratio is None else "yes" if ratio >= goal else "NO",
        *(f"{row[name].calls:.1f}" if name in row else "-" for name in names if name in _CALLS),
    ]


def _figure(microseconds: float) -> str:
    return f"{microseconds:,.1f}" if microseconds < 1000 else f"{microseconds:,.0f}"


def _verdict(results: list[Result]) -> list[str]:
    mean = geometric_mean(r.ratio for r in results if r.framework == SUBJECT and r.ratio is not None)
    if mean is None:
        return []
    met = "met" if mean >= GEOMETRIC_MEAN_GOAL else "NOT met"
    lines = [f"Geometric mean of the ratios: {mean:.2f}x (goal {GEOMETRIC_MEAN_GOAL:g}x, {met})"]
    missed = {scenario: shortfalls(row) for scenario, row in rows(results).items()}
    return [*lines, *(f"  {scenario}: {', '.join(what)}" for scenario, what in missed.items() if what)]


def document(versions: dict[str, str], rounds: int, parts: dict[str, Any]) -> dict[str, Any]:
    """Return the figures with what is needed to judge them: machine, versions, date."""
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        "versions": versions,
        "rounds": rounds,
        **parts,
    }


def save(path: Path, content: dict[str, Any]) -> None:
    """Write what `document` made as JSON."""
    path.write_text(json.dumps(content, indent=2) + "\n")
