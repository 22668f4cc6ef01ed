"""Path templates: what cannot work is refused with the path it stands in."""

import pytest

from fastlayer import FastLayer
from fastlayer.exceptions import FastLayerError
from fastlayer.paths import parse_path


def endpoint() -> None:
    """Never called: these tests look at the paths."""


@pytest.mark.parametrize("path", ["/{id}/{id}", "/{id}/x/{id:int}", "/{id}-{id}"])
def test_a_parameter_that_stands_twice_is_refused(path: str) -> None:
    with pytest.raises(FastLayerError, match="Duplicated param name id at path") as failure:
        FastLayer().get(path)(endpoint)
    assert path in str(failure.value)
    assert isinstance(failure.value, ValueError)  # what Starlette raises


def test_an_unknown_convertor_is_refused_with_those_that_are_known() -> None:
    with pytest.raises(FastLayerError, match=r"'number' in '/{id:number}'.*float, int, path, str, uuid"):
        FastLayer().get("/{id:number}")(endpoint)


@pytest.mark.parametrize(
    ("path", "literals", "is_simple"),
    [
        ("/a/b", 3, True),
        ("/a/{id}", 3, True),
        ("/a/{rest:path}", 2, False),
        ("/a/v{id}/b", 2, False),
    ],
)
def test_a_path_is_taken_apart_as_far_as_segments_are_literals_or_one_parameter(
    path: str, literals: int, *, is_simple: bool
) -> None:
    template = parse_path(path)
    assert (len(template.segments), template.is_simple) == (literals, is_simple)
