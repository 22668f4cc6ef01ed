"""Frontends serve files of one directory, with fallbacks, and nothing else."""

import os
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import anyio
import pytest
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.routing import Match, NoMatchFound, Router
from starlette.testclient import TestClient
from starlette.types import Message, Receive, Scope, Send

from fastlayer.frontend import FrontendGroup, FrontendRoute, Respond, is_navigation, select_frontend

HTML = {"accept": "text/html"}


@pytest.fixture
def dist(tmp_path: Path) -> Path:
    root = tmp_path / "dist"
    for name, content in {
        "index.html": "index",
        "app.js": "js",
        "about/index.html": "about",
        "evil.example/index.html": "evil",
        "empty/.keep": "",
    }.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(content)
    (tmp_path / "secret.txt").write_text("secret")
    return root


def client(*frontends: tuple[str, Path], **options: Any) -> TestClient:
    group = FrontendGroup()
    for path, directory in frontends:
        group.add_frontend_route(path, directory=directory, **options)
    return TestClient(Starlette(routes=[group]), follow_redirects=False)


async def ask(app: Any, path: str, **extra: Any) -> tuple[int, dict[bytes, bytes], bytes]:
    """One request below any URL parsing."""
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        await anyio.sleep_forever()
        raise AssertionError("not cancelled")

    scope = {"type": "http", "method": "GET", "path": path, "query_string": b"", "headers": [], "root_path": ""}
    await app({**scope, **extra}, receive, send)
    return sent[0]["status"], dict(sent[0]["headers"]), b"".join(message.get("body", b"") for message in sent)


@pytest.mark.parametrize("prefix", ["/", "/app", "/app/"])
@pytest.mark.parametrize(
    ("method", "path", "status", "text"),
    [
        ("GET", "/", 200, "index"),
        ("GET", "/app.js", 200, "js"),
        ("GET", "/app.js/", 200, "js"),
        ("HEAD", "/app.js", 200, ""),
        ("GET", "/about/", 200, "about"),
        ("GET", "/about/index.html", 200, "about"),
        ("GET", "/about", 307, ""),
        ("HEAD", "/about", 307, ""),
        ("GET", "/empty/", 404, "Not Found"),
        ("GET", "/missing", 404, "Not Found"),
        ("POST", "/", 405, "Method Not Allowed"),
        ("POST", "/about", 405, "Method Not Allowed"),
        ("OPTIONS", "/app.js", 405, "Method Not Allowed"),
        ("POST", "/empty/", 404, "Not Found"),
        ("DELETE", "/missing", 404, "Not Found"),
    ],
)
def test_files_index_pages_and_methods(dist: Path, prefix: str, method: str, path: str, status: int, text: str) -> None:
    response = client((prefix, dist)).request(method, prefix.rstrip("/") + path)
    assert (response.status_code, response.text) == (status, text)


def test_the_prefix_without_its_slash_redirects_and_keeps_the_query(dist: Path) -> None:
    response = client(("/app", dist)).get("/app?a=1")
    assert (response.status_code, response.headers["location"]) == (307, "http://testserver/app/?a=1")


def test_files_carry_validators_and_answer_conditions(dist: Path) -> None:
    files = client(("/", dist))
    first = files.get("/app.js")
    again = files.get("/app.js", headers={"if-none-match": first.headers["etag"]})
    assert again.status_code == 304
    assert files.get("/app.js", headers={"range": "bytes=0-0"}).text == "j"


