"""Forms: fields, groups, unions, files as objects and as bytes, parts that hold JSON, and what is closed when."""

import tempfile
from io import BytesIO
from typing import Annotated, Any, Literal

import pytest
from pydantic import AliasChoices, BaseModel, ConfigDict, Field, model_validator
from starlette.datastructures import FormData

from fastlayer import Body, Depends, FastLayer, File, Form, Request, UploadFile
from fastlayer.execution.bodies import SHORT_FORM, urlencoded_form
from fastlayer.execution.forms import content_of, load_form, read_rest, read_whole

from ..in_memory import Answer, call

pytestmark = pytest.mark.anyio

Part = tuple[str, str | None, bytes, str | None]  # name, file name, content, content type


def multipart(*parts: Part, end: bytes = b"--x--\r\n") -> bytes:
    body = b""
    for name, filename, content, content_type in parts:
        disposition = f'form-data; name="{name}"' + (f'; filename="{filename}"' if filename is not None else "")
        body += f"--x\r\nContent-Disposition: {disposition}\r\n".encode()
        body += f"Content-Type: {content_type}\r\n".encode() if content_type else b""
        body += b"\r\n" + content + b"\r\n"
    return body + end


async def post(app: Any, body: bytes, content_type: str = "multipart/form-data; boundary=x", path: str = "/") -> Answer:
    headers = {"content-type": content_type, "content-length": str(len(body))}
    return await call(app, path, "POST", body=body, headers=headers)


async def post_text(app: Any, body: str, path: str = "/") -> Answer:
    return await post(app, body.encode(), "application/x-www-form-urlencoded", path)


def places(answer: Answer) -> list[tuple[str, list[Any]]]:
    assert answer.status == 422, answer.text
    return [(error["type"], error["loc"]) for error in answer.json()["detail"]]


class Person(BaseModel):
    kind: Literal["person"] = "person"
    name: str
    tags: list[str] = []


class Company(BaseModel):
    kind: Literal["company"]
    employees: int


# --- fields and groups ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("long", [False, True])
async def test_fields_are_read_from_urlencoded_text_in_both_ways(long: bool) -> None:
    app = FastLayer()

    @app.post("/")
    async def endpoint(a: Annotated[str, Form()], n: Annotated[list[int], Form()]) -> list[Any]:
        return [a, n]

    filler = "&z=" + "z" * SHORT_FORM if long else ""
    answer = await post_text(app, "a=x&a=%C3%A9+%2B&n=1&n=2" + filler)
    assert answer.json() == ["é +", [1, 2]]


async def test_an_empty_field_counts_as_missing() -> None:
    app = FastLayer()

    @app.post("/")
    async def endpoint(a: Annotated[str, Form()], b: Annotated[str, Form()] = "default") -> list[str]:
        return [a, b]

    assert (await post_text(app, "a=x&b=")).json() == ["x", "default"]
    assert places(await post_text(app, "a=&b=y")) == [("missing", ["body", "a"])]


async def test_several_groups_and_fields_share_one_form() -> None:
    app = FastLayer()

    class Settings(BaseModel):
        priority: int = 1

    @app.post("/")
    async def endpoint(
        person: Annotated[Person, Form()], settings: Annotated[Settings, Form()], token: Annotated[str, Form()]
    ) -> list[Any]:
        return [person.name, person.tags, settings.priority, token]

    assert (await post_text(app, "name=a&tags=&tags=b&priority=3&token=t")).json() == ["a", ["", "b"], 3, "t"]


@pytest.mark.parametrize(
    ("extra", "expected"), [("ignore", None), ("allow", {"name": "default", "other": "1"}), ("forbid", 422)]
)
async def test_an_optional_group_is_absent_unless_something_concerns_it(extra: Any, expected: Any) -> None:
    app = FastLayer()

    class Profile(BaseModel):
        model_config = ConfigDict(extra=extra)
        name: str = "default"

    @app.post("/")
    async def endpoint(profile: Annotated[Profile | None, Form()] = None) -> Any:
        return profile

    assert (await post_text(app, "")).json() is None
    assert (await post_text(app, "name=")).json() == {"name": "default"}
    answer = await post_text(app, "other=1")
    assert answer.status == expected if expected == 422 else answer.json() == expected


