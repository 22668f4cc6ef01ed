"""The three documentation pages of the bookshop: all their parts come from here, and they do what they are for."""

from collections.abc import Iterator

import pytest

from .conftest import Browser

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]


@pytest.fixture(autouse=True)
def nothing_from_elsewhere(browser: Browser, bookshop: str) -> Iterator[None]:
    """No page asks another host for anything, and none has an error on its console."""
    yield
    requested = browser.requested()
    assert f"{bookshop}/openapi.json" in requested
    assert [url for url in requested if not url.startswith(f"{bookshop}/")] == []
    assert browser.errors() == []


def test_swagger_ui_logs_in_and_sends_a_request(browser: Browser, bookshop: str) -> None:
    browser.open(f"{bookshop}/docs")
    browser.find_text("h1.title", "Bookshop")
    browser.picture("swagger-ui")

    browser.click(browser.find("button.authorize"))
    browser.find("#oauth_username").send_keys("admin")
    browser.find("#oauth_password").send_keys("wonderland")
    browser.picture("swagger-ui-authorize")
    browser.click(browser.find(".auth-btn-wrapper button.authorize"))
    browser.find_text(".auth-btn-wrapper button", "Logout")
    browser.click(browser.find("button.btn-done"))

    operation = "#operations-orders-place_order"
    browser.click(browser.find(f"{operation} .opblock-summary-control"))
    browser.click(browser.find(f"{operation} .try-out__btn"))
    browser.click(browser.find(f"{operation} .execute"))
    browser.find_text(f"{operation} .live-responses-table tbody td.response-col_status", "201")
    browser.find_text(f"{operation} .live-responses-table tbody", "total_cents")
    browser.picture("swagger-ui-answer")


def test_redoc_shows_an_operation(browser: Browser, bookshop: str) -> None:
    browser.open(f"{bookshop}/redoc")
    browser.find_text("h1", "Bookshop")
    browser.picture("redoc")
    browser.click(browser.find_text("a", "/books/{book_id}"))
    browser.find_text("h1, h2, h3", "Get Book")
    browser.picture("redoc-operation")
    # What would send usage data, some time later, registers itself here.
    assert browser.driver.execute_script('return window[Symbol.for("opentelemetry.js.api.1")] ?? null') is None


def test_scalar_sends_a_request(browser: Browser, bookshop: str) -> None:
    browser.open(f"{bookshop}/scalar")
    browser.find_text("h1", "Bookshop")
    browser.picture("scalar")
    browser.click(browser.find_text("button", "Test Request"))
    browser.click(browser.find_text("[role=dialog] button, .scalar-client button", "Send"))
    browser.find_text("[role=dialog], .scalar-client", "200 OK")
    browser.picture("scalar-answer")