@pytest.mark.parametrize(
    ("fallback", "files", "headers", "status", "text"),
    [
        ("auto", (), HTML, 404, "Not Found"),
        ("auto", ("index.html",), HTML, 200, "index.html"),
        ("auto", ("index.html",), {}, 404, "Not Found"),
        ("auto", ("index.html", "404.html"), HTML, 404, "404.html"),
        ("auto", ("index.html", "404.html"), {}, 404, "404.html"),
        ("index.html", ("index.html", "404.html"), HTML, 200, "index.html"),
        ("404.html", ("index.html", "404.html"), HTML, 404, "404.html"),
        (None, ("index.html", "404.html"), HTML, 404, "Not Found"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_fallbacks(
    tmp_path: Path, fallback: Any, files: Iterable[str], headers: Any, status: int, text: str, method: str
) -> None:
    for name in files:
        (tmp_path / name).write_text(name)
    response = client(("/", tmp_path), fallback=fallback).request(method, "/settings/me", headers=headers)
    assert (response.status_code, response.text) == (status, text if method == "GET" else "")


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_other_methods_never_get_the_fallback(dist: Path, method: str) -> None:
    assert client(("/", dist)).request(method, "/settings", headers=HTML).status_code == 404


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("text/html", True),
        ("TEXT/HTML", True),
        ("application/xhtml+xml", True),
        ("application/json, text/html", True),
        ("text/html;charset=utf-8; q=0.8", True),
        ("text/html;q=wat", True),
        ("text/html;q=0,application/xhtml+xml", True),
        ("text/html;q=0", False),
        ("text/html ; Q=0.000", False),
        ('text/html;q="0"', False),
        ("text/html; q=0, */*; q=1", False),
        ("*/*", False),
        ("text/*", False),
        ("application/json", False),
        ("", False),
    ],
)
def test_a_navigation_request_names_html_itself(accept: str, expected: bool) -> None:
    assert is_navigation({"type": "http", "headers": [(b"accept", accept.encode())]}) is expected


@pytest.mark.parametrize(
    "path",
    [
        "/../secret.txt",
        "/about/../../secret.txt",
        "/..",
        "/..\\secret.txt",
        "/\\..\\secret.txt",
        "//etc/passwd",
        "///etc/passwd",
        "/about//../..//secret.txt",
        "/C:/secret.txt",
        "/C:\\secret.txt",
        "/\\\\host\\share\\secret.txt",
        "/link.txt",
        "/up/secret.txt",
        "/a\0.txt",
        "/secret.txt\0.js",
        "/\udcff",
        "/\ud800",
        "/" + "x" * 5000,
        "/" + "a/" * 3000,
    ],
)
@pytest.mark.anyio
async def test_no_path_leaves_the_directory(dist: Path, path: str) -> None:
    os.symlink(dist.parent / "secret.txt", dist / "link.txt")
    os.symlink(dist.parent, dist / "up")
    group = FrontendGroup()
    group.add_frontend_route("/", directory=dist, fallback=None)
    status, _, body = await ask(Starlette(routes=[group]), path)
    assert (status, body) == (404, b"Not Found")


def test_links_inside_the_directory_are_served(dist: Path) -> None:
    os.symlink(dist / "app.js", dist / "link.js")
    assert client(("/", dist)).get("/link.js").text == "js"


@pytest.mark.anyio
async def test_a_redirect_stays_on_the_host_even_if_the_host_is_unknown(dist: Path) -> None:
    group = FrontendGroup()
    group.add_frontend_route("/", directory=dist)
    app = Starlette(routes=[group])
    for path in ("//evil.example", "///evil.example"):
        status, headers, _ = await ask(app, path)
        assert status == 307
        assert not headers[b"location"].startswith((b"//", b"/\\"))
        status, headers, _ = await ask(app, path, headers=[(b"host", b"good.example")], scheme="https")
        assert headers[b"location"].startswith(b"https://good.example/")


def test_a_file_that_may_not_be_read_is_refused(dist: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    route = FrontendRoute("/", directory=dist)

    def denied(path: str) -> Any:
        raise PermissionError

    monkeypatch.setattr(route.app, "lookup_path", denied)
    assert TestClient(Starlette(routes=[route])).get("/app.js").status_code == 401


def test_prefixes_end_at_a_segment(dist: Path) -> None:
    assert client(("/app", dist)).get("/application", headers=HTML).status_code == 404


def test_the_longest_path_answers_even_without_a_file(dist: Path, tmp_path: Path) -> None:
    admin = tmp_path / "admin"
    admin.mkdir()
    (admin / "index.html").write_text("admin")
    for order in ([("/", dist), ("/admin", admin)], [("/admin", admin), ("/", dist)]):
        both = client(*order)
        assert both.get("/admin/settings", headers=HTML).text == "admin"
        assert both.get("/settings", headers=HTML).text == "index"
        assert both.get("/admin/app.js").status_code == 404


def test_of_equal_paths_the_first_answers(dist: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "only.txt").write_text("only")
    both = client(("/x", dist), ("/x/", other))
    assert both.get("/x/app.js").text == "js"
    assert both.get("/x/only.txt").status_code == 404


def test_selection_across_included_groups_prefers_the_longest_joined_path(dist: Path) -> None:
    site, admin, again = FrontendGroup(), FrontendGroup(), FrontendGroup()
    site.add_frontend_route("/", directory=dist)
    site.add_frontend_route("/admin/deep", directory=dist)
    admin.add_frontend_route("/", directory=dist)
    again.add_frontend_route("/", directory=dist)
    groups = [("", site), ("/admin", admin), ("/admin/", again)]

    def chosen(path: str, kind: str = "http") -> FrontendGroup | None:
        found = select_frontend(groups, {"type": kind, "path": path, "method": "GET"})
        return found and found[0]

    assert chosen("/") is site
    assert chosen("/admin") is admin
    assert chosen("/admin/x") is admin
    assert chosen("/admin/deep/x") is site
    assert chosen("/administrator") is site
    assert chosen("/", "websocket") is None


def test_a_match_says_where_the_file_lies(dist: Path) -> None:
    route = FrontendRoute("/app", directory=dist)
    scope = {"type": "http", "path": "/app/a/b.js", "method": "GET", "fastapi": {"kept": 1}}
    match, child = route.matches(scope)
    assert match is Match.FULL
    assert child["fastapi"]["frontend_path"] == "a/b.js"
    assert child["fastapi"]["kept"] == 1
    assert route.matches({"type": "websocket", "path": "/app"}) == (Match.NONE, {})


@pytest.mark.parametrize(
    ("root_path", "path", "location"),
    [
        ("/proxy", "/proxy/app/about", "/proxy/app/about/"),
        ("/proxy", "/app/about", "/app/about/"),
        ("/proxy/", "/proxy/app/about", "/proxy/app/about/"),
    ],
)
@pytest.mark.anyio
async def test_the_root_path_is_taken_off(dist: Path, root_path: str, path: str, location: str) -> None:
    group = FrontendGroup()
    group.add_frontend_route("/app", directory=dist)
    app = Router(routes=[group])
    status, headers, _ = await ask(app, path, root_path=root_path, headers=[(b"host", b"h")], scheme="http")
    assert (status, headers[b"location"].decode()) == (307, f"http://h{location}")
    assert (await ask(app, path + "/", root_path=root_path))[2] == b"about"


@pytest.mark.anyio
async def test_a_group_matches_for_itself_when_called_directly(dist: Path) -> None:
    group = FrontendGroup()
    group.add_frontend_route("/app", directory=dist)
    assert (await ask(group.handle, "/app/app.js"))[2] == b"js"
    with pytest.raises(HTTPException) as caught:
        await ask(group.handle, "/missing")
    assert caught.value.status_code == 404


def test_the_guard_runs_around_reading_requests_only(dist: Path) -> None:
    seen: list[str] = []

    async def guard(scope: Scope, receive: Receive, send: Send, respond: Respond) -> None:
        seen.append(scope["path"])
        if scope["path"] == "/app.js":
            raise HTTPException(401)
        response = await respond()
        response.headers["x-guard"] = "1"
        await response(scope, receive, send)
        seen.append("torn down")

    group = FrontendGroup(guard=guard)
    group.add_frontend_route("/", directory=dist)
    guarded = TestClient(Starlette(routes=[group]))
    assert guarded.get("/app.js").status_code == 401
    assert guarded.get("/settings", headers=HTML).headers["x-guard"] == "1"
    assert guarded.post("/app.js").status_code == 405
    assert seen == ["/app.js", "/settings", "torn down"]


def test_urls_are_not_made_for_frontends(dist: Path) -> None:
    group = FrontendGroup()
    group.add_frontend_route("/", directory=dist)
    for route in (group, group.routes[0]):
        with pytest.raises(NoMatchFound):
            route.url_path_for("frontend")


@pytest.mark.parametrize(
    ("path", "fallback", "message"), [("", "auto", "empty"), ("app", "auto", "start with"), ("/", "x.html", "fallback")]
)
def test_mistakes_are_reported_at_registration(dist: Path, path: str, fallback: Any, message: str) -> None:
    with pytest.raises(AssertionError, match=message):
        FrontendRoute(path, directory=dist, fallback=fallback)


@pytest.mark.parametrize("environment", [None, "production", "DEVELOPMENT"])
def test_a_missing_directory_is_an_error_at_registration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, environment: str | None
) -> None:
    monkeypatch.delenv("FASTLAYER_ENV", raising=False)
    monkeypatch.delenv("FASTAPI_ENV", raising=False)
    if environment:
        monkeypatch.setenv("FASTAPI_ENV", environment)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(RuntimeError, match="'missing' does not exist") as caught:
        FrontendRoute("/", directory="missing")
    assert str(tmp_path / "missing") in str(caught.value)


@pytest.mark.parametrize("variable", ["FASTLAYER_ENV", "FASTAPI_ENV"])
def test_while_developing_a_missing_directory_is_a_warning_at_the_users_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, "development")
    group = FrontendGroup()
    with pytest.warns(UserWarning, match="does not exist") as caught:
        group.add_frontend_route("/", directory=tmp_path / "missing")
    assert caught[0].filename == __file__
    with pytest.raises(RuntimeError, match="does not exist"):
        FrontendRoute("/", directory=tmp_path / "missing", check_dir=True)


