"""The benchmark's figures as they are shown on pages: rows in which a peer wins included."""

from pathlib import Path
from typing import Any

import pytest

from scripts.benchmark import pages
from scripts.benchmark.scenarios import SCENARIOS

MICROSECONDS = {
    ("hello", "fastapi"): 40.0,
    ("hello", "fastlayer"): 5.0,
    ("hello", "blacksheep"): 4.0,
    ("hello", "bare"): 1.0,
    ("rawlist", "fastapi"): 12_000.0,
    ("rawlist", "fastlayer"): 3_000.0,
}
CONTENT: dict[str, Any] = {
    "date": "2026-11-22T03:38:27+00:00",
    "machine": "Linux x86_64, 2 cores, CPython 3.11.7",
    "versions": {"fastapi": "0.165.0"},
    "rounds": 15,
    "scenarios": [
        {
            "scenario": scenario,
            "framework": framework,
            "microseconds": figure,
            "ratio": MICROSECONDS[scenario, "fastapi"] / figure,
            "calls": 1.0,
            "rounds": [figure],
        }
        for (scenario, framework), figure in MICROSECONDS.items()
    ],
    "http": [
        {
            "scenario": "hello",
            "tool": "wrk",
            "ratio": 3.0,
            "requests_per_second": {"fastapi": [1000], "fastlayer": [3000]},
        }
    ],
    "startup": [{"what": "import", "ratio": 0.4, "rounds": {"fastapi": [500.0], "fastlayer": [200.0]}}],
    "scaling": [{"framework": "fastlayer", "what": "routes", "size": 5000, "microseconds": 9.25, "calls": 30.4}],
}


def test_the_table_says_who_is_fastest_and_where_a_peer_wins() -> None:
    shown = pages.scenarios(CONTENT)
    assert "| `hello`: GET returning a dict | 40.0 | 5.0 | **4.0** | 1.0 | 8.0 |" in shown
    assert "| `rawlist`: 500 unannotated dicts | 12,000 | **3,000** | - | - | 4.0 |" in shown
    assert "A peer is faster than FastLayer in: `hello` (BlackSheep 1.25x)." in shown
    assert "Taken on 2026-11-22: Linux x86_64, 2 cores, CPython 3.11.7; 15 rounds." in shown
    assert "Geometric mean over the rows: 5.7 times FastAPI's speed." in shown


def test_the_front_page_gets_the_two_that_run_the_same_code() -> None:
    shown = pages.summary(CONTENT)
    assert "| GET returning a dict | 40.0 | 5.0 | **8.0x** |" in shown
    assert "BlackSheep" not in shown
    assert set(pages.IN_README) <= set(SCENARIOS)


def test_the_pages_have_a_place_for_everything(tmp_path: Path) -> None:
    page, readme = tmp_path / "page.md", tmp_path / "readme.md"
    page.write_text(pages.PAGE.read_text())
    readme.write_text(pages.README.read_text())

    pages.write(CONTENT, page, readme)
    once = page.read_text()
    pages.write(CONTENT, page, readme)

    assert page.read_text() == once
    for cell in ("| `hello` | 1,000 | 3,000 | 3.0 |", "| import, ms | 500.0 | 200.0 | 0.40 |", "| 5,000 routes |"):
        assert cell in once
    assert "(benchmarks.svg)" in once
    assert "**8.0x**" in readme.read_text()
    assert "## How to repeat it" in once


def test_a_page_without_a_place_is_an_error() -> None:
    with pytest.raises(ValueError, match="no place for 'http'"):
        pages.insert("# Benchmarks\n", "http", "| 1 |")
