"""A tester of APIs, which knows nothing but the document, finds nothing in an application of varied operations."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.servers import serving
from tests.in_memory import FACTOR

from .varied import app

EXAMPLES = 5


def test_the_application_has_at_least_25_operations() -> None:
    assert sum(len(item) for item in app.openapi()["paths"].values()) >= 25


@pytest.mark.timeout(3600)
def test_schemathesis_finds_nothing(tmp_path: Path) -> None:
    places = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    schemathesis = shutil.which("schemathesis", path=places) or pytest.skip("schemathesis is not installed")
    with serving("tests.reliability.varied:app", {}) as address:
        options = ["--checks", "all", "--max-examples", str(EXAMPLES * FACTOR), "--seed", "20", "--no-color"]
        command = [schemathesis, "run", f"{address}/openapi.json", *options]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
