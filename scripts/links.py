"""Finds what is wrong with the links of a built site: targets that are not there, files fetched from elsewhere.

Reads the HTML as a browser would and knows nothing of what built it.
"""

from __future__ import annotations

from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

FETCHED = {"script": "src", "img": "src", "link": "href", "iframe": "src", "source": "src"}
"""Elements whose address a browser fetches by itself; `a` waits for a click."""
HINTS = {"canonical", "next", "prev", "edit"}  # links of the head that are followed by nobody, or by a click


class Page(HTMLParser):
    """The addresses that a page uses, and the anchors that it offers."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: set[str] = set()
        self.fetched: set[str] = set()
        self.anchors: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value for name, value in attrs if value}
        self.anchors.update(said[name] for name in ("id", "name") if name in said)
        if tag == "a" and "href" in said:
            self.links.add(said["href"])
        elif FETCHED.get(tag) in said and not (tag == "link" and said.get("rel") in HINTS):
            self.fetched.add(said[FETCHED[tag]])


def problems(site: Path) -> Iterator[str]:
    """Return one line for each link of the pages below `site` that leads nowhere or fetches from elsewhere."""
    pages = {path: Page(path.read_text(encoding="utf-8")) for path in sorted(site.rglob("*.html"))}
    for path, page in pages.items():
        name = path.relative_to(site).as_posix()
        for address in sorted(page.links | page.fetched):
            parts = urlsplit(address)
            if parts.scheme or parts.netloc:
                if address in page.fetched and parts.scheme != "data":
                    yield f"{name}: fetches {address}"
                continue
            target = _target(site, path, unquote(parts.path))
            if not target.is_file():
                yield f"{name}: {address} is not there"
            elif parts.fragment and target in pages and unquote(parts.fragment) not in pages[target].anchors:
                yield f"{name}: {address} names no place of that page"


def _target(site: Path, page: Path, path: str) -> Path:
    """Return the file that a server of static files would send."""
    if not path:
        return page
    found = site / path.lstrip("/") if path.startswith("/") else page.parent / path
    found = found.resolve()
    return found / "index.html" if found.is_dir() else found
