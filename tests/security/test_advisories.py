"""One test for each published advisory of Starlette, python-multipart, uvicorn, FastAPI and peers that concerns a layer
like this one: what was wrong there is not wrong here. A name begins with the advisory's.
"""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import pytest
from pydantic import BaseModel

from fastlayer import Controller, FastLayer, Form, Request, Response, UploadFile
from fastlayer.controllers import get
from fastlayer.middleware.trustedhost import TrustedHostMiddleware
from fastlayer.openapi.docs import get_swagger_ui_html
from fastlayer.responses import FileResponse
from fastlayer.staticfiles import StaticFiles

from ..in_memory import Answer, call

pytestmark = pytest.mark.anyio

MULTIPART = {"content-type": "multipart/form-data; boundary=x"}
URLENCODED = {"content-type": "application/x-www-form-urlencoded"}
CPU_SECONDS = 5  # processor time, not the clock's: what is quadratic takes a minute


class Item(BaseModel):
    name: str


def uploading() -> FastLayer:
    app = FastLayer()

    @app.post("/form")
    async def form(name: Annotated[str, Form()] = "") -> int:
        return len(name)

    @app.post("/files")
    async def files(files: list[UploadFile]) -> list[str | None]:
        return [file.filename for file in files]

    return app


def field(name: str, value: bytes, more: str = "") -> bytes:
    return f'--x\r\ncontent-disposition: form-data; name="{name}"{more}\r\n\r\n'.encode() + value + b"\r\n"


async def cheaply(ask: Callable[[], Any]) -> Answer:
    """The answer, which must not have cost more processor time than a bounded amount."""
    before = time.process_time()
    answer: Answer = await ask()
    assert time.process_time() - before < CPU_SECONDS
    assert answer.raised is None
    return answer


async def post(app: FastLayer, path: str, headers: dict[str, str], body: bytes) -> Answer:
    parts = [body[begin : begin + 65_536] for begin in range(0, len(body), 65_536)]
    return await cheaply(lambda: call(app, path, "POST", headers=headers, body=parts))


# --- bodies -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "", "text/plain; a=json"])
async def test_cve_2021_32677_fastapi_json_from_another_site_is_not_read(content_type: str) -> None:
    app = FastLayer()

    @app.post("/")
    async def endpoint(item: Item) -> str:
        return item.name

    headers = {"content-type": content_type} if content_type else {}
    assert (await post(app, "/", headers, b'{"name": "forged"}')).status == 422


async def test_cve_2023_30798_starlette_parts_of_a_form_are_counted() -> None:
    body = field("name", b"a") * 1001 + b"--x--\r\n"
    assert (await post(uploading(), "/form", MULTIPART, body)).status == 400


async def test_cve_2023_25577_werkzeug_and_cve_2023_25578_starlite_files_of_a_form_are_counted() -> None:
    body = field("files", b"", '; filename="f"') * 1001 + b"--x--\r\n"
    assert (await post(uploading(), "/files", MULTIPART, body)).status == 400


async def test_cve_2024_47874_starlette_a_text_field_is_not_buffered_without_bound() -> None:
    body = field("name", b"a" * (1024 * 1024 + 1)) + b"--x--\r\n"
    assert (await post(uploading(), "/form", MULTIPART, body)).status == 400


async def test_cve_2026_54283_starlette_limits_hold_for_urlencoded_forms_too() -> None:
    many = b"&".join([b"name=a"] * 1001)
    assert (await post(uploading(), "/form", URLENCODED, many)).status == 400
    assert (await post(uploading(), "/form", URLENCODED, b"name=" + b"a" * (1024 * 1024 + 1))).status == 400


async def test_cve_2025_69228_aiohttp_the_limit_of_a_body_counts_all_its_parts() -> None:
    app = FastLayer(max_body_size=10_000)

    @app.post("/")
    async def endpoint(request: Request) -> int:
        return len(await request.form())

    body = field("a", b"a" * 900) * 20 + b"--x--\r\n"
    assert (await post(app, "/", MULTIPART, body)).status == 413


async def test_cve_2026_34517_aiohttp_a_field_is_not_read_whole_before_its_size_is_checked() -> None:
    taken = 0

    async def receive() -> dict[str, Any]:
        nonlocal taken
        taken += 1
        part = field("name", b"")[:-2] if taken == 1 else b"a" * 65_536
        return {"type": "http.request", "body": part, "more_body": taken < 1000}

    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(name.encode(), value.encode()) for name, value in MULTIPART.items()]
    scope: Any = {"type": "http", "method": "POST", "path": "/form", "query_string": b"", "headers": headers}
    await uploading()(scope, receive, send)
    assert sent[0]["status"] == 400
    assert taken < 30


