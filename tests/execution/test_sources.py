"""Query strings, headers and cookies as bytes -> the values Starlette's own objects give."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import QueryParams
from starlette.requests import Request

from fastlayer.execution.sources import cookie_source, header_reader, query_reader

PIECES = st.sampled_from(["a", "b", "=", "&", "+", "%20", "%", "%zz", "%C3%A9", "%FF", "\xe9", "", ";", "a=1", "&&"])
QUERIES = st.lists(PIECES, max_size=12).map("".join)
HEADERS = st.lists(
    st.tuples(
        st.sampled_from([b"a", b"b", b"cookie"]), st.sampled_from([b"1", b"\xe9", b"a=1; b=2", b"a=3", b'"q"', b""])
    ),
    max_size=6,
)


@given(QUERIES)
def test_a_query_string_is_read_as_starlette_reads_it(query: str) -> None:
    scope = {"query_string": query.encode("latin-1")}
    expected = QueryParams(scope["query_string"])
    values = query_reader({})(scope)
    assert {name: values[name] for name in ("a", "b", "") if name in values} == {
        name: expected[name] for name in ("a", "b", "") if name in expected
    }


@given(QUERIES)
def test_all_values_of_a_repeated_query_parameter_are_read(query: str) -> None:
    scope = {"query_string": query.encode("latin-1")}
    values = query_reader({"a": ("a",)})(scope)
    assert values.get(("a",), []) == QueryParams(scope["query_string"]).getlist("a")
    assert values.get("a") == QueryParams(scope["query_string"]).get("a")


@given(HEADERS)
def test_headers_and_cookies_are_read_as_starlette_reads_them(headers: list[tuple[bytes, bytes]]) -> None:
    scope: dict[str, Any] = {"type": "http", "headers": headers}
    request = Request(scope)
    read = header_reader({b"a": "a", b"b": "b"}, {"b": ("b",)})(scope)
    assert read.get("a") == request.headers.get("a")
    assert read.get(("b",), []) == request.headers.getlist("b")
    assert dict(cookie_source(scope)) == request.cookies


def test_an_absent_query_string_has_no_values() -> None:
    assert not query_reader({})({"query_string": b""})
    assert not query_reader({"a": ("a",)})({"query_string": b""})
