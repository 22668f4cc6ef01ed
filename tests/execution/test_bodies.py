"""JSON bodies: absent and null, embedded and whole, strict models, unions, media types, hostile input."""

import json
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Annotated, Any

import anyio
import pytest
from pydantic import BaseModel, ConfigDict

from fastlayer import Body, FastLayer, Form, Query
from fastlayer.error_lists import MAX_ERRORS

from ..in_memory import Answer, call, http_scope

pytestmark = pytest.mark.anyio

JSON = {"content-type": "application/json"}


async def post(app: Any, body: bytes, path: str = "/", headers: dict[str, str] = JSON) -> Answer:
    return await call(app, path, "POST", body=body, headers=headers)


def places(answer: Answer) -> list[tuple[str, list[Any]]]:
    assert answer.status == 422, answer.text
    return [(error["type"], error["loc"]) for error in answer.json()["detail"]]


class Item(BaseModel):
    name: str
    price: float = 1


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"", [10, 20]),
        (b"{}", [10, 20]),
        (b'{"a": 1, "b": null}', [1, None]),
        (b"null", ["missing", "missing"]),
        (b"[]", ["missing", "missing"]),
        (b'"text"', ["missing", "missing"]),
    ],
)
async def test_embedded_parameters_need_an_object_or_no_body_at_all(body: bytes, expected: list[Any]) -> None:
    app = FastLayer()

    @app.post("/")
    async def endpoint(a: Annotated[int | None, Body()] = 10, b: Annotated[int | None, Body()] = 20) -> Any:
        return [a, b]

    answer = await post(app, body)
    found = answer.json() if answer.status == 200 else [error["type"] for error in answer.json()["detail"]]
    assert found == expected


async def test_null_is_a_value_and_no_body_is_none() -> None:
    app = FastLayer()

    @app.post("/nullable")
    async def nullable(item: Item | None) -> Any:
        return item

    @app.post("/optional")
    async def optional(item: Annotated[Item, Body()] = Item(name="default")) -> Any:
        return item

    assert (await post(app, b"null", "/nullable")).json() is None
    assert places(await post(app, b"", "/nullable")) == [("missing", ["body"])]
    assert (await post(app, b"", "/optional")).json()["name"] == "default"
    assert places(await post(app, b"null", "/optional")) == [("model_attributes_type", ["body"])]


class Strict(BaseModel):
    model_config = ConfigDict(strict=True)
    day: date
    amount: Decimal
    count: int


async def test_strict_models_take_from_json_what_json_has_no_type_for() -> None:
    app = FastLayer()

    @app.post("/")
    async def endpoint(a: Strict, b: Annotated[Strict, Body()]) -> Any:
        return [str(a.day), str(b.amount)]

    good = {"day": "2020-01-01", "amount": "1.10", "count": 1}
    assert (await post(app, json.dumps({"a": good, "b": good}).encode())).json() == ["2020-01-01", "1.10"]
    # Only what is wrong in JSON too is an error: not the dates, which are strings in Python data.
    wrong = {**good, "count": "1"}
    assert places(await post(app, json.dumps({"a": good, "b": wrong}).encode())) == [
        ("int_type", ["body", "b", "count"])
    ]


async def test_numbers_keep_their_precision() -> None:
    app = FastLayer()

    @app.post("/")
    async def endpoint(numbers: list[int], amount: Annotated[Decimal, Body()]) -> list[str]:
        return [*map(str, numbers), str(amount)]

    body = b'{"numbers": [12345678901234567890123, 9007199254740993], "amount": "1.10"}'
    assert (await post(app, body)).json() == ["12345678901234567890123", "9007199254740993", "1.10"]


async def test_unions_choose_as_in_fastapi() -> None:
    app = FastLayer()

    @app.post("/")
    async def endpoint(values: list[date | str]) -> list[str]:
        return [type(value).__name__ for value in values]

    assert (await post(app, b'["2020-01-01", "text"]')).json() == ["str", "str"]


@pytest.mark.parametrize("content_type", ["text/plain", "application/xml", "nonsense", ""])
async def test_other_media_types_are_bytes(content_type: str) -> None:
    app = FastLayer()

    @app.post("/text")
    async def text(body: Annotated[str, Body()]) -> str:
        return body

    @app.post("/item")
    async def item(item: Item) -> None: ...

    headers = {"content-type": content_type}
    assert (await post(app, b'{"name": "a"}', "/text", headers)).json() == '{"name": "a"}'
    assert places(await post(app, b'{"name": "a"}', "/item", headers)) == [("model_attributes_type", ["body"])]
    assert places(await post(app, b"\xff\xfe", "/text", headers)) == [("string_unicode", ["body"])]
    assert (await post(app, b"\xff\xfe", "/text", headers)).json()["detail"][0]["input"] == "\\xff\\xfe"


