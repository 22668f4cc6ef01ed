"""The pages under a strict Content-Security-Policy."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.docs.servers import serving

from .conftest import Browser

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]


@pytest.fixture(scope="module")
def strict(chromium: Any) -> Iterator[str]:
    with serving("tests.browser.strict:app", {}) as address:
        yield address


@pytest.mark.parametrize(("page", "title"), [("docs", "h1.title"), ("redoc", "h1"), ("scalar", "h1")])
def test_a_nonce_lets_the_page_pass_the_policy(browser: Browser, strict: str, page: str, title: str) -> None:
    browser.open(f"{strict}/{page}")
    browser.find_text(title, "Strict")
    browser.find_text("body", "/hello")
    browser.picture(f"strict-{page}")
    assert browser.errors() == []