def test_an_unchecked_directory_may_appear_later(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        files = client(("/", tmp_path / "later"), check_dir=False)
    with pytest.raises(RuntimeError, match="does not exist"):
        files.get("/app.js")
    (tmp_path / "later").mkdir()
    (tmp_path / "later" / "app.js").write_text("js")
    assert files.get("/app.js").text == "js"


@pytest.mark.parametrize("fallback", ["index.html", "404.html"])
def test_a_named_fallback_must_exist(tmp_path: Path, fallback: Any) -> None:
    with pytest.raises(RuntimeError, match=fallback) as caught:
        FrontendRoute("/", directory=tmp_path, fallback=fallback)
    assert str(tmp_path) in str(caught.value)
    files = client(("/", tmp_path), fallback=fallback, check_dir=False)
    with pytest.raises(RuntimeError, match=fallback):
        files.get("/settings", headers=HTML)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no named pipes")
def test_what_is_neither_a_file_nor_a_directory_is_not_found(dist: Path) -> None:
    os.mkfifo(dist / "pipe")
    assert client(("/", dist)).get("/pipe").status_code == 404


def test_a_directory_that_cannot_be_looked_into_for_another_reason_is_an_error(dist: Path) -> None:
    (dist / "loop").symlink_to(dist / "loop")
    with pytest.raises(OSError, match="symbolic links"):
        client(("/", dist)).get("/loop/app.js")


def test_a_directory_that_is_there_while_developing_is_no_warning(dist: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FASTLAYER_ENV", "development")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert client(("/", dist)).get("/app.js").text == "js"
