"""However long and wrong a request is, the answer that says so stays in proportion to it."""

import json
from typing import Annotated, Any
from urllib.parse import urlencode

import anyio
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, Field, create_model
from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request

from fastlayer import Cookie, FastLayer, File, Form, Header, Query
from fastlayer.error_answers import GROWTH, SHORT_ANSWER, fitting, request_size
from fastlayer.error_policy import ErrorPolicy
from fastlayer.exceptions import RequestValidationError

from .in_memory import Answer, call

FIELDS: Any = {f"field_{index}": (int, ...) for index in range(60)}
Wide: Any = create_model("Wide", **FIELDS)
WideForm: Any = create_model("WideForm", **FIELDS)


class Cat(BaseModel):
    kind: str = Field(pattern="cat")
    lives: int


class Dog(BaseModel):
    kind: str = Field(pattern="dog")
    tricks: list[int]


def make_app(**options: Any) -> FastLayer:
    app = FastLayer(**options)

    @app.post("/wide")
    async def wide(body: Wide) -> None: ...

    @app.post("/union")
    async def union(body: list[Cat | Dog | list[Cat | Dog]]) -> None: ...

    @app.post("/pair")
    async def pair(body: Wide, numbers: list[int]) -> None: ...

    @app.post("/form")
    async def form(form: Annotated[WideForm, Form()]) -> None: ...

    @app.post("/file")
    async def file(file: Annotated[int, File()], other: Annotated[list[int], Form()]) -> None: ...

    @app.post("/places")
    async def places(
        query: Annotated[Wide, Query()], header: Annotated[Wide, Header()], cookie: Annotated[Wide, Cookie()]
    ) -> None: ...

    return app


APPS = [
    make_app(),
    make_app(problem_details=True),
    make_app(validation_errors=ErrorPolicy(shape=lambda errors: {"problems": list(errors)})),
]


def size_of(path: str, query: str, headers: dict[str, str], body: bytes) -> int:
    return len(path) + len(query) + sum(len(name) + len(value) for name, value in headers.items()) + len(body)


def send(app: FastLayer, path: str, headers: dict[str, str], body: bytes, query: str = "") -> tuple[Answer, int]:
    async def sent() -> Answer:
        return await call(app, path, "POST", headers=headers, body=body, query=query)

    return anyio.run(sent), size_of(path, query, headers, body)


def errors_of(answer: Answer) -> list[dict[str, Any]]:
    data = answer.json()
    found: list[dict[str, Any]] = data.get("problems") or data.get("errors") or data["detail"]
    return found


values = st.sampled_from(["x", "é\x01", 1e15, 10**30, None, [], {}, {"kind": "cat"}, "\ud800", 1.5, '"', ["y"]])
sizes = st.integers(0, 3_000) | st.sampled_from([1, 10, 60, 1_000])
contents = st.tuples(values, sizes).map(lambda pair: [pair[0]] * pair[1])


@pytest.mark.parametrize("app", APPS)
@given(path=st.sampled_from(["/wide", "/union", "/pair"]), content=contents, key=st.sampled_from(["", "numbers"]))
@settings(deadline=None, max_examples=20, suppress_health_check=[HealthCheck.too_slow])
def test_an_answer_about_json_has_at_most_ten_times_its_request(app: Any, path: str, content: Any, key: str) -> None:
    body = json.dumps({key: content} if key else content, separators=(",", ":")).encode()
    answer, size = send(app, path, {"content-type": "application/json"}, body)
    assert answer.raised is None
    assert answer.status in (200, 400, 422)
    assert len(answer.body) <= max(SHORT_ANSWER, GROWTH * size)