async def test_cve_2026_53540_python_multipart_a_negative_content_length_reads_no_more_than_allowed() -> None:
    app = FastLayer(max_body_size=100)

    @app.post("/")
    async def endpoint(name: Annotated[str, Form()]) -> int:
        return len(name)

    answer = await post(app, "/", {**URLENCODED, "content-length": "-1"}, b"name=" + b"a" * 1000)
    assert answer.status in (400, 413)


# --- what takes too long ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("length", [40, 20_000])
async def test_cve_2024_24762_python_multipart_a_content_type_is_read_in_linear_time(length: int) -> None:
    header = 'application/x-www-form-urlencoded; !="' + "\\" * length
    assert (await post(uploading(), "/form", {"content-type": header}, b"name=a")).status < 500


async def test_cve_2026_28356_multipart_options_of_a_part_are_read_in_linear_time() -> None:
    body = field("name", b"a", "; a=" + '"' * 5000 + "\\" * 5000) + b"--x--\r\n"
    assert (await post(uploading(), "/form", MULTIPART, body)).status < 500


@pytest.mark.parametrize("edge", [b"\r", b"\n", b"\r\n", b"a"])
async def test_cve_2024_53981_and_cve_2026_40347_python_multipart_bytes_around_the_form_are_cheap(edge: bytes) -> None:
    body = edge * 1_000_000 + field("name", b"a") + b"--x--\r\n" + edge * 1_000_000
    assert (await post(uploading(), "/form", MULTIPART, body)).status < 500


@pytest.mark.parametrize("start", [b"\r", b"\n", b"\r\n"])
async def test_cve_2023_46136_werkzeug_a_large_part_that_begins_with_a_line_end_is_cheap(start: bytes) -> None:
    body = field("files", start + b"a" * 8_000_000, '; filename="f"') + b"--x--\r\n"
    assert (await post(uploading(), "/files", MULTIPART, body)).json() == ["f"]


async def test_cve_2026_53539_python_multipart_semicolons_take_linear_time() -> None:
    assert (await post(uploading(), "/form", URLENCODED, b"a;" * 500_000)).status < 500


async def test_cve_2025_62727_starlette_a_range_header_takes_linear_time(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"a" * 100_000)
    app = FastLayer()

    @app.get("/file")
    async def file() -> FileResponse:
        return FileResponse(tmp_path / "file")

    app.mount("/static", StaticFiles(directory=tmp_path))
    ranges = "bytes=" + ",".join(f"{2 * number}-{2 * number}" for number in range(30_000))
    for path in ("/file", "/static/file"):
        assert (await cheaply(lambda path=path: call(app, path, headers={"range": ranges}))).status < 500


# --- files ------------------------------------------------------------------------------------------------------


OUTSIDE = [
    "/static/../outside.txt",
    "/static/%2e%2e/outside.txt",
    "/static/..%2foutside.txt",
    "/static/..\\outside.txt",
    "/static//outside.txt",
    "/static/../static-sibling/file.txt",
    "/static/link.txt",
    "/static/%00",
    "/static/\\\\evil.example\\share",
    "/static/" + "a" * 5000,
]


@pytest.mark.parametrize("path", OUTSIDE)
@pytest.mark.parametrize("kind", ["static", "frontend"])
async def test_cve_2023_29159_starlette_cve_2024_32982_litestar_cve_2022_35920_sanic_files_stay_in_their_folder(
    kind: str, path: str, tmp_path: Path
) -> None:
    (tmp_path / "static").mkdir()
    (tmp_path / "static-sibling").mkdir()
    for place in ("outside.txt", "static-sibling/file.txt"):
        (tmp_path / place).write_text("SECRET")
    (tmp_path / "static" / "link.txt").symlink_to(tmp_path / "outside.txt")
    app = FastLayer()
    if kind == "static":
        app.mount("/static", StaticFiles(directory=tmp_path / "static"))
    else:
        app.frontend("/static", directory=tmp_path / "static")
    from urllib.parse import unquote

    answer = await call(app, unquote(path), scope={"raw_path": path.encode()})
    assert answer.raised is None
    assert answer.status in (404, 405)
    assert b"SECRET" not in answer.body


async def test_cve_2025_69226_aiohttp_a_path_outside_does_not_say_whether_it_exists(tmp_path: Path) -> None:
    (tmp_path / "static").mkdir()
    (tmp_path / "there").write_text("SECRET")
    app = FastLayer()
    app.mount("/static", StaticFiles(directory=tmp_path / "static"))
    app.frontend("/front", directory=tmp_path / "static")
    for prefix in ("/static", "/front"):
        there, missing = await call(app, f"{prefix}/../there"), await call(app, f"{prefix}/../missing")
        assert (there.status, there.body) == (missing.status, missing.body)


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "C:/a", "a/../../b"])
async def test_cve_2026_24486_python_multipart_a_file_name_is_no_path(name: str) -> None:
    app = FastLayer()

    @app.post("/")
    async def endpoint(file: UploadFile) -> list[str]:
        return [str(file.filename), type(file.file.name).__name__]

    body = field("file", b"a" * 2_000_000, f'; filename="{name}"') + b"--x--\r\n"
    # The program is told the name; the file itself has none, but a number.
    assert (await post(app, "/", MULTIPART, body)).json() == [name, "int"]


