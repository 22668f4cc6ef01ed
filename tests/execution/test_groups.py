"""Models whose fields are parameters of their own: files as bytes, names of headers, unions with functions around."""

from typing import Annotated, Any

import pytest
from pydantic import BaseModel, BeforeValidator

from fastlayer import FastLayer, File, Form, Header, UploadFile
from fastlayer.execution.received import NOTHING

from ..in_memory import call

pytestmark = pytest.mark.anyio


class Upload(BaseModel):
    title: str
    cover: bytes = File()
    pages: list[bytes] = File()


async def test_files_of_a_form_model_are_read_as_bytes() -> None:
    app = FastLayer()

    @app.post("/")
    async def endpoint(upload: Annotated[Upload, Form()]) -> Any:
        return [upload.title, upload.cover, upload.pages]

    parts = [('"title"', "t"), ('"cover"; filename="c"', "C"), ('"pages"; filename="1"', "1"), ('"pages"', "2")]
    body = "".join(f"--x\r\nContent-Disposition: form-data; name={name}\r\n\r\n{text}\r\n" for name, text in parts)
    headers = {"content-type": "multipart/form-data; boundary=x"}
    answer = await call(app, "/", "POST", headers=headers, body=f"{body}--x--\r\n".encode())
    assert answer.json() == ["t", "C", ["1", "2"]]


class Documents(BaseModel):
    one: Annotated[UploadFile, File()]
    maybe: Annotated[UploadFile | None, File()] = None
    many: list[UploadFile] = File([])
    small: bytes | None = File(None)
    smalls: list[bytes] = File([])


@pytest.mark.parametrize("marker", [Form(), Form(media_type="multipart/form-data")])
async def test_files_of_a_form_model_may_be_optional_and_lists(marker: Any) -> None:
    app = FastLayer()

    @app.post("/")
    async def endpoint(files: Annotated[Documents, marker]) -> Any:
        return [
            files.one.filename,
            files.maybe and files.maybe.filename,
            [(one.filename, (await one.read()).decode()) for one in files.many],
            files.small,
            files.smalls,
        ]

    async def sent(*names: str) -> Any:
        parts = [f'Content-Disposition: form-data; name="{name}"; filename="{name}"\r\n\r\nx\r\n' for name in names]
        body = "".join(f"--x\r\n{part}" for part in parts) + "--x--\r\n"
        headers = {"content-type": "multipart/form-data; boundary=x"}
        return (await call(app, "/", "POST", headers=headers, body=body.encode())).json()

    assert await sent("one") == ["one", None, [], None, []]
    names = ("one", "maybe", "many", "many", "small", "smalls", "smalls")
    assert await sent(*names) == ["one", "maybe", [["many", "x"]] * 2, "x", ["x", "x"]]
    assert [error["loc"] for error in (await sent("many"))["detail"]] == [["body", "one"]]


class Traced(BaseModel):
    x_number: int
    age: int


async def test_errors_name_headers_as_they_are_sent() -> None:
    app = FastLayer()

    @app.get("/")
    async def endpoint(traced: Annotated[Traced, Header()]) -> None: ...

    answer = await call(app, headers={"x-number": "a", "age": "b"})
    assert [error["loc"] for error in answer.json()["detail"]] == [["header", "x-number"], ["header", "age"]]


class Near(BaseModel):
    near: int


class Far(BaseModel):
    far: int


def doubled(value: Any) -> Any:
    return Near(near=2) if value == {"near": "1"} else value


async def test_a_function_around_a_union_may_make_the_model_itself() -> None:
    app = FastLayer()

    @app.post("/")
    async def endpoint(place: Annotated[Annotated[Near | Far, BeforeValidator(doubled)], Form()]) -> Any:
        return place

    async def answer_to(body: bytes) -> Any:
        headers = {"content-type": "application/x-www-form-urlencoded"}
        return (await call(app, "/", "POST", headers=headers, body=body)).json()

    assert await answer_to(b"near=1") == {"near": 2}
    assert await answer_to(b"near=3") == {"near": 3}
    assert await answer_to(b"far=1") == {"far": 1}


def test_what_did_not_arrive_says_so_in_a_debugger() -> None:
    assert repr(NOTHING) == "NOTHING"