async def test_without_a_media_type_json_is_refused_unless_it_is_allowed() -> None:
    app = FastLayer()

    @app.post("/")
    async def strict(item: Item) -> None: ...

    @app.post("/lax", strict_content_type=False)
    async def lax(item: Item) -> str:
        return item.name

    assert (await post(app, b'{"name": "a"}', headers={})).status == 422
    for headers in ({}, {"content-type": ""}):
        assert (await post(app, b'{"name": "a"}', "/lax", headers)).json() == "a"


async def test_of_another_media_type_embedded_parameters_are_absent() -> None:
    app = FastLayer()

    @app.post("/")
    async def endpoint(a: Annotated[int, Body()], b: Annotated[int | None, Body()] = 20) -> None: ...

    @app.post("/optional")
    async def optional(a: Annotated[int, Body()] = 10, b: Annotated[int | None, Body()] = 20) -> Any:
        return [a, b]

    headers = {"content-type": "text/plain"}
    assert places(await post(app, b'{"a": 1}', "/", headers)) == [("missing", ["body", "a"])]
    assert (await post(app, b'{"a": 1}', "/optional", headers)).json() == [10, 20]


# --- what nobody should send -----------------------------------------------------------------------------------

HOSTILE: dict[str, bytes] = {
    "NaN": b"NaN",
    "infinities": b"[Infinity, -Infinity, 1e999]",
    "NaN for an int": b'{"name": "a", "price": NaN}',
    "a lone surrogate": b'{"name": "\\ud800"}',
    "a surrogate as a key": b'{"\\ud800": 1}',
    "bytes that are no text": b'{"name": "\xff\xfe"}',
    "every byte": bytes(range(256)),
    "NUL": b"\x00",
    "NUL in a string": b'{"name": "\\u0000"}',
    "nested 300": b"[" * 300 + b"]" * 300,
    "nested 970": b"[" * 970 + b"]" * 970,
    "objects nested 970": b'{"name":' * 970 + b"1" + b"}" * 970,
    "nested 10,000": b"[" * 10_000 + b"]" * 10_000,
    "nested 100,000": b"[" * 100_000 + b"]" * 100_000,
    "never closed": b"[" * 100_000,
    "5,000 digits": b"1" * 5000,
    "5,000 digits in an object": b'{"name": "a", "price": ' + b"1" * 5000 + b"}",
    "5,000 digits in a string": b'{"name": "a", "price": "' + b"1" * 5000 + b'"}',
    "a huge exponent": b'{"name": "a", "price": 1e99999999}',
    "UTF-16": '{"name": "a"}'.encode("utf-16"),
    "half a document": b'{"name": "a"',
    "two documents": b"{}{}",
}


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("path", ["/item", "/list", "/whatever", "/embedded"])
async def test_any_json_body_gets_an_answer(path: str, body: bytes) -> None:
    app = FastLayer()

    @app.post("/item", response_model=None)
    async def item(item: Item) -> Any:
        return item

    @app.post("/list", response_model=None)
    async def numbers(numbers: list[int]) -> Any:
        return numbers

    @app.post("/whatever", response_model=None)
    async def whatever(data: Annotated[Any, Body()]) -> Any:
        return data

    @app.post("/embedded", response_model=None)
    async def embedded(a: Annotated[Any, Body()], b: Annotated[int, Body()] = 1) -> Any:
        return [a, b]

    answer = await post(app, body, path)
    assert answer.raised is None
    assert answer.status in (200, 400, 422)
    json.loads(answer.body)


@pytest.mark.parametrize("number", ["1" * 5000, "-" + "1" * 5000, "\x00", "1e400", "٣"])
async def test_any_number_in_a_path_or_a_query_gets_an_answer(number: str) -> None:
    app = FastLayer()

    @app.get("/{n}")
    async def endpoint(n: int, q: Annotated[list[float], Query()], s: str) -> Any:
        return s

    text = number.encode()
    answer = await call(app, f"/{number}", scope={"query_string": b"q=" + text + b"&s=" + text, "raw_path": b""})
    assert answer.raised is None
    assert answer.status == 422


