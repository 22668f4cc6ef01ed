"""Generated requests for a route: ones that fit, and ones broken in every way a client can."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote, quote_plus

from hypothesis import strategies as st

from scripts.differences.cases import Sent
from scripts.differences.parameters import Parameter, as_text

NASTY = [
    "",
    "abc",
    "1.5",
    "1.0",
    "-1",
    "true",
    "null",
    "1" * 30,
    "NaN",
    "inf",
    " 5",
    "0x10",
    "1e3",
    "1_000",
    "on",
    "[1]",
    "é",
]
RAW_QUERY = ["%C3%A4", "%20", "+", "%00", "%", "a%3Db", "%2B", "a;b", "%e2%82%ac"]
NASTY_JSON: list[Any] = [
    None,
    "",
    "abc",
    1,
    1.5,
    2.0,
    True,
    [],
    {},
    [1],
    {"x": "1"},
    "1",
    -5,
    10**25,
    1e300,
    {"a": None},
]
RAW_BODIES = [
    b"",
    b" ",
    b"{",
    b"null",
    b"[]",
    b"{}",
    b'"x"',
    b"1",
    b"NaN",
    b'{"a": NaN}',
    b'{"a": 1}x',
    b"\xef\xbb\xbf{}",
    '{"a": 1}'.encode("utf-16"),
    b'{"a": 1, "a": 2}',
    b'{"x": Infinity}',
    b"[" * 40,
    b'{"a": "\\ud800"}',
    b"\xff",
    b"nul",
    b'{"a": 01}',
    b"{'a': 1}",
    b'{"a": 1,}',
    b'"\t"',
    b"1" * 400,
    b"\x00",
    b"[1, 2",
    b"true",
    b"-0",
    b'{"x": 1e400}',
]
TYPES = [
    "application/json",
    "application/json; charset=utf-8",
    "APPLICATION/JSON",
    "application/vnd.api+json",
    "text/plain",
    "",
    "application/x-www-form-urlencoded",
    "multipart/form-data",
    "application/json;",
    "json",
    "application/problem+json",
    "text/json",
    "multipart/form-data; boundary=other",
    "application/x-www-form-urlencoded; charset=latin-1",
    "*/*",
]
BOUNDARY = "XX"
FORM = "application/x-www-form-urlencoded"


@st.composite
def _values(draw: st.DrawFn, parameter: Parameter) -> list[str]:
    """Return what stands in a query, header, cookie or form for a parameter: usually what fits, sometimes nothing."""
    kind = draw(st.integers(0, 11))
    if kind == 11:
        return []
    if kind == 10:
        return draw(st.lists(st.sampled_from(NASTY), min_size=1, max_size=2))
    value = draw(parameter.values)
    values = value if parameter.many and isinstance(value, list) else [value]
    return [as_text(one) for one in (values * 2 if kind == 9 else values)]


@st.composite
def _pairs(draw: st.DrawFn, parameters: Sequence[Parameter], place: str) -> list[tuple[str, str]]:
    """Return the names and values of one place of a request."""
    pairs: list[tuple[str, str]] = []
    for parameter in parameters:
        if parameter.place == place:
            pairs += [(parameter.wire, value) for value in draw(_values(parameter))]
        elif parameter.place == f"{place} model":
            for name, value in draw(parameter.values).items():
                shown = name.replace("_", "-") if place == "header" else name
                pairs += [(shown, as_text(one)) for one in (value if isinstance(value, list) else [value])]
    if draw(st.integers(0, 9)) == 9:
        pairs.append((draw(st.sampled_from(["a", "more", "x-key", "q"])), draw(st.sampled_from(NASTY))))
    return pairs


@st.composite
def _query(draw: st.DrawFn, parameters: Sequence[Parameter]) -> str:
    pairs = [f"{quote_plus(name)}={quote_plus(value)}" for name, value in draw(_pairs(parameters, "query"))]
    if draw(st.integers(0, 9)) == 9:
        names = [parameter.wire for parameter in parameters if parameter.place == "query"]
        pairs.append(f"{quote_plus(draw(st.sampled_from([*names, 'a'])))}={draw(st.sampled_from(RAW_QUERY))}")
    if draw(st.integers(0, 19)) == 19:
        pairs.append(draw(st.sampled_from(["a", "a=", "=1", "&", "a=1;b=2", "a==1", "?a=1"])))
    return "&".join(pairs)


@st.composite
def _headers(draw: st.DrawFn, parameters: Sequence[Parameter]) -> list[tuple[str, str]]:
    found = [(name, value) for name, value in draw(_pairs(parameters, "header")) if " " not in name]
    cookies = [f"{name}={value}" for name, value in draw(_pairs(parameters, "cookie"))]
    if cookies:
        found.append(("cookie", draw(st.sampled_from(["; ", "; ", ";"])).join(cookies)))
    return [(name, value.encode().decode("latin-1")) for name, value in found]


@st.composite
def _path(draw: st.DrawFn, template: str, parameters: Sequence[Parameter]) -> str:
    path = template
    for parameter in parameters:
        if parameter.place == "path":
            value = draw(st.sampled_from(NASTY)) if draw(st.integers(0, 4)) == 4 else as_text(draw(parameter.values))
            path = path.replace(f"{{{parameter.name}}}", quote(value, safe="/"), 1)
            path = path.replace(f"{{{parameter.name}:path}}", quote(value + "/b", safe="/"), 1)
            path = path.replace(f"{{{parameter.name}:int}}", quote(value, safe="/"), 1)
    path = path.replace("{", "").replace("}", "")
    turn = draw(st.integers(0, 49))
    return {49: path + "/", 48: path.rstrip("/") or "/", 47: path + "/more", 46: "/" + path, 45: path.upper()}.get(
        turn, path
    )


def _part(name: str, value: bytes, more: str) -> bytes:
    head = f'Content-Disposition: form-data; name="{name}"{more}\r\n\r\n'
    return f"--{BOUNDARY}\r\n{head}".encode() + value + b"\r\n"


@st.composite
def _multipart(draw: st.DrawFn, parameters: Sequence[Parameter]) -> bytes:
    parts = [_part(name, value.encode(), "") for name, value in draw(_pairs(parameters, "form"))]
    for parameter in parameters:
        if parameter.place == "file" and draw(st.integers(0, 5)):
            value = draw(parameter.values)
            for one in value if isinstance(value, list) else [value]:
                more = draw(
                    st.sampled_from(
                        ['; filename="f.txt"', '; filename="f.txt"\r\nContent-Type: text/plain', '; filename=""', ""]
                    )
                )
                parts.append(_part(parameter.wire, one, more))
    body = b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()
    turn = draw(st.integers(0, 19))
    return {19: body[:-8], 18: body[4:], 17: body.replace(b"\r\n", b"\n"), 16: b""}.get(turn, body)


@st.composite
def _json(draw: st.DrawFn, parameters: Sequence[Parameter]) -> bytes:
    bodies = [parameter for parameter in parameters if parameter.place == "body"]
    value: Any = {parameter.wire: draw(parameter.values) for parameter in bodies if draw(st.integers(0, 9))}
    if len(bodies) == 1 and draw(st.integers(0, 7)) and "embed=True" not in bodies[0].source:
        value = draw(bodies[0].values)
    if draw(st.integers(0, 3)) == 3:
        value = draw(_spoilt(value))
    return json.dumps(value, ensure_ascii=draw(st.booleans())).encode()


@st.composite
def _spoilt(draw: st.DrawFn, value: Any) -> Any:
    """Return a JSON value with one place inside replaced, left out or added."""
    nasty = draw(st.sampled_from(NASTY_JSON))
    if isinstance(value, dict) and value and draw(st.integers(0, 3)):
        key = draw(st.sampled_from(list(value)))
        how = draw(st.integers(0, 3))
        if how == 0:
            return {name: item for name, item in value.items() if name != key}
        if how == 1:
            return {**value, "more": nasty}
        return {**value, key: draw(_spoilt(value[key]))}
    if isinstance(value, list) and value and draw(st.integers(0, 2)):
        return [draw(_spoilt(value[0])), *value[1:]]
    return nasty


@st.composite
def _body(draw: st.DrawFn, parameters: Sequence[Parameter], body: str) -> tuple[bytes, list[tuple[str, str]]]:
    if body == "json":
        content, kind = draw(_json(parameters)), "application/json"
    elif body == "form" and (draw(st.booleans()) or any(parameter.place == "file" for parameter in parameters)):
        content, kind = draw(_multipart(parameters)), f"multipart/form-data; boundary={BOUNDARY}"
    elif body == "form":
        pairs = draw(_pairs(parameters, "form"))
        content, kind = "&".join(f"{quote_plus(name)}={quote_plus(value)}" for name, value in pairs).encode(), FORM
    else:
        return b"", []
    if draw(st.integers(0, 9)) == 9:
        content = draw(st.sampled_from(RAW_BODIES))
    if draw(st.integers(0, 11)) == 11:
        kind = draw(st.sampled_from(TYPES))
    return content, [("content-type", kind)] if kind else []


CREDENTIALS = [
    ("authorization", "Bearer abc"),
    ("authorization", "Basic dTpw"),
    ("authorization", "Basic x"),
    ("authorization", "bearer"),
    ("authorization", "Digest a=b"),
    ("x-key", "k"),
    ("authorization", ""),
    ("cookie", "key=c"),
    ("authorization", "Basic dQ=="),
]


@st.composite
def requests(draw: st.DrawFn, method: str, template: str, parameters: Sequence[Parameter], body: str) -> Sent:
    """Return a request for one route."""
    content, headers = draw(_body(parameters, body))
    headers += draw(_headers(parameters))
    if draw(st.integers(0, 3)) == 3:
        headers.append(draw(st.sampled_from(CREDENTIALS)))
    query = draw(_query(parameters))
    if draw(st.integers(0, 9)) == 9:
        query += ("&" if query else "") + "key=k"
    if draw(st.integers(0, 19)) == 19:
        method = draw(st.sampled_from(["GET", "POST", "HEAD", "OPTIONS", "DELETE", "PATCH", "BREW"]))
    chunks: tuple[bytes, ...] = (content,)
    if len(content) > 3 and draw(st.integers(0, 9)) == 9:
        chunks = (content[:3], content[3:])
    if content or draw(st.booleans()):
        headers.append(("content-length", str(len(content))))
    return Sent(method, draw(_path(template, parameters)), query, tuple(headers), chunks)
