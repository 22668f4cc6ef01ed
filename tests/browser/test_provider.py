"""Swagger UI logs in at a provider that insists on PKCE."""

import pytest

from tests.docs.servers import serving

from .conftest import Browser

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]


def test_swagger_ui_logs_in_at_a_provider_with_pkce(browser: Browser) -> None:
    with serving("tests.docs.provider:site", {"PROVIDER": "/login"}) as address:
        browser.open(f"{address}/docs")
        browser.click(browser.find("button.authorize"))
        # Opens a window, which the provider sends back to the redirect page with a code, and which then closes.
        browser.click(browser.find(".auth-btn-wrapper button.authorize"))
        browser.find_text(".auth-btn-wrapper button", "Logout")
        browser.picture("swagger-ui-provider")
        browser.click(browser.find("button.btn-done"))

        browser.click(browser.find(".opblock-get .opblock-summary-control"))
        browser.click(browser.find(".opblock-get .try-out__btn"))
        browser.click(browser.find(".opblock-get .execute"))
        browser.find_text(".opblock-get .live-responses-table tbody", "Ada's sencha")
        assert browser.errors() == []