@pytest.mark.parametrize("content_type", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x"])
@pytest.mark.parametrize("body", [*HOSTILE.values(), b"--x", b"--x\r\n\r\n--x--", b"&=" * 20_000, b"a=1&" * 5000])
async def test_any_form_gets_an_answer(content_type: str, body: bytes) -> None:
    app = FastLayer()

    @app.post("/")
    async def endpoint(item: Annotated[Item, Form()], n: Annotated[int, Form()] = 1) -> Any:
        return item

    headers = {"content-type": content_type, "content-length": str(len(body))}
    answer = await post(app, body, headers=headers)
    assert answer.raised is None
    assert answer.status in (200, 400, 422)


@pytest.mark.parametrize("boundary", ["", ";", "; boundary=", "; boundary=other", "; charset=nope; boundary=x"])
async def test_a_multipart_body_with_a_wrong_boundary_gets_an_answer(boundary: str) -> None:
    app = FastLayer()

    @app.post("/")
    async def endpoint(a: Annotated[str, Form()] = "absent") -> str:
        return a

    part = b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n\xff\r\n--x--\r\n'
    answer = await post(app, part, headers={"content-type": "multipart/form-data" + boundary})
    assert answer.raised is None
    assert answer.status == (200 if "nope" in boundary else 400)


async def test_the_list_of_errors_is_cut_and_says_so() -> None:
    app = FastLayer()

    @app.post("/")
    async def endpoint(numbers: list[int]) -> None: ...

    body = b"[" + b",".join([b'"a"'] * 100_000) + b"]"
    answer = await post(app, body)
    *errors, last = answer.json()["detail"]
    assert len(errors) == MAX_ERRORS
    assert last["type"] == "too_many_errors"
    assert last["loc"] == ["body"]
    assert last["ctx"] == {"total": 100_000, "listed": MAX_ERRORS}
    assert len(answer.body) < len(body)


async def test_a_client_that_leaves_while_it_sends_is_answered_to_nobody() -> None:
    app = FastLayer()
    called = False

    @app.post("/")
    async def endpoint(item: Item) -> None:
        nonlocal called
        called = True

    async def receive() -> dict[str, Any]:
        return next(messages)

    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    messages: Iterator[dict[str, Any]] = iter(
        [{"type": "http.request", "body": b"{", "more_body": True}, {"type": "http.disconnect"}]
    )
    scope: dict[str, Any] = {"type": "http", "method": "POST", "path": "/", "query_string": b"", "headers": []}
    await app(scope, receive, send)
    assert not called
    assert sent[0]["status"] == 400


class Exact(BaseModel):
    model_config = ConfigDict(strict=True)
    number: int


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
async def test_strict_models_are_read_in_every_encoding_of_json(encoding: str) -> None:
    app = FastLayer()

    @app.post("/")
    async def endpoint(exact: Exact) -> Any:
        return exact.number

    assert (await post(app, '{"number": 3}'.encode(encoding))).json() == 3
    assert places(await post(app, '{"number": "3"}'.encode(encoding))) == [("int_type", ["body", "number"])]


@pytest.mark.parametrize("size", [9, 11])
async def test_a_limit_passed_inside_a_task_group_is_still_a_limit(size: int) -> None:
    app = FastLayer(max_body_size=10)

    class Grouping:
        def __init__(self, app: Any) -> None:
            self.app = app

        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            async def grouped() -> Any:
                messages: list[Any] = []

                async def one() -> None:
                    messages.append(await receive())

                async with anyio.create_task_group() as tasks:
                    tasks.start_soon(one)
                return messages[0]

            await self.app(scope, grouped, send)

    app.add_middleware(Grouping)

    @app.post("/")
    async def endpoint(value: Annotated[Any, Body()]) -> int:
        return len(value)

    answer = await post(app, [b'"', b"x" * (size - 2) + b'"'])  # type: ignore[arg-type]  # in two messages
    assert answer.status == (413 if size > 10 else 200)


@pytest.mark.parametrize("failures", [1, 2])
async def test_a_group_of_other_failures_is_a_body_that_cannot_be_read(failures: int) -> None:
    app = FastLayer()

    @app.post("/")
    async def endpoint(value: Annotated[Any, Body()]) -> None: ...

    async def broken() -> Any:
        raise ExceptionGroup("reading", [OSError() for _ in range(failures)])

    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    await app(http_scope("POST", "/", headers=JSON), broken, send)
    assert sent[0]["status"] == 400