async def test_a_required_group_that_may_be_null_is_missing_as_a_whole() -> None:
    app = FastLayer()

    @app.post("/")
    async def endpoint(person: Annotated[Person | None, Form()]) -> Any:
        return person

    assert places(await post_text(app, "")) == [("missing", ["body"])]
    assert places(await post_text(app, "kind=person")) == [("missing", ["body", "name"])]


@pytest.mark.parametrize("marker", [Form(), Form(discriminator="kind")])
async def test_each_branch_of_a_union_reads_the_form_its_own_way(marker: Any) -> None:
    app = FastLayer()

    class Many(BaseModel):
        kind: Literal["many"]
        value: list[str]

    class One(BaseModel):
        kind: Literal["one"]
        value: str

        @model_validator(mode="before")
        @classmethod
        def empty(cls, data: dict[str, Any]) -> dict[str, Any]:
            data.setdefault("seen", True)  # another branch must not see this
            return data

    @app.post("/")
    async def endpoint(data: Annotated[One | Many, marker]) -> Any:
        return data

    assert (await post_text(app, "kind=many&value=a")).json() == {"kind": "many", "value": ["a"]}
    assert (await post_text(app, "kind=one&value=a&value=b")).json() == {"kind": "one", "value": "b"}
    assert ("missing", ["body", "one" if marker.discriminator else "One", "value"]) in places(
        await post_text(app, "kind=one&value=")
    )


async def test_alias_choices_are_tried_in_order_and_skipped_when_empty() -> None:
    app = FastLayer()

    class Model(BaseModel):
        model_config = ConfigDict(extra="forbid")
        value: int = Field(validation_alias=AliasChoices("first", "second"))

    @app.post("/")
    async def endpoint(data: Annotated[Model, Form()]) -> int:
        return data.value

    assert (await post_text(app, "first=&second=2")).json() == 2
    assert places(await post_text(app, "first=1&second=2")) == [("extra_forbidden", ["body", "second"])]


async def test_body_parameters_beside_form_fields_are_read_from_the_form() -> None:
    app = FastLayer()

    @app.post("/")
    async def endpoint(
        a: Annotated[list[str], Body()], b: Annotated[str, Form()], c: Annotated[int, Body()] = 3
    ) -> Any:
        return [a, b, c]

    assert (await post_text(app, "a=1&a=2&b=x&c=")).json() == [["1", "2"], "x", 3]


async def test_a_later_request_object_has_the_form_that_was_parsed() -> None:
    app = FastLayer()

    @app.post("/")
    async def endpoint(request: Request, a: Annotated[str, Form()]) -> Any:
        return [a, (await request.form())["a"], (await request.body()).decode()]

    assert (await post_text(app, "a=x")).json() == ["x", "x", "a=x"]


# --- files ---------------------------------------------------------------------------------------------------

LARGE = b"l" * 1_100_000  # more than the parser keeps in memory


@pytest.mark.parametrize("content", [b"", b"small", LARGE])
async def test_a_file_is_the_same_as_bytes_and_as_an_object(content: bytes) -> None:
    app = FastLayer()

    def size(file: Annotated[bytes, File()]) -> int:
        return len(file)

    @app.post("/")
    async def endpoint(
        file: UploadFile, files: Annotated[list[bytes], File(alias="file")], size: Annotated[int, Depends(size)]
    ) -> Any:
        return [file.file.tell(), len(await file.read()), [len(one) for one in files], size]

    answer = await post(app, multipart(("file", "a.txt", content, "text/plain")))
    assert answer.json() == [0, len(content), [len(content)], len(content)]


