"""The command line: runs the parts that were chosen, prints their figures, and says which promises were broken."""

import argparse
import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from . import fuzz, load, promises, stops
from .server import ROOT, serving

HOSTILE = "scripts.soaking.hostile:app"
MODELS = [
    "tests/test_signatures_hypothesis.py",
    "tests/execution/test_response_leaks.py",
    "tests/execution/test_faults.py",
]
OBJECTS = 1.02  # times as many after the second half of the load as after the first: the most that counts as flat
KIBIBYTES = (1.1, 8192)  # times the memory of then, and this much more
LOOP_SECONDS = 1.0  # CPU time between two turns of a task, that is, how long nobody else was served


def bounded(least: float, most: float, kind: Callable[[str], Any]) -> Callable[[str], Any]:
    """Return a reader of an option's value that refuses what is out of bounds."""

    def read(text: str) -> Any:
        value = kind(text)
        if not least <= value <= most:
            raise argparse.ArgumentTypeError(f"{text} is not between {least} and {most}")
        return value

    return read


def arguments() -> argparse.Namespace:
    """Return the options."""
    parser = argparse.ArgumentParser(
        prog="./scripts/soak",
        description="Load, fuzz and probe a real uvicorn on loopback. Exit status 1: a promise was broken.",
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("--seconds", type=bounded(1, 600, float), default=15, help="length of each load, up to 600 (%(default)s)")
    add("--connections", type=bounded(1, 1000, int), default=200, help="at once, up to 1000 (%(default)s)")
    add("--workers", default="1,2", help="processes of uvicorn; each number is a load of its own (%(default)s)")
    add("--http", default="h11,httptools", help="uvicorn's readers of HTTP (%(default)s)")
    add("--cases", type=bounded(1, 1_000_000, int), default=20_000, help="of the raw fuzz, each reader (%(default)s)")
    add("--seed", type=int, default=1, help="of load and fuzz (%(default)s)")
    add(
        "--factor",
        type=bounded(1, 1000, int),
        default=20,
        help="times the examples of the hypothesis suites (%(default)s)",
    )
    add("--only", default="load,fuzz,promises,stops,models", help="parts, comma-separated (%(default)s)")
    add("--framework", choices=["fastlayer", "fastapi"], default="fastlayer", help="whom to put to it (%(default)s)")
    add("--json", type=Path, help="write the figures here")
    return parser.parse_args()


class Report:
    """Figures by part, and what was broken."""

    def __init__(self) -> None:
        self.parts: dict[str, Any] = {}
        self.broken: list[str] = []

    def add(self, part: str, figures: dict[str, Any], wrong: list[str]) -> None:
        """Keep and print the figures of one part."""
        self.parts[part] = {**figures, "wrong": len(wrong)}
        print(f"{part}: {', '.join(f'{key} {value}' for key, value in figures.items())}", flush=True)
        for line in wrong[:10]:
            print(f"  BROKEN: {line}", flush=True)
        if len(wrong) > 10:
            print(f"  ... and {len(wrong) - 10} more", flush=True)
        self.broken += [f"{part}: {line}" for line in wrong]


async def _both_halves(port: int, workers: int, options: argparse.Namespace) -> tuple[load.Figures, list[Any]]:
    """Load twice, half of the time each; return what happened and how the workers were in between and after."""
    half = options.seconds / 2
    first = await load.run(port, options.connections, half, options.seed)
    between = await load.settled(port, workers)
    second = await load.run(port, options.connections, half, options.seed + 1)
    after = await load.settled(port, workers)
    both = load.Figures(first.answers + second.answers, first.left + second.left, first.wrong + second.wrong)
    return both, [(between.get(pid, state), state) for pid, state in after.items()]


def _not_kept(between: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """Return what a worker's states say against it."""
    times, more = KIBIBYTES
    checks = {
        f"opened {after['opened']}, closed {after['closed']}": after["opened"] == after["closed"],
        f"{after['mixed']} saw another request's context": not after["mixed"],
        f"objects from {between['objects']} to {after['objects']}": after["objects"] <= between["objects"] * OBJECTS,
        f"descriptors from {between['descriptors']} to {after['descriptors']}": after["descriptors"]
        <= between["descriptors"],
        f"memory from {between['kibibytes']} to {after['kibibytes']} KiB": after["kibibytes"]
        <= between["kibibytes"] * times + more,
        f"the loop was held for {after['loop_seconds']:.2f} s": after["loop_seconds"] <= LOOP_SECONDS,
    }
    return [says for says, kept in checks.items() if not kept]


def run_load(options: argparse.Namespace, report: Report) -> None:
    for http in options.http.split(","):
        for workers in map(int, options.workers.split(",")):
            with serving(options.framework, workers=workers, http=http) as server:
                figures, states = asyncio.run(_both_halves(server.port, workers, options))
            wrong = [*figures.wrong, *server.complaints]
            wrong += [line for between, after in states for line in _not_kept(between, after)]
            numbers = {
                "answers": sum(figures.answers.values()),
                "clients left": figures.left,
                "opened": sum(after["opened"] for _, after in states),
                "closed": sum(after["closed"] for _, after in states),
                "MiB half-way": [round(between["kibibytes"] / 1024, 1) for between, _ in states],
                "MiB after": [round(after["kibibytes"] / 1024, 1) for _, after in states],
                "objects half-way": [between["objects"] for between, _ in states],
                "objects after": [after["objects"] for _, after in states],
                "longest hold of the loop in ms": round(1000 * max(after["loop_seconds"] for _, after in states)),
            }
            report.add(f"load, {http}, workers {workers}", numbers, wrong)


def run_fuzz(options: argparse.Namespace, report: Report) -> None:
    for http in options.http.split(","):
        with serving(options.framework, http=http, application=HOSTILE) as server:
            figures = asyncio.run(fuzz.run(server.port, options.cases, options.seed))
            states = asyncio.run(load.settled(server.port, 1))
        wrong = [*figures.wrong, *server.complaints]
        wrong += [line for state in states.values() for line in _not_kept({**state, "objects": 10**9}, state)]
        numbers = {
            "cases": sum(figures.cases.values()),
            "answers": sum(figures.statuses.values()),
            "statuses": dict(sorted(figures.statuses.items())),
            "bytes sent": figures.sent,
            "bytes received": figures.received,
            "longest hold of the loop in ms": round(1000 * max(state["loop_seconds"] for state in states.values())),
        }
        report.add(f"fuzz, {http}", numbers, wrong)


def run_promises(options: argparse.Namespace, report: Report) -> None:
    for http in options.http.split(","):
        with serving(options.framework, http=http, application=HOSTILE) as server:
            for promise in promises.PROMISES:
                found = asyncio.run(promises.broken_cases(promise, server.port))
                numbers = {"cases": len(promise.cases), "kept": len(promise.cases) - len(found)}
                report.add(f"{promise.says}, {http}", numbers, [f"{case}: {why}" for case, why in found.items()])


def run_stops(options: argparse.Namespace, report: Report) -> None:
    for http in options.http.split(","):
        for says, check in stops.STOPS.items():
            wrong = check(options.framework, http)
            report.add(f"{says}, {http}", {"kept": int(not wrong)}, [wrong] if wrong else [])


def run_models(options: argparse.Namespace, report: Report) -> None:
    if options.framework != "fastlayer":
        print("models: left out, they are tests of FastLayer's", flush=True)
        return
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--timeout", "3600", *MODELS]
    environment = {**os.environ, "SOAK_FACTOR": str(options.factor)}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    *_, last = [line for line in done.stdout.splitlines() if line] or [done.stderr]
    report.add("models", {"factor": options.factor, "tests": last}, [done.stdout] if done.returncode else [])


PARTS = {"load": run_load, "fuzz": run_fuzz, "promises": run_promises, "stops": run_stops, "models": run_models}


def main() -> int:
    options = arguments()
    chosen = [name.strip() for name in options.only.split(",")]
    if unknown := set(chosen) - set(PARTS):
        print(f"error: no part {', '.join(sorted(unknown))}; choose from {', '.join(PARTS)}", file=sys.stderr)
        return 2
    report, begin = Report(), time.monotonic()
    for name in chosen:
        PARTS[name](options, report)
    minutes = (time.monotonic() - begin) / 60
    print(f"{len(report.parts)} parts in {minutes:.1f} minutes, {len(report.broken)} broken", flush=True)
    if options.json:
        figures = {"framework": options.framework, "minutes": round(minutes, 1), "parts": report.parts}
        options.json.write_text(json.dumps({**figures, "broken": report.broken}, indent=1) + "\n")
    return 1 if report.broken else 0


if __name__ == "__main__":
    sys.exit(main())