@pytest.mark.parametrize("app", APPS)
@given(
    value=st.sampled_from(["x", "é", "\x01", '"', "1"]),
    length=st.integers(0, 5_000),
    count=st.integers(1, 300),
    path=st.sampled_from(["/form", "/file", "/places"]),
)
@settings(deadline=None, max_examples=20, suppress_health_check=[HealthCheck.too_slow])
def test_so_has_one_about_forms_and_parameters(app: Any, path: str, value: str, length: int, count: int) -> None:
    pairs = urlencode([(name, value * length) for name in ("a", "b", "other")] * count).replace("%01", "\x01")
    cookie = f"a={value * length}".encode("latin-1", "replace").decode("latin-1")
    headers = {"content-type": "application/x-www-form-urlencoded", "x-a": cookie, "cookie": cookie}
    answer, size = send(app, path, headers, pairs.encode(), query=pairs if path == "/places" else "")
    assert answer.raised is None
    assert answer.status in (200, 400, 422)
    assert len(answer.body) <= max(SHORT_ANSWER, GROWTH * size)


@pytest.mark.parametrize("app", APPS)
def test_what_is_left_out_is_said_at_the_end(app: FastLayer) -> None:
    body = json.dumps({"extra": "x" * 20_000}).encode()
    answer, _ = send(app, "/wide", {"content-type": "application/json"}, body)
    *errors, last = errors_of(answer)
    assert {error["type"] for error in errors} == {"missing"}
    assert [error["loc"] for error in errors] == [["body", f"field_{index}"] for index in range(len(errors))]
    assert last == {
        "type": "too_many_errors",
        "loc": ["body"],
        "msg": f"Only the first {len(errors)} of 60 errors are listed",
        "input": None,
        "ctx": {"total": 60, "listed": len(errors)},
    }
    # As many as fit: one more would be too many.
    assert len(answer.body) > (GROWTH - 2) * len(body)


@pytest.mark.parametrize("app", APPS)
def test_short_answers_list_everything(app: FastLayer) -> None:
    body = json.dumps({"extra": "x" * 500}).encode()
    answer, _ = send(app, "/wide", {"content-type": "application/json"}, body)
    assert len(answer.body) > 30 * len(body)
    assert [error["type"] for error in errors_of(answer)] == ["missing"] * 60


def test_errors_that_a_list_left_out_already_count() -> None:
    body = json.dumps({"body": {"x": "y" * 30_000}, "numbers": ["z" * 50] * 1_000}).encode()
    answer, _ = send(APPS[0], "/pair", {"content-type": "application/json"}, body)
    assert errors_of(answer)[-1]["ctx"]["total"] == 1_060


def request_of(**scope: Any) -> Request:
    return Request({"type": "http", "headers": [], **scope})


def test_a_request_is_as_long_as_what_was_sent() -> None:
    request = request_of(path="/päth", query_string=b"a=1", headers=[(b"x", b"yz")])
    upload = UploadFile(file=None, size=7)  # type: ignore[arg-type]  # nobody reads it
    for body, size in [
        (None, 0),
        (b"123", 3),
        ("12", 2),
        ({"a": [1]}, len('{"a":[1]}')),
        (FormData([("ab", "c"), ("file", upload)]), 3 + 4 + 7),
    ]:
        assert request_size(request, RequestValidationError([], body=body)) == 5 + 3 + 3 + size
    counted = RequestValidationError([], body={"a": 1})
    counted.raw_body = b" " * 100
    assert request_size(request, counted) == 111


@pytest.mark.parametrize("errors", ["text", {"a": 1}, 3, ("a", ["b"]), [object, 1.5][1:]])
def test_errors_of_any_shape_are_written_as_they_are(errors: Any) -> None:
    listed, text = fitting(errors, request_of(), RequestValidationError(errors))
    assert listed == errors
    assert json.loads(text) == (list(errors) if isinstance(errors, tuple) else errors)


def test_a_single_error_that_is_too_long_is_only_counted() -> None:
    (error,), text = fitting(["x" * SHORT_ANSWER], request_of(), RequestValidationError([]))
    assert (error["loc"], error["ctx"]) == ((), {"total": 1, "listed": 0})
    assert json.loads(text) == [{**error, "loc": []}]
