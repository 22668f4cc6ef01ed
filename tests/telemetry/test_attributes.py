"""What a server's span says of the address that was asked, whatever the client or the server left out."""

from typing import Any

import pytest

from fastlayer.telemetry.attributes import http_attributes
from tests.in_memory import http_scope


def address(host: str | None = None, **more: Any) -> tuple[Any, Any]:
    headers = {} if host is None else {"host": host}
    found = http_attributes(http_scope("GET", "/", headers=headers, more=more))
    return found.get("server.address"), found.get("server.port")


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("example.org", ("example.org", 80)),
        ("example.org:8080", ("example.org", 8080)),
        ("[::1]:8080", ("::1", 8080)),
        ("example.org:65535", ("example.org", 65535)),
        ("example.org:65536", ("example.org", None)),
        ("user@example.org", (None, None)),
        ("a b", (None, None)),
        ("", (None, None)),
    ],
)
def test_the_address_is_that_of_the_host_header(host: str, expected: tuple[Any, Any]) -> None:
    assert address(host) == expected


@pytest.mark.parametrize(
    ("server", "expected"),
    [
        (("127.0.0.1", 8000), ("127.0.0.1", 8000)),
        (("/run/app.sock", None), (None, None)),
        (None, (None, None)),
    ],
)
def test_without_a_host_header_the_address_is_the_servers(server: Any, expected: tuple[Any, Any]) -> None:
    assert address(server=server) == expected


def test_an_unknown_scheme_has_no_default_port() -> None:
    assert address("example.org", scheme="other") == ("example.org", None)


@pytest.mark.parametrize(("version", "known"), [("2", True), ("", False)])
def test_the_protocol_version_is_given_where_the_server_says_it(version: str, known: bool) -> None:
    found = http_attributes(http_scope("GET", "/", more={"http_version": version}))

    assert found.get("network.protocol.version") == (version if known else None)
