"""The markers: every keyword, wrong ones, deprecated ones, and what they hand on to Pydantic."""

import re
import warnings
from dataclasses import replace
from typing import Any

import pytest
from pydantic import AliasChoices

from fastlayer import Body, Cookie, Depends, File, Form, Header, Path, Query, Security, params
from fastlayer.exceptions import FastLayerDeprecationWarning

MARKERS: list[Any] = [Path, Query, Header, Cookie, Body, Form, File]
EVERYTHING: dict[str, Any] = {
    "alias": "a",
    "alias_priority": 2,
    "validation_alias": AliasChoices("b", "c"),
    "serialization_alias": "d",
    "title": "t",
    "description": "d",
    "gt": 1,
    "ge": 1,
    "lt": 9,
    "le": 9,
    "min_length": 1,
    "max_length": 9,
    "pattern": re.compile("x"),
    "discriminator": "kind",
    "strict": True,
    "multiple_of": 2,
    "allow_inf_nan": False,
    "max_digits": 3,
    "decimal_places": 1,
    "union_mode": "smart",
    "fail_fast": True,
    "validate_default": True,
    "examples": [1],
    "openapi_examples": {"one": {"value": 1}},
    "deprecated": True,
    "include_in_schema": False,
    "json_schema_extra": {"x": 1},
}


@pytest.mark.parametrize("marker", MARKERS)
def test_markers_take_every_keyword(marker: Any) -> None:
    made = marker(**EVERYTHING)
    for name in ("alias", "validation_alias", "serialization_alias", "title", "examples", "validate_default"):
        assert getattr(made, name) == EVERYTHING[name]
    assert made.include_in_schema is False
    assert made.openapi_examples == EVERYTHING["openapi_examples"]


@pytest.mark.parametrize("marker", MARKERS)
def test_a_wrong_keyword_is_an_error_with_a_suggestion(marker: Any) -> None:
    with pytest.raises(TypeError, match=f"{marker.__name__}.*'min_lenght'.*Did you mean 'min_length'"):
        marker(min_lenght=1)
    with pytest.raises(TypeError, match=r"'zzz'.*It takes: alias"):
        marker(zzz=1)


@pytest.mark.parametrize(
    ("marker", "name"),
    [(Query, "embed"), (Header, "media_type"), (Cookie, "convert_underscores"), (Form, "embed"), (File, "embed")],
)
def test_keywords_of_other_markers_are_wrong(marker: Any, name: str) -> None:
    with pytest.raises(TypeError, match=name):
        marker(**{name: True})


@pytest.mark.parametrize("marker", MARKERS)
@pytest.mark.parametrize(("name", "remedy"), [("regex", "pattern"), ("example", "examples")])
def test_deprecated_keywords_warn_at_the_line_that_uses_them(marker: Any, name: str, remedy: str) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        made = marker(**{name: "x"})
    (warning,) = caught
    assert warning.category is FastLayerDeprecationWarning
    assert remedy in str(warning.message)
    assert warning.filename == __file__
    if name == "regex":
        assert [one.pattern for one in made.metadata] == ["x"]


@pytest.mark.parametrize("marker", [Query, Header, Cookie, Body, Form, File])
def test_the_first_argument_is_the_default(marker: Any) -> None:
    assert marker(3).default == 3
    assert marker(None).default is None
    assert marker().is_required()
    assert marker(default_factory=list).get_default(call_default_factory=True) == []


def test_a_path_parameter_has_no_default() -> None:
    for attempt in (lambda: Path(3), lambda: Path(default_factory=list)):
        with pytest.raises(AssertionError, match="cannot have a default"):
            attempt()


def test_an_alias_is_read_and_written_unless_one_of_them_is_said() -> None:
    assert (Query(alias="a").validation_alias, Query(alias="a").serialization_alias) == ("a", "a")
    assert Query(alias="a", validation_alias="b").validation_alias == "b"


def test_media_types_and_places() -> None:
    assert [Body().media_type, Form().media_type, File().media_type] == [
        "application/json",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
    ]
    assert [marker.in_.value for marker in (params.Path, params.Query, params.Header, params.Cookie)] == [
        "path",
        "query",
        "header",
        "cookie",
    ]
    assert Header().convert_underscores is True
    assert Body().embed is None


def test_dependencies_are_values() -> None:
    assert Depends(len) == Depends(len)
    assert hash(Depends(len)) == hash(Depends(len))
    assert Security(len, scopes=["a"]) != Security(len, scopes=["b"])
    assert len({Security(len, scopes=["a"]), Security(len, scopes=["a"])}) == 1


def test_a_replaced_declaration_shares_its_limit_until_the_limit_changes() -> None:
    limited = Depends(len, max_concurrency=2)
    assert limited.concurrency is not None
    assert replace(limited, use_cache=False).concurrency is limited.concurrency
    wider = replace(limited, max_concurrency=3)
    assert wider.concurrency is not None
    assert wider.concurrency is not limited.concurrency
    assert wider.concurrency.limit == 3
    assert replace(limited, max_concurrency=None).concurrency is None
