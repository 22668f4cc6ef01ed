"""Programs and processes under the alias."""

import json
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from tests.compat.programs import run

APP = """
from fastapi import FastAPI

app = FastAPI()


@app.get("/")
def index():
    import fastapi

    return {"class": FastAPI.__module__, "version": fastapi.__version__}
"""


def test_a_script_runs_with_its_arguments_and_its_folder(tmp_path: Path) -> None:
    (tmp_path / "neighbour.py").write_text("value = 3")
    script = tmp_path / "app.py"
    script.write_text(
        "import sys, fastapi, neighbour\n"
        "print(__name__, sys.argv[1:], neighbour.value, fastapi.FastAPI.__module__, __file__)\n"
    )
    said = run("-m", "fastlayer.compat", str(script), "--port", "1")
    assert said == f"__main__ ['--port', '1'] 3 fastlayer.compat.applications {script}"


def test_a_module_runs_from_the_working_folder(tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(
        "import sys, fastapi\nprint(__name__, sys.argv[1:], fastapi.FastAPI.__module__)"
    )
    said = run("-m", "fastlayer.compat", "-m", "program", "x", cwd=tmp_path)
    assert said == "__main__ ['x'] fastlayer.compat.applications"


@pytest.mark.parametrize("arguments", [(), ("--help",), ("-m",)])
def test_without_a_program_it_says_how_it_is_used(arguments: tuple[str, ...]) -> None:
    assert run("-m", "fastlayer.compat", *arguments, fails=True).startswith("usage: python -m fastlayer.compat")


@pytest.mark.parametrize("method", ["spawn", "forkserver", "fork"])
def test_processes_get_the_alias_before_they_import_the_program(tmp_path: Path, method: str) -> None:
    script = tmp_path / "app.py"
    script.write_text(
        "import multiprocessing\n"
        "from fastapi import FastAPI\n"
        "def work(queue):\n"
        "    queue.put(FastAPI.__module__)\n"
        "if __name__ == '__main__':\n"
        f"    context = multiprocessing.get_context({method!r})\n"
        "    queue = context.Queue()\n"
        "    process = context.Process(target=work, args=(queue,))\n"
        "    process.start()\n"
        "    print(queue.get(timeout=30))\n"
        "    process.join()\n"
    )
    assert run("-m", "fastlayer.compat", str(script)) == "fastlayer.compat.applications"


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def ask(url: str, process: subprocess.Popen[bytes]) -> dict[str, str]:
    """The answer, as soon as there is a server."""
    deadline = time.monotonic() + 30
    while True:
        try:
            with urllib.request.urlopen(url) as response:
                return json.load(response)
        except urllib.error.URLError:
            assert process.poll() is None, "the server ended"
            assert time.monotonic() < deadline, "no server within 30 seconds"
            time.sleep(0.05)  # between two attempts


@pytest.mark.parametrize("option", [("--reload",), ("--workers", "2")], ids=["reload", "workers"])
def test_uvicorn_serves_in_processes_of_its_own(tmp_path: Path, option: tuple[str, ...]) -> None:
    (tmp_path / "app.py").write_text(APP)
    port = free_port()
    command = [sys.executable, "-m", "fastlayer.compat", "-m", "uvicorn", "app:app", "--port", str(port), *option]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            assert ask(f"http://127.0.0.1:{port}/", process) == {
                "class": "fastlayer.compat.applications",
                "version": "0.165.0",
            }
        finally:
            process.terminate()


def test_the_pytest_plugin_has_tests_import_fastlayer(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(
        "from fastapi import FastAPI\n"
        "def test_it():\n"
        "    assert FastAPI.__module__ == 'fastlayer.compat.applications'\n"
    )
    said = run("-m", "pytest", "-p", "fastlayer.compat.pytest", "-p", "no:cacheprovider", str(tmp_path), cwd=tmp_path)
    assert "fastapi: FastLayer, through its alias" in said
    assert "1 passed" in said
