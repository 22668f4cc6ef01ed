"""Python calls per request, the deterministic half of the benchmark: the numbers on file may only fall."""

import sys

import pytest
import uvloop

from scripts.benchmark import calls
from scripts.benchmark.scenarios import SCENARIOS

_RECORDED = calls.recorded()
_NOISE = 0.01
# Whether a result is there before it is awaited is up to the scheduler; a saved hop between threads or tasks is more.
_NOISE_OF_HOPS = 0.1
_HOPPING = {"sync", "deps_sync", "upload", "middleware", "sse"}
_REMEDY = "`scripts/bench --record-calls` writes the numbers anew"


def test_every_scenario_has_a_number() -> None:
    assert set(_RECORDED["calls"]) == set(SCENARIOS), _REMEDY


@pytest.mark.filterwarnings("ignore:ORJSONResponse")  # deprecated, and a scenario all the same
@pytest.mark.parametrize("scenario", _RECORDED["calls"])
def test_a_request_makes_no_more_calls_than_recorded(scenario: str) -> None:
    most = _RECORDED["calls"][scenario]
    counted = uvloop.run(calls.count(scenario))
    slack = max(0.5, most * (_NOISE_OF_HOPS if scenario in _HOPPING else _NOISE))
    assert counted <= most + slack, (
        f"{scenario}: {counted:g} Python calls per request, {most:g} on file; they may only fall"
    )
    if _RECORDED["python"] == f"{sys.version_info.major}.{sys.version_info.minor}":
        assert counted >= most - slack, f"{scenario}: only {counted:g} calls, {most:g} on file; lower it: {_REMEDY}"