async def test_a_file_input_without_a_selection_counts_as_missing() -> None:
    app = FastLayer()

    @app.post("/")
    async def endpoint(
        one: Annotated[bytes, File()], many: Annotated[list[UploadFile], File()], other: UploadFile | None = None
    ) -> Any:
        return other

    unselected = [(name, "", b"", "application/octet-stream") for name in ("one", "many", "other")]
    assert places(await post(app, multipart(*unselected))) == [
        ("missing", ["body", "one"]),
        ("missing", ["body", "many"]),
    ]


async def test_a_dependency_that_read_a_part_of_a_file_leaves_the_rest() -> None:
    app = FastLayer()

    async def prefix(file: UploadFile) -> bytes:
        return await file.read(2)

    def rest(prefix: Annotated[bytes, Depends(prefix)], file: Annotated[bytes, File()]) -> bytes:
        return file

    @app.post("/")
    async def endpoint(rest: Annotated[bytes, Depends(rest)], file: UploadFile) -> Any:
        return [rest.decode(), file.file.tell()]

    assert (await post(app, multipart(("file", "a", b"hello", None)))).json() == ["llo", 2]


async def test_text_in_the_place_of_a_file_is_an_error() -> None:
    app = FastLayer()

    @app.post("/")
    async def endpoint(file: UploadFile) -> None: ...

    assert places(await post(app, multipart(("file", None, b"text", None)))) == [("value_error", ["body", "file"])]


class Opened:
    """Every spooled file that was made, with how often each was closed."""

    def __init__(self) -> None:
        self.closings: list[int] = []


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Opened:
    seen = Opened()

    class Counted(tempfile.SpooledTemporaryFile[bytes]):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            self.index = len(seen.closings)
            seen.closings.append(0)

        def close(self) -> None:
            seen.closings[self.index] += 1
            super().close()

    monkeypatch.setattr("starlette.formparsers.SpooledTemporaryFile", Counted)
    return seen


UPLOAD = multipart(("file", "a", b"1", None), ("file", "b", LARGE, None), ("other", "c", b"2", None))


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(UPLOAD, id="whole"),
        pytest.param(UPLOAD[:200], id="cut in the second file"),
        pytest.param(UPLOAD.replace(b"--x--", b"--xx"), id="without an end"),
        pytest.param(UPLOAD + b"--x\r\nnonsense", id="with nonsense behind it"),
        pytest.param(UPLOAD.replace(b'name="other"', b"nameless"), id="with a part without a name"),
    ],
)
async def test_every_file_that_was_opened_is_closed_once(opened: Opened, body: bytes) -> None:
    app = FastLayer()

    @app.post("/")
    async def endpoint(file: Annotated[list[bytes], File()]) -> int:
        return len(file)

    answer = await post(app, body)
    assert answer.status < 500
    assert opened.closings
    assert set(opened.closings) == {1}


async def test_files_are_closed_when_the_client_leaves_in_the_middle(opened: Opened) -> None:
    app = FastLayer()

    @app.post("/")
    async def endpoint(file: UploadFile) -> None: ...

    headers = {"content-type": "multipart/form-data; boundary=x"}
    answer = await call(app, "/", "POST", body=[UPLOAD[:300], UPLOAD[300:]], headers=headers, leave_after=1)
    assert opened.closings
    assert set(opened.closings) == {1}
    assert answer.raised is None


async def test_files_are_closed_when_the_endpoint_fails(opened: Opened) -> None:
    app = FastLayer()

    @app.post("/")
    async def endpoint(file: UploadFile) -> None:
        raise RuntimeError

    answer = await post(app, UPLOAD)
    assert isinstance(answer.raised, RuntimeError)
    assert set(opened.closings) == {1}


