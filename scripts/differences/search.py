"""The search: cases until one differs, then the smallest that differs in that way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from hypothesis import HealthCheck, Phase, given, seed, settings

from scripts.differences.cases import Case
from scripts.differences.compare import Difference, differences
from scripts.differences.explained import explained
from scripts.differences.pair import Pair
from scripts.differences.programs import programs

SHRINKS = 250
"""How many cases are tried to make a finding smaller."""


@dataclass
class Counts:
    """What was tried so far."""

    cases: int = 0
    requests: int = 0
    explained: int = 0
    refused: int = 0

    def __str__(self) -> str:
        return (
            f"{self.cases:,} programs with {self.requests:,} requests ({self.refused:,} refused by both, "
            f"{self.explained:,} explained differences)"
        )


class Differs(AssertionError):
    """The case at hand is a finding."""


class Enough(BaseException):
    """No more time for making a finding smaller."""


@dataclass
class Search:
    """Findings of one pair. `seen` holds the signatures found already; each is found once."""

    pair: Pair
    counts: Counts = field(default_factory=Counts)
    seen: set[str] = field(default_factory=set)
    shrinks: int = SHRINKS

    def unexplained(self, case: Case) -> Iterator[Difference]:
        """Yield the differences of one case that nothing explains."""
        theirs, ours = self.pair.ask(case)
        self.counts.cases += 1
        self.counts.requests += len(theirs.answers)
        self.counts.refused += bool(theirs.registration and ours.registration)
        for difference in differences(case.requests, theirs, ours):
            if explained(case, difference):
                self.counts.explained += 1
            else:
                yield difference

    def round(self, number: int, examples: int, is_over: Callable[[], bool]) -> tuple[Case, Difference] | None:
        """Return the smallest case with the first new difference among `examples` cases, None where there is none."""
        best: list[tuple[Case, Difference]] = []
        tried = 0

        def differing(case: Case) -> None:
            nonlocal tried
            tried += bool(best)
            if tried > self.shrinks or (not best and is_over()):
                raise Enough
            for difference in self.unexplained(case):
                wanted = {best[0][1].signature} if best else {difference.signature} - self.seen
                if difference.signature in wanted:
                    best.append((case, difference))
                    raise Differs

        usual = settings(
            max_examples=examples,
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate, Phase.shrink],
            report_multiple_bugs=False,
        )
        try:
            seed(number)(usual(given(programs())(differing)))()
        except (Differs, Enough):
            pass
        if not best:
            return None
        found = min(best, key=lambda one: len(str(one[0])))
        self.seen.add(found[1].signature)
        return found
