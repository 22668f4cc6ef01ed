"""The pages under a strict Content-Security-Policy: no script and no style without the nonce, and they still work."""

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


@pytest.fixture(autouse=True)
def nothing_refused(browser: Browser, strict: str) -> Iterator[None]:
    """The browser refuses nothing: it would say so on the console."""
    yield
    assert browser.errors() == []


def test_swagger_ui_passes_the_policy(browser: Browser, strict: str) -> None:
    browser.open(f"{strict}/docs")
    browser.find_text("h1.title", "Strict")
    operation = "#operations-default-hello_hello_get"
    browser.click(browser.find(f"{operation} .opblock-summary-control"))
    browser.click(browser.find(f"{operation} .try-out__btn"))
    browser.click(browser.find(f"{operation} .execute"))
    browser.find_text(f"{operation} .live-responses-table tbody td.response-col_status", "200")
    browser.picture("strict-docs")


def test_redoc_passes_the_policy(browser: Browser, strict: str) -> None:
    browser.open(f"{strict}/redoc")
    browser.find_text("h1", "Strict")
    browser.find_text("h1, h2, h3", "Hello")
    browser.find_text("body", "/hello")
    browser.picture("strict-redoc")


def test_scalar_passes_the_policy(browser: Browser, strict: str) -> None:
    browser.open(f"{strict}/scalar")
    browser.find_text("h1", "Strict")
    browser.click(browser.find_text("button", "Test Request"))
    browser.click(browser.find_text("[role=dialog] button, .scalar-client button", "Send"))
    browser.find_text("[role=dialog], .scalar-client", "200 OK")
    browser.picture("strict-scalar")


def test_styles_added_at_run_time_have_an_effect(browser: Browser, strict: str) -> None:
    browser.open(f"{strict}/redoc")
    browser.find_text("h1", "Strict")
    widths = browser.driver.execute_script(
        """
        const shown = (add) => { const box = document.createElement("div"); document.body.append(box); add(box);
            const {width} = getComputedStyle(box); box.remove(); return width; };
        const style = document.createElement("style");
        style.textContent = ".added { width: 11px }";
        document.head.append(style);
        return [
            shown((box) => { box.className = "added"; }),
            shown((box) => { box.setAttribute("style", "width: 12px"); }),
            shown((box) => { box.innerHTML = '<p style="width: 13px">style="x"</p>';
                box.style.width = getComputedStyle(box.firstChild).width; }),
            shown((box) => { box.innerHTML = null; box.style.width = box.textContent === "" ? "14px" : "0"; }),
        ];
        """
    )
    assert widths == ["11px", "12px", "13px", "14px"]
