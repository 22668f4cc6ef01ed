"""`./scripts/differential`: it finds a difference, makes it small, is quiet without one, and explains what it hides."""

import re
import subprocess
from pathlib import Path

import pytest

from scripts.differences.cases import Answer, Case, Outcome, Sent
from scripts.differences.compare import differences, json_differences
from scripts.differences.explained import EXPLANATIONS
from scripts.differences.pair import Pair
from scripts.differences.search import Search
from scripts.differences.worker import show
from tests.package_source import ROOT

OURS = "fastlayer:install_as_fastapi"
REAL = ROOT / ".venv-differential" / "bin" / "python"


def forever() -> bool:
    return False


def test_a_planted_difference_is_found_once_and_made_small() -> None:
    with Pair((OURS, "tests.planted_difference:install")) as pair:
        search = Search(pair, shrinks=60)
        found = search.round(1, 300, forever)
        assert found is not None
        case, difference = found
        again = list(search.unexplained(case))
        cases = search.counts.cases
        assert search.round(1, 20, forever) is None  # each sort of difference is reported once

    assert (difference.place, difference.theirs, difference.ours) == ("status", "422", "400")
    assert "status" in {one.place for one in again}
    assert case.source.count("@app.") + case.source.count("@outer.") + case.source.count("@inner.") <= 3
    assert search.counts.cases > cases


def test_a_framework_does_not_differ_from_itself() -> None:
    with Pair((OURS, OURS)) as pair:
        search = Search(pair)
        assert search.round(1, 30, forever) is None
    assert search.counts.cases >= 30
    assert search.counts.requests > 15
    assert search.counts.explained == 0


@pytest.mark.skipif(
    not REAL.exists(), reason="./scripts/differential makes the environment with FastAPI on its first run"
)
def test_fastlayer_does_not_differ_from_fastapi_in_a_few_programs() -> None:
    command = [str(REAL), "-m", "scripts.differences", "--examples", "60", "--seed", "1"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


def test_every_explanation_stands_in_the_documentation() -> None:
    text = re.sub(r"\s+", " ", Path(ROOT / "docs" / "differences.md").read_text())
    assert [explanation.words for explanation in EXPLANATIONS if explanation.words not in text] == []


@pytest.mark.parametrize(
    ("theirs", "ours", "places"),
    [
        ({"a": [1, {"b": 2}]}, {"a": [1, {"b": 3}]}, [("a", 1, "b")]),
        ({"a": 1}, {"a": 1.0}, [("a",)]),
        ({"a": 1}, {"a": True}, [("a",)]),
        ({"a": 1}, {"b": 1}, [("a",), ("b",)]),
        ([1, 2], [1], [()]),
        ({"a": float("nan")}, {"a": float("nan")}, []),
        ({"a": [1], "b": 2}, {"b": 2, "a": [1]}, []),
    ],
)
def test_json_values_are_compared_place_by_place_and_type_by_type(theirs: object, ours: object, places: object) -> None:
    assert [path for path, _, _ in json_differences(theirs, ours)] == places


def outcome(**changes: object) -> Outcome:
    answer = {"status": 200, "headers": (("x", "1"),), "body": b"a", "raised": None, "log": ("sent",)}
    return Outcome(document={"a": 1}, answers=(Answer(**{**answer, **changes}),))  # type: ignore[arg-type]  # a table


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"status": 201}, "status"),
        ({"raised": "ValueError"}, "status"),
        ({"headers": (("x", "2"),)}, "header"),
        ({"headers": (("x", "1"), ("x", "1"))}, "header"),
        ({"headers": ()}, "header"),
        ({"body": b"b"}, "body"),
        ({"log": ("sent", "task")}, "log"),
    ],
)
def test_every_part_of_an_answer_is_compared(changes: dict[str, object], place: str) -> None:
    sent = Sent("GET", "/")
    assert list(differences((sent,), outcome(), outcome())) == []
    assert [one.place for one in differences((sent,), outcome(), outcome(**changes))] == [place]


def test_a_mistake_at_registration_differs_only_where_one_of_the_two_sees_none() -> None:
    assert list(differences((), Outcome(registration="A", message="x"), Outcome(registration="B", message="y"))) == []
    (found,) = differences((), Outcome(registration="A", message="x"), Outcome())
    assert found.place == "registration"


def test_documents_and_what_prevents_them_are_compared() -> None:
    (found,) = differences((), Outcome(document={"a": 1}), Outcome(document={"a": 2}))
    assert (found.place, found.path) == ("document", ("a",))
    (found,) = differences((), Outcome(document={"a": 1}), Outcome(document_error="KeyError"))
    assert found.place == "document error"


def test_a_case_is_printed_as_a_program_with_its_requests() -> None:
    text = str(Case("app = 1\n", (Sent("GET", "/a", "b=1", (("x", "y"),), (b"body",)),)))
    assert text == "app = 1\n\n# request 0\n#   GET\n    /a?b=1\n    x: y\n    b'body'"


def test_values_are_shown_with_their_types() -> None:
    shown = show({"a": 1, "b": [True, None], "c": {2, 1}, "d": "\ud800"})
    assert shown == {
        "a": "int: 1",
        "b": ["list", "bool: True", "NoneType: None"],
        "c": ["set", "1", "2"],
        "d": "str: '\\ud800'",
    }
