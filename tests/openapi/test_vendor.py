"""The script that vendors the pages' files: what does not match its hash is not kept."""

import io
import os
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from fastlayer.openapi import assets

ROOT = Path(__file__).parents[2]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the script and its pins, with an npm client that packs an archive of ours."""
    for name in ("scripts/vendor-docs-assets", "fastlayer/openapi/assets.py"):
        target = tmp_path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes((ROOT / name).read_bytes())
    with tarfile.open(tmp_path / "other.tgz", "w:gz") as archive:
        info = tarfile.TarInfo("package/swagger-ui-bundle.js")
        info.size = 4
        archive.addfile(info, io.BytesIO(b"evil"))
    npm = tmp_path / "bin" / "npm"
    npm.parent.mkdir()
    npm.write_text(f"#!/bin/sh\ncp '{tmp_path}/other.tgz' packed.tgz && echo packed.tgz\n")
    npm.chmod(0o755)
    return tmp_path


def run(project: Path, *arguments: str, path: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(project / "scripts" / "vendor-docs-assets"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, "PATH": path})


def test_an_archive_with_another_hash_is_refused(project: Path) -> None:
    result = run(project, path=f"{project / 'bin'}:{os.environ['PATH']}")
    assert result.returncode != 0
    assert "is not what was pinned" in result.stderr
    assert assets.SWAGGER.integrity in result.stderr
    assert not list(project.rglob("*.js"))


def test_without_an_npm_client_it_says_what_will_happen(project: Path) -> None:
    result = run(project, path=str(project))
    assert result.returncode != 0
    assert "CDN" in result.stderr


def test_the_check_names_what_is_missing(project: Path) -> None:
    result = run(project, "--check", path=str(project))
    assert result.returncode != 0
    assert all(asset.served_name in result.stderr for asset in assets.ASSETS)


def test_where_the_files_are_only_welcome_it_says_in_one_line_that_they_are_missing(project: Path) -> None:
    result = run(project, "--if-possible", path=str(project))
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.startswith("note: ")
    assert "CDN" in result.stdout
    assert "no npm client" in result.stdout
    assert result.stdout.count("\n") == 1


def test_a_wrong_hash_is_one_line_too_where_the_files_are_only_welcome(project: Path) -> None:
    result = run(project, "--if-possible", path=f"{project / 'bin'}:{os.environ['PATH']}")
    assert result.returncode == 0
    assert "is not what was pinned" in result.stdout
    assert not list(project.rglob("*.js"))
