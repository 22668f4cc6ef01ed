"""Static files of a folder: those in it, and none outside, however a path is written."""

from pathlib import Path

import pytest

from fastlayer import APIRouter, FastLayer
from fastlayer.staticfiles import StaticFiles

from .in_memory import call

pytestmark = pytest.mark.anyio

OUTSIDE = [
    "../secret.txt",
    "..%2fsecret.txt",
    "%2e%2e/secret.txt",
    "....//secret.txt",
    "./../secret.txt",
    "deep/../../secret.txt",
    "..\\secret.txt",
    "/../secret.txt",
    "//secret.txt",
    "link.txt",
    "files-of-others/secret.txt",
    "../files-of-others/secret.txt",
    "secret.txt\0",
    "a" * 5000,
]


@pytest.fixture
def app(tmp_path: Path) -> FastLayer:
    folder = tmp_path / "files"
    (folder / "deep").mkdir(parents=True)
    (folder / "tea.txt").write_text("sencha")
    (folder / "deep" / "tea.txt").write_text("assam")
    (tmp_path / "secret.txt").write_text("secret")
    (tmp_path / "files-of-others").mkdir()
    (tmp_path / "files-of-others" / "secret.txt").write_text("secret")
    (folder / "link.txt").symlink_to(tmp_path / "secret.txt")
    app = FastLayer()
    app.mount("/files", StaticFiles(directory=folder), name="files")
    router = APIRouter()
    router.mount("/more", StaticFiles(directory=folder))
    app.include_router(router, prefix="/v1")
    return app


@pytest.mark.parametrize("prefix", ["/files", "/v1/more"])
async def test_files_inside_are_served(app: FastLayer, prefix: str) -> None:
    assert (await call(app, f"{prefix}/tea.txt")).text == "sencha"
    inner = await call(app, f"{prefix}/deep/../deep/tea.txt")
    assert (inner.text, inner.headers["content-type"]) == ("assam", "text/plain; charset=utf-8")
    assert (await call(app, f"{prefix}/tea.txt", "POST")).status == 405


@pytest.mark.parametrize("path", OUTSIDE, ids=lambda path: repr(path[:30]))
@pytest.mark.parametrize("prefix", ["/files", "/v1/more"])
async def test_no_path_leads_out_of_the_folder(app: FastLayer, prefix: str, path: str) -> None:
    answer = await call(app, f"{prefix}/{path}")
    assert (answer.raised, answer.status) == (None, 404)
    assert b"secret" not in answer.body
