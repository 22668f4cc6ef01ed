"""A folder with an application in it, and the command run there."""

import os
import pty
import re
import signal
import struct
import subprocess
import sys
import termios
from collections.abc import Callable, Iterator
from fcntl import ioctl
from pathlib import Path
from typing import NamedTuple

import pytest

from fastlayer.cli.commands import run_command

ROOT = Path(__file__).parents[2]

SHOP = '''
from fastlayer import Depends, FastLayer, WebSocket
from fastlayer.security import APIKeyHeader

key = APIKeyHeader(name="x-key")


def database():
    yield "database"


app = FastLayer(title="Shop")


@app.get("/items/{item_id}", status_code=200)
def read_item(
    item_id: int, q: str | None = None, db: str = Depends(database), key: str = Depends(key)
) -> dict[str, int]:
    """Read one item."""
    return {"item_id": item_id}


@app.websocket("/ws/{room}")
async def talk(websocket: WebSocket, room: str) -> None: ...
'''


class Result(NamedTuple):
    status: int
    out: str
    err: str


Command = Callable[..., Result]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty current folder. What is imported from it is forgotten afterwards."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        file = getattr(sys.modules[name], "__file__", None) or ""
        if file.startswith(str(tmp_path)):
            del sys.modules[name]


@pytest.fixture
def shop(folder: Path) -> Path:
    (folder / "main.py").write_text(SHOP)
    return folder


@pytest.fixture
def command(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Runs `fastlayer ARGUMENTS` in this process."""

    def run(*arguments: str) -> Result:
        monkeypatch.setattr(sys, "argv", ["fastlayer", *arguments])
        status = 0
        try:
            run_command()
        except SystemExit as exc:
            status = int(exc.code or 0)
        out, err = capsys.readouterr()
        return Result(status, out, err)

    return run


def in_process(*arguments: str, folder: Path, **environment: str) -> Result:
    """Runs `python -m fastlayer ARGUMENTS` in a process of its own."""
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    done = subprocess.run(
        [sys.executable, "-m", "fastlayer", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": path, **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return Result(done.returncode, done.stdout, done.stderr)


def plain(text: str) -> str:
    """The text without what colours it."""
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text)


def on_a_terminal(*arguments: str, folder: Path, columns: int = 80, until: str = "") -> tuple[int, list[str]]:
    """The exit status and the lines a terminal of that width gets. Ctrl+C ends the command when it has said `until`."""
    ours, theirs = pty.openpty()
    ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    environment = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
    environment |= {
        "TERM": "xterm",
        "PYTHONPATH": os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH")))),
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "fastlayer", *arguments],
        cwd=folder,
        env=environment,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    chunks = []
    try:
        while chunk := os.read(ours, 65536):
            chunks.append(chunk)
            if until and until.encode() in b"".join(chunks):
                process.send_signal(signal.SIGINT)
                until = ""
    except OSError:  # Linux ends a pseudo-terminal whose other side is closed like this
        pass
    os.close(ours)
    return process.wait(), plain(b"".join(chunks).decode()).splitlines()
