"""Limits a user may set, checked when they are set."""

from typing import Any

import pytest

from fastlayer import FastLayer
from fastlayer.limits import ConcurrencyLimit, checked_body_size, checked_form_limits


@pytest.mark.parametrize("limit", [None, 0, 1, 10**12])
def test_a_body_size_is_a_number_of_bytes_or_none(limit: Any) -> None:
    assert checked_body_size(limit) == limit


@pytest.mark.parametrize("limit", [-1, True, 1.5, "1"])
def test_other_body_sizes_are_refused(limit: Any) -> None:
    with pytest.raises(ValueError, match="max_body_size"):
        checked_body_size(limit)
    with pytest.raises(ValueError, match="max_body_size"):
        FastLayer(max_body_size=limit)


def test_form_limits_are_copied() -> None:
    given = {"max_fields": 1, "max_files": 0, "max_part_size": 5}
    checked = checked_form_limits(given)
    assert checked == given
    assert checked is not given
    assert checked_form_limits(None) == {}


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        ({"max_parts": 1}, "max_fields, max_files, max_part_size"),
        ({"max_files": -1}, "-1"),
        ({"max_fields": True}, "True"),
    ],
)
def test_other_form_limits_are_refused(limits: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        checked_form_limits(limits)


@pytest.mark.parametrize("limit", [0, -1, True, 1.5])
def test_a_concurrency_limit_is_a_positive_number(limit: Any) -> None:
    with pytest.raises(ValueError, match="max_concurrency"):
        ConcurrencyLimit(limit)


@pytest.mark.anyio
async def test_a_concurrency_limit_belongs_to_the_running_loop() -> None:
    limit = ConcurrencyLimit(2)
    assert limit.get_semaphore() is limit.get_semaphore()
    assert limit.get_semaphore().value == 2
