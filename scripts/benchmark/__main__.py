"""The command line: chooses scenarios, frameworks and modes; prints and writes what the modes return."""

import argparse
import json
import sys
import warnings
from dataclasses import asdict
from pathlib import Path
from typing import Any

import uvloop

from . import calls, frameworks, measure, over_http, pages, plot, report, scaling, startup
from .driver import WrongAnswer
from .scenarios import HTTP_SCENARIOS, SCENARIOS


def _chosen(text: str, known: tuple[str, ...]) -> list[str]:
    """Return the names in `text`, in the order of `known`; all of them for an empty text."""
    names = {name.strip() for name in text.split(",")} - {""}
    if unknown := names - set(known):
        raise SystemExit(f"unknown: {', '.join(sorted(unknown))}; choose from {', '.join(known)}")
    return [name for name in known if name in names or not names]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/bench", description="Compare FastLayer with FastAPI and its peers.")
    parser.add_argument("--only", default="", help="scenarios, comma-separated; default: all")
    parser.add_argument("--frameworks", default="", help="frameworks, comma-separated; default: all installed")
    parser.add_argument("--rounds", type=int, default=15, help="turns of each framework (default: 15)")
    parser.add_argument("--batch-ms", type=float, default=20, help="length of a turn in milliseconds (default: 20)")
    parser.add_argument("--json", type=Path, help="write the figures here")
    parser.add_argument("--plot", type=Path, help="draw the in-process figures here, as SVG")
    parser.add_argument(
        "--markdown",
        action="store_true",
        help="write figures and plot into docs/, a summary into README.md",
    )
    parser.add_argument("--from", dest="source", type=Path, help="figures that --json wrote, instead of measuring")
    parser.add_argument("--http", action="store_true", help="serve with one uvicorn worker and load that, instead")
    parser.add_argument("--startup", action="store_true", help="measure import, 1,000 routes, memory, OpenAPI, instead")
    parser.add_argument(
        "--scaling", action="store_true", help="show that cost does not grow with registrations, instead"
    )
    parser.add_argument("--record-calls", action="store_true", help="rewrite the numbers the tests gate on, instead")
    return parser.parse_args()


def _in_process(options: argparse.Namespace, names: list[str]) -> list[measure.Result]:
    """Return the figures of the chosen scenarios, with a line of progress for each."""
    results = []
    for scenario in _chosen(options.only, tuple(SCENARIOS)):
        print(f"{scenario}: {SCENARIOS[scenario].about}", file=sys.stderr, flush=True)
        compared = measure.compare(SCENARIOS[scenario], names, options.rounds, options.batch_ms / 1000)
        results += uvloop.run(compared)
    return results


def _available(options: argparse.Namespace) -> list[str]:
    names = []
    others = over_http.OTHERS if options.http else ()
    for name in _chosen(options.frameworks, (*frameworks.FRAMEWORKS, *others)):
        if reason := over_http.missing(name) if name in others else frameworks.missing(name):
            print(f"left out: {name}: {reason}", file=sys.stderr)
        else:
            names.append(name)
    return names


def _measured(options: argparse.Namespace) -> dict[str, Any]:
    """Return the figures of the mode that was asked for, printed on the way."""
    names = _available(options)
    parts: dict[str, Any] = {}
    if options.http:
        wanted = list(_chosen(options.only, HTTP_SCENARIOS))
        parts["http"] = over_http.run(wanted, names, options.rounds)
    elif options.startup:
        parts["startup"] = startup.run(names, options.rounds)
    elif options.scaling:
        parts["scaling"] = uvloop.run(scaling.run(names, options.rounds, options.batch_ms / 1000))
    else:
        results = _in_process(options, names)
        print(report.table(results, names))
        parts["scenarios"] = [asdict(result) for result in results]
    return report.document(frameworks.versions(), options.rounds, parts)


def _earlier(source: Path) -> dict[str, Any]:
    try:
        content: dict[str, Any] = json.loads(source.read_text())
    except (OSError, ValueError) as error:
        raise SystemExit(f"cannot read {source}: {error}") from error
    return content


def main() -> None:
    options = _arguments()
    if options.record_calls:
        print(uvloop.run(calls.record()), end="")
        return
    content = _earlier(options.source) if options.source else _measured(options)
    if options.json:
        report.save(options.json, content)
    plots = {options.plot, pages.PLOT if options.markdown else None} - {None}
    if "scenarios" in content:
        results = pages.results(content)
        taking_part = [name for name in frameworks.FRAMEWORKS if any(one.framework == name for one in results)]
        for path in plots:
            path.write_text(plot.draw(results, taking_part))
    if options.markdown:
        pages.write(content)


if __name__ == "__main__":
    warnings.simplefilter("ignore")  # FastAPI deprecates ORJSONResponse; the scenario wants it all the same
    try:
        main()
    except WrongAnswer as error:
        sys.exit(f"wrong answer: {error}")
