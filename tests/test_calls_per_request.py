"""Python calls per request, the deterministic half of the benchmark: the numbers on file may only fall."""

import json
import subprocess
import sys

import pytest

from scripts.benchmark import calls
from scripts.benchmark.scenarios import SCENARIOS
from tests.package_source import ROOT

_RECORDED = calls.recorded()
_NOISE = 0.01
# Whether a result is there before it is awaited is up to the scheduler; a saved hop between threads or tasks is more.
_NOISE_OF_HOPS = 0.1
_HOPPING = {"sync", "deps_sync", "upload", "middleware", "sse"}
# Calls of the standard library's own, which are not the same in every version; the numbers are those of one.
_OTHER_LIBRARY = 2
# By how much a number may have fallen before the file is called stale: with other libraries there are fewer calls.
_STALE = 0.03
_IS_RECORDED_PYTHON = _RECORDED["python"] == f"{sys.version_info.major}.{sys.version_info.minor}"
_REMEDY = "`scripts/bench --record-calls` writes the numbers anew"


@pytest.fixture(scope="module")
def counted() -> dict[str, float]:
    """The numbers of a process of its own: in one that imported the OpenTelemetry SDK, every application is traced."""
    code = (
        "import json, uvloop, warnings; warnings.simplefilter('ignore');"
        "from scripts.benchmark import calls; print(json.dumps(uvloop.run(calls.count_all())))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr
    numbers: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return numbers


def test_every_scenario_has_a_number() -> None:
    assert set(_RECORDED["calls"]) == set(SCENARIOS), _REMEDY


@pytest.mark.parametrize("scenario", _RECORDED["calls"])
def test_a_request_makes_no_more_calls_than_recorded(scenario: str, counted: dict[str, float]) -> None:
    most = _RECORDED["calls"][scenario]
    found = counted[scenario]
    slack = max(0.5, most * (_NOISE_OF_HOPS if scenario in _HOPPING else _NOISE))
    more = slack if _IS_RECORDED_PYTHON else max(slack, _OTHER_LIBRARY)
    assert found <= most + more, f"{scenario}: {found:g} Python calls per request, {most:g} on file; they may only fall"
    if _IS_RECORDED_PYTHON:
        assert found >= most - max(slack, most * _STALE), (
            f"{scenario}: only {found:g} calls, {most:g} on file; lower it: {_REMEDY}"
        )
