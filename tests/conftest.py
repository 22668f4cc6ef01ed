"""What every test may use. Async tests (marked `anyio`) run once on asyncio and once on trio."""

from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any

import pytest

from fastlayer.openapi import utils
from fastlayer.openapi.versions import document_for_version

MAY_VALIDATE = find_spec("openapi_spec_validator") is not None  # not where only tests/ecosystem runs


@pytest.fixture(scope="session", params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    return str(request.param)


# The browser tests import what drives one; without it they are left out, and the report's head says so.
collect_ignore = [] if find_spec("selenium") else ["browser"]


def pytest_report_header() -> list[str]:
    return ["tests/browser: left out, no selenium; ./scripts/test --browser installs it"] if collect_ignore else []


@pytest.fixture(autouse=MAY_VALIDATE)
def documents_are_valid(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every document that a test has written is valid in its version, unless the test says `invalid_document(why)`."""
    documents: list[dict[str, Any]] = []

    def remember(document: dict[str, Any], version: str) -> dict[str, Any]:
        documents.append(document_for_version(document, version))
        return documents[-1]

    monkeypatch.setattr(utils, "document_for_version", remember)
    yield
    if request.node.get_closest_marker("invalid_document") is None:
        for document in documents:
            validate(document)


def validate(document: dict[str, Any]) -> None:
    from openapi_spec_validator import OpenAPIV30SpecValidator, OpenAPIV31SpecValidator, OpenAPIV32SpecValidator

    version = document["openapi"]
    if version == "3.1.0":  # keeps what only 3.2 knows, as FastAPI's documents do
        document = document_for_version(document, "3.1.1")
    validators = {"3.0": OpenAPIV30SpecValidator, "3.1": OpenAPIV31SpecValidator, "3.2": OpenAPIV32SpecValidator}
    if validator := validators.get(version[:3]):
        validator(document).validate()