async def test_cve_2025_54121_starlette_a_large_file_does_not_stop_the_event_loop() -> None:
    import anyio
    import anyio.lowlevel

    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            await anyio.lowlevel.checkpoint()
            turns += 1

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(others)
        body = field("files", b"a" * 4_000_000, '; filename="f"') + b"--x--\r\n"
        assert (await post(uploading(), "/files", MULTIPART, body)).json() == ["f"]
        tasks.cancel_scope.cancel()
    assert turns > 50  # of 62 parts, most were written while others ran


# --- hosts and redirects ----------------------------------------------------------------------------------------


def located() -> FastLayer:
    app = FastLayer()

    @app.get("/public/{rest:path}")
    async def public(request: Request) -> list[str | None]:
        return [request.url.path, request.url.hostname]

    @app.get("/slash/")
    async def slash() -> None: ...

    return app


@pytest.mark.parametrize(
    "host", ["good.example/admin?", "good.example/admin#", "a b", "good.example\\@evil", "@", ":x"]
)
async def test_cve_2026_48710_starlette_a_host_header_does_not_change_the_path(host: str) -> None:
    path, name = (await call(located(), "/public/a", headers={"host": host})).json()
    assert path == "/public/a"
    assert name == "testserver"


async def test_cve_2026_54282_starlette_a_path_without_slash_does_not_become_the_host() -> None:
    app = FastLayer()

    @app.exception_handler(404)
    async def missing(request: Request, error: Exception) -> Response:
        return Response(request.url.hostname)

    answer = await call(app, "@evil.example", headers={"host": "good.example"})
    assert answer.text == "good.example"


@pytest.mark.parametrize(
    "path", ["//evil.example/slash", "//slash", "/\\evil.example/slash", "///evil.example/%2e%2e/slash"]
)
@pytest.mark.parametrize("host", ["good.example", None])
async def test_cve_2021_21330_aiohttp_and_cve_2021_28861_python_a_redirect_stays_on_the_host(
    path: str, host: str | None
) -> None:
    app = FastLayer()

    @app.get("/{a:path}/slash/")
    async def slash() -> None: ...

    for tried in (app, located()):
        answer = await call(tried, path, headers={"host": host} if host else {}, scope={"server": None})
        location = answer.headers.get("location", "")
        assert not location.startswith(("//", "/\\"))
        assert "://" not in location or location.startswith("http://good.example/")


async def test_cve_2026_25479_litestar_an_allowed_host_is_no_pattern() -> None:
    app = located()
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=["a.example", "*.b.example"])
    hosts = ["axexample", "evil-a.example", "a.example.evil", "xb.example", "a.example", "c.b.example"]
    statuses = [(await call(app, "/public/a", headers={"host": host})).status for host in hosts]
    assert statuses == [400, 400, 400, 400, 200, 200]


async def test_ghsa_litestar_a_forwarded_host_is_not_believed() -> None:
    app = located()
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=["a.example"])
    assert (await call(app, "/public/a", headers={"x-forwarded-host": "a.example"})).status == 400


# --- headers and pages ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", ["a\r\nset-cookie: b=c", "a\nx: y", "a\rb", "a\x00b"])
async def test_cve_2020_7695_uvicorn_no_header_splits_a_response(value: str) -> None:
    app = FastLayer()

    @app.get("/header")
    async def header(response: Response) -> None:
        response.headers["x-echo"] = value

    @app.get("/cookie")
    async def cookie(response: Response) -> None:
        response.set_cookie("a", path=value)

    @app.get("/returned")
    async def returned() -> Response:
        return Response(headers={"location": value})

    for path in ("/header", "/cookie", "/returned"):
        answer = await call(app, path)
        assert answer.status == 500
        assert not any(
            b"\n" in text or b"\r" in text or b"\x00" in text for pair in answer.messages[0]["headers"] for text in pair
        )


async def test_cve_2018_25045_django_rest_framework_pages_escape_what_they_show() -> None:
    attack = "</title></script><script>alert(1)</script>'\"`${alert(1)}"
    page = bytes(get_swagger_ui_html(openapi_url=attack, title=attack).body).decode()
    assert "<script>alert" not in page
    assert "alert(1)</script>" not in page


async def test_ghsa_starlette_a_method_of_a_request_names_no_method_of_a_class() -> None:
    class Things(Controller):
        prefix = "/things"

        @get("")
        async def read(self) -> str:
            return "read"

        async def internal(self) -> str:
            return "SECRET"

    app = FastLayer()
    app.include_router(Things)
    for method in ("INTERNAL", "__INIT__", "READ", "internal"):
        assert (await call(app, "/things", method)).status == 405
    assert (await call(app, "/things")).json() == "read"
