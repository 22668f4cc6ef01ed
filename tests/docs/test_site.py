"""The documentation site, without building it: navigation, links and what is included. `./scripts/docs` builds it."""

import importlib
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

import fastlayer
from fastlayer import security

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted(path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md"))


def leaves(node: Any) -> Iterator[str]:
    if isinstance(node, str):
        yield node
    else:
        for one in node.values() if isinstance(node, dict) else node:
            yield from leaves(one)


def anchors(page: Path) -> set[str]:
    """The names of a page's headings, as the site makes them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), flags=re.MULTILINE)
    return {re.sub(r"[\s-]+", "-", re.sub(r"[^\w\s-]", "", heading).strip().lower()) for heading in headings}


def test_every_page_is_in_the_navigation_once() -> None:
    navigation = yaml.safe_load((ROOT / "mkdocs.yml").read_text())["nav"]
    assert sorted(leaves(navigation)) == PAGES


@pytest.mark.parametrize("page", PAGES)
def test_the_links_of_a_page_lead_somewhere(page: str) -> None:
    text = re.sub(r"^```.*?^```", "", (DOCS / page).read_text(), flags=re.MULTILINE | re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        file = (DOCS / page).parent / name if name else DOCS / page
        assert file.is_file(), target
        assert not anchor or anchor in anchors(file), target


@pytest.mark.parametrize("page", PAGES)
def test_what_a_page_includes_is_there(page: str) -> None:
    text = (DOCS / page).read_text()
    assert "8 <" not in text  # what a formatter of code makes of it
    for name in re.findall(r'--8<-- "([^":]+)', text):
        assert (ROOT / "docs_src" / name).is_file() or (ROOT / name).is_file(), name


@pytest.mark.parametrize("page", ["README.md", "SECURITY.md"])
def test_the_links_of_the_front_pages_lead_somewhere(page: str) -> None:
    targets = re.findall(r"\]\(([^)\s#:]+)\)", (ROOT / page).read_text())
    assert targets
    assert [target for target in targets if not (ROOT / target).exists()] == []


def described() -> set[str]:
    """The names that the reference pages describe, from docstrings."""
    names = set()
    for page in (DOCS / "reference").glob("*.md"):
        text = page.read_text()
        names |= {target.rpartition(".")[2] for target in re.findall(r"^::: (\S+)", text, flags=re.MULTILINE)}
        names |= {name for members in re.findall(r"members: \[(.*?)\]", text) for name in members.split(", ")}
    return names


def exported(module: ModuleType) -> set[str]:
    """The names that a package's `__init__.py` gives on."""
    assert module.__file__ is not None
    return set(re.findall(r"^from .* import \w+ as (\w+)", Path(module.__file__).read_text(), flags=re.MULTILINE))


def test_every_public_name_is_in_the_reference() -> None:
    of_starlette = {"Request", "Response", "WebSocket", "WebSocketDisconnect", "status"}
    assert exported(fastlayer) - of_starlette - described() == {"__version__"}
    assert exported(security) - described() == set()


def test_what_the_reference_describes_has_a_docstring() -> None:
    for page in (DOCS / "reference").glob("*.md"):
        for target in re.findall(r"^::: (\S+)", page.read_text(), flags=re.MULTILINE):
            module, _, name = target.rpartition(".")
            found = getattr(importlib.import_module(module), name)
            assert found.__doc__, target
