"""The HTML of the pages: what they hold, and that no value breaks out of its place."""

import re
from html.parser import HTMLParser
from typing import Any

import pytest

from fastlayer.openapi.assets import ASSETS
from fastlayer.openapi.docs import (
    get_redoc_html,
    get_scalar_html,
    get_swagger_ui_html,
    get_swagger_ui_oauth2_redirect_html,
)

EVIL = """</script><script>alert(1)</script><!--"'&\u2028\\"""


class Page(HTMLParser):
    """The elements with their attributes, and the text of scripts and titles."""

    def __init__(self, response: Any) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text: dict[str, str] = {}
        self.feed(bytes(response.body).decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if data.strip():
            tag = self.elements[-1][0]
            self.text[tag] = self.text.get(tag, "") + data

    def urls(self) -> list[str]:
        values = [attributes.get("src") or attributes.get("href") for _, attributes in self.elements]
        return [value for value in values if value]

    def count(self, tag: str) -> int:
        return sum(name == tag for name, _ in self.elements)


def pages(**options: Any) -> dict[str, Page]:
    url, title = options.pop("openapi_url", "/openapi.json"), options.pop("title", "Shop")
    return {
        "swagger": Page(get_swagger_ui_html(openapi_url=url, title=title, **options)),
        "redoc": Page(get_redoc_html(openapi_url=url, title=title, with_google_fonts=False, **options)),
        "scalar": Page(get_scalar_html(openapi_url=url, title=title, **options)),
    }


@pytest.mark.parametrize("name", ["swagger", "redoc", "scalar"])
def test_no_value_breaks_out_of_its_place(name: str) -> None:
    harmless = pages(nonce="n0nce")[name]
    page = pages(openapi_url=EVIL, title=EVIL, nonce=EVIL)[name]
    assert page.count("script") == harmless.count("script")
    assert page.text["title"] == EVIL
    assert len(page.elements) == len(harmless.elements)


def test_no_oauth_setting_or_asset_url_breaks_out() -> None:
    response = get_swagger_ui_html(
        openapi_url="/o",
        title="t",
        oauth2_redirect_url=EVIL,
        init_oauth={EVIL: EVIL},
        swagger_ui_parameters={EVIL: EVIL},
        swagger_js_url=EVIL,
        swagger_css_url=EVIL,
        swagger_favicon_url=EVIL,
    )
    page = Page(response)
    assert page.count("script") == 2
    assert page.urls().count(EVIL) == 3
    script = page.text["script"]
    assert not re.search("[<>&\u2028]", script)
    assert script.count("alert(1)") == 5


@pytest.mark.parametrize("name", ["swagger", "redoc", "scalar"])
def test_scripts_and_styles_are_pinned_and_nothing_else_is_loaded(name: str) -> None:
    page = pages()[name]
    pinned = {asset.cdn_url: asset.integrity for asset in ASSETS}
    loaded = [
        (attributes["src" if tag == "script" else "href"], attributes)
        for tag, attributes in page.elements
        if "src" in attributes or attributes.get("rel") == "stylesheet"
    ]
    assert loaded
    for url, attributes in loaded:
        assert attributes["integrity"] == pinned[url or ""]
        assert attributes["crossorigin"] == "anonymous"
    assert all(url in pinned or url.startswith("data:") for url in page.urls())


def test_no_page_sends_its_makers_usage_data() -> None:
    assert ("redoc", {"spec-url": "/openapi.json", "disable-telemetry": "true"}) in pages()["redoc"].elements
    assert '"telemetry": false' in pages()["scalar"].text["script"]


@pytest.mark.parametrize("name", ["swagger", "redoc", "scalar"])
def test_every_script_carries_the_nonce(name: str) -> None:
    scripts = [attributes for tag, attributes in pages(nonce="n0nce")[name].elements if tag == "script"]
    assert scripts
    assert all(attributes["nonce"] == "n0nce" for attributes in scripts)
    assert not any("nonce" in attributes for _, attributes in pages()[name].elements)


@pytest.mark.parametrize("name", ["swagger", "redoc", "scalar"])
def test_with_a_nonce_styles_added_at_run_time_carry_it(name: str) -> None:
    page = pages(nonce="n0nce")[name]
    assert ("meta", {"property": "csp-nonce", "content": "n0nce"}) in page.elements
    assert "element.nonce = nonce" in page.text["script"]
    first = [tag for tag, _ in page.elements if tag in {"script", "style", "link"}]
    assert first[:2] == ["link", "script"], "nothing but the icon comes before the script that sees to it"
    assert "element.nonce" not in pages()[name].text["script"]


def test_swagger_ui_gets_its_settings_as_json() -> None:
    script = Page(
        get_swagger_ui_html(
            openapi_url="/api/openapi.json",
            title="t",
            oauth2_redirect_url="/docs/redirect",
            swagger_ui_parameters={"deepLinking": False, "syntaxHighlight": {"theme": "obsidian"}},
            init_oauth={"clientId": "me"},
        )
    ).text["script"]
    assert "url: '/api/openapi.json'," in script
    assert '"deepLinking": false,' in script
    assert '"deepLinking": true' not in script
    assert '"syntaxHighlight": {"theme": "obsidian"},' in script
    assert "oauth2RedirectUrl: window.location.origin + '/docs/redirect'," in script
    assert 'ui.initOAuth({"clientId": "me"})' in script


def test_redoc_loads_the_pinned_script_as_a_module_and_others_as_told() -> None:
    def kind(**options: Any) -> str | None:
        page = Page(get_redoc_html(openapi_url="/o", title="t", **options))
        return next(attributes.get("type") for _, attributes in page.elements if attributes.get("src"))

    assert kind() == "module"
    assert kind(redoc_js_url="/static/redoc.standalone.js") is None
    assert kind(redoc_js_url="/static/redoc.js", redoc_js_module=True) == "module"


def test_the_redirect_page_hands_over_to_swagger_ui_and_closes() -> None:
    script = Page(get_swagger_ui_oauth2_redirect_html()).text["script"]
    assert "window.opener.swaggerUIRedirectOauth2" in script
    assert "window.close()" in script
