"""A headless Chromium that reaches nothing but this machine, and the bookshop it looks at.

Set `FASTLAYER_SCREENSHOTS` to a folder to get a picture of each page as the tests left it.
"""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.support.ui import WebDriverWait

from fastlayer.openapi.assets import ASSETS
from tests.docs.servers import serving

SECONDS = 30  # in which something must show up; the first page of a cold browser takes a few


def why_not() -> str | None:
    """What is missing here for a look at the pages, if anything is."""
    missing = [name for name in ("chromium", "chromedriver") if not shutil.which(name)]
    if missing:
        return f"no {' and no '.join(missing)} here: ./scripts/test --browser installs them"
    if not all(asset.file for asset in ASSETS):
        return "the pages have no local files: ./scripts/vendor-docs-assets fetches them"
    return None


class Browser:
    """A window: what it shows, what it asked the network for, and how to wait for an element."""

    def __init__(self, driver: Any) -> None:
        self.driver = driver

    def open(self, url: str) -> None:
        self.driver.get(url)

    def wait_for(self, condition: Callable[[Any], Any]) -> Any:
        """What the condition answers as soon as that is true."""
        return WebDriverWait(self.driver, SECONDS, ignored_exceptions=[StaleElementReferenceException]).until(condition)

    def find(self, css: str) -> Any:
        """The first visible element, once there is one."""
        return self.wait_for(lambda driver: next(filter(shown, driver.find_elements("css selector", css)), None))

    def find_text(self, css: str, text: str) -> Any:
        """The first visible element that contains the text, once there is one."""

        def found(driver: Any) -> Any:
            elements = driver.find_elements("css selector", css)
            return next((one for one in elements if shown(one) and text in one.text), None)

        return self.wait_for(found)

    def click(self, element: Any) -> None:
        """Click it where it is, even if a bar that stays in place covers it."""
        self.driver.execute_script("arguments[0].scrollIntoView({block: 'center'}); arguments[0].click()", element)

    def requested(self) -> list[str]:
        """The URLs asked for since the last call; what stands in the page itself (`data:`, `blob:`) is none."""
        entries = [json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance")]
        sent = [one["params"]["request"]["url"] for one in entries if one["method"] == "Network.requestWillBeSent"]
        return [url for url in sent if not url.startswith(("data:", "blob:"))]

    def errors(self) -> list[str]:
        """What the page's console calls severe."""
        return [entry["message"] for entry in self.driver.get_log("browser") if entry["level"] == "SEVERE"]

    def picture(self, name: str) -> None:
        if folder := os.environ.get("FASTLAYER_SCREENSHOTS"):
            Path(folder).mkdir(parents=True, exist_ok=True)
            self.driver.save_screenshot(str(Path(folder) / f"{name}.png"))


def shown(element: Any) -> bool:
    return bool(element.is_displayed())


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """One browser process for all tests."""
    if reason := why_not():
        pytest.skip(reason)
    options = webdriver.ChromeOptions()
    options.binary_location = str(shutil.which("chromium"))
    for argument in (
        "--headless=new",
        "--no-sandbox",  # its sandbox needs what containers and root do not have
        "--disable-dev-shm-usage",
        "--disable-background-networking",
        "--window-size=1280,1400",
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    ):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))
    yield driver
    driver.quit()


@pytest.fixture
def browser(chromium: Any) -> Browser:
    """The browser with an empty page and nothing remembered of the network."""
    chromium.get("about:blank")
    window = Browser(chromium)
    window.requested()
    window.errors()
    return window


@pytest.fixture(scope="session")
def bookshop(chromium: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a running bookshop of our own; not started where no browser would look at it."""
    folder = tmp_path_factory.mktemp("shop")
    settings = {"BOOKSHOP_DATABASE": str(folder / "shop.db"), "BOOKSHOP_RECEIPTS": str(folder / "receipts")}
    with serving("docs_src.bookshop.main:app", settings) as address:
        yield address