async def test_reading_a_file_leaves_its_position() -> None:
    upload = UploadFile(BytesIO())
    await upload.write(b"hello")
    await upload.seek(2)
    assert (await read_rest(upload), upload.file.tell()) == (b"llo", 2)
    assert (await read_whole(upload), upload.file.tell()) == (b"hello", 2)
    form = await load_form(FormData([("file", upload)]), {"file"})
    assert content_of(upload, getattr(form, "contents")) == b"llo"  # noqa: B009  # the attribute is what is tested
    assert content_of(upload, {}) == b"llo"
    await upload.close()


# --- JSON in parts -------------------------------------------------------------------------------------------


async def test_a_parameter_that_says_so_is_read_as_json_from_its_part() -> None:
    app = FastLayer()

    @app.post("/")
    async def endpoint(
        person: Annotated[Person, Form(media_type="application/json")], file: Annotated[bytes, File()]
    ) -> Any:
        return [person.name, len(file)]

    file: Part = ("file", "a", b"123", None)
    for filename, content_type in ((None, None), (None, "application/json"), ("blob", "application/json")):
        answer = await post(app, multipart(("person", filename, b'{"name": "a"}', content_type), file))
        assert answer.json() == ["a", 3]
    assert places(await post(app, multipart(("person", None, b'{"name": 1}', None), file))) == [
        ("string_type", ["body", "person", "name"])
    ]
    assert places(await post(app, multipart(("person", None, b"{", None), file))) == [
        ("json_invalid", ["body", "person"])
    ]
    assert places(await post(app, multipart(file))) == [("missing", ["body", "person"])]


@pytest.mark.parametrize(
    "annotation", [Annotated[Person, Form()], Annotated[Person, Body()], Annotated[dict[str, str], Form()]]
)
async def test_a_part_that_says_so_is_read_as_json(annotation: Any) -> None:
    app = FastLayer()

    @app.post("/")
    async def endpoint(person: annotation, file: Annotated[bytes, File()]) -> Any:
        return person

    part: Part = ("person", "blob", b'{"name": "a"}', "application/json")
    answer = await post(app, multipart(part, ("file", "a", b"1", None)))
    assert answer.json()["name"] == "a"


def test_json_parts_are_described_under_their_name() -> None:
    app = FastLayer()

    @app.post("/")
    async def endpoint(person: Annotated[Person, Form(media_type="application/json")]) -> None: ...

    document = app.openapi()
    (content,) = document["paths"]["/"]["post"]["requestBody"]["content"].items()
    assert content[0] == "multipart/form-data"
    body = document["components"]["schemas"][content[1]["schema"]["$ref"].rsplit("/", 1)[1]]
    assert body["properties"] == {"person": {"$ref": "#/components/schemas/Person"}}
    assert body["required"] == ["person"]


async def test_a_group_is_spread_over_fields_where_no_part_is_json() -> None:
    app = FastLayer()

    @app.post("/")
    async def endpoint(person: Annotated[Person, Form()], file: Annotated[bytes, File()]) -> str:
        return person.name

    assert (await post(app, multipart(("name", None, b"a", None), ("file", "a", b"1", None)))).json() == "a"


# --- limits --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("body", ["a=1&b=2&c=3", "a=" + "1" * 30])
async def test_limits_hold_for_short_forms_too(body: str) -> None:
    app = FastLayer(form_limits={"max_fields": 2, "max_part_size": 20})

    @app.post("/")
    async def endpoint(a: Annotated[str, Form()]) -> str:
        return a

    assert (await post_text(app, "a=1&b=2")).json() == "1"
    assert (await post_text(app, body)).status == 400


@pytest.mark.parametrize("text", ["", "&&", "a", "=", "=x", "a=b=c", "a=%zz&b=%", "a=+&%41=1", "a=1;b=2", "\xff=\xfe"])
async def test_short_forms_are_read_as_starlette_reads_them(text: str) -> None:
    body = text.encode("latin-1")

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body}

    headers = [(b"content-type", b"application/x-www-form-urlencoded")]
    expected = await Request({"type": "http", "headers": headers}, receive).form()
    found = urlencoded_form(body, 1000, 1000)
    assert found is not None
    assert found.multi_items() == expected.multi_items()
