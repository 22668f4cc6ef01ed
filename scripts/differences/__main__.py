"""Compare FastLayer with FastAPI on generated programs and requests; print what differs, as small as it gets."""

from __future__ import annotations

import argparse
import random
import time

from scripts.differences.pair import FRAMEWORKS, Pair
from scripts.differences.search import Search

ROUND = 500
"""Programs a round: each begins with a seed of its own, and ends with its first finding."""


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./scripts/differential", description=__doc__, allow_abbrev=False)
    parser.add_argument("--minutes", type=float, default=20, help="when to stop looking (default: %(default)s)")
    parser.add_argument("--examples", type=int, help="how many programs at most (default: as many as the time allows)")
    parser.add_argument(
        "--seed", type=int, help="a number that makes a run repeatable (default: another one each time)"
    )
    parser.add_argument("--second", default=FRAMEWORKS[1], help=argparse.SUPPRESS)
    return parser.parse_args()


def main() -> int:
    """Return how many differences were found, 1 at most: the exit status."""
    options = _options()
    seed = random.randrange(10**6) if options.seed is None else options.seed  # noqa: S311 - no secret
    until = time.monotonic() + options.minutes * 60
    print(f"seed {seed}", flush=True)
    findings = 0
    with Pair((FRAMEWORKS[0], options.second)) as pair:
        search = Search(pair)

        def is_over() -> bool:
            left = options.examples is None or search.counts.cases < options.examples
            return time.monotonic() > until or not left

        number = seed
        while not is_over():
            found = search.round(number, ROUND, is_over)
            number += 1
            if found:
                findings += 1
                case, difference = found
                sent = difference.request
                print(
                    f"\n== {findings}: {difference}",
                    *([f"  request: {sent}"] if sent else []),
                    "",
                    case.source,
                    sep="\n",
                )
            print(f"-- {search.counts}", flush=True)
    print(f"\n{findings} unexplained differences in {search.counts}; seed {seed}")
    return int(findings > 0)


if __name__ == "__main__":
    raise SystemExit(main())
