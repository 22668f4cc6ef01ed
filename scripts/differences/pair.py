"""The two processes that run each case, side by side."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from scripts.differences.cases import Case, Outcome

ROOT = Path(__file__).resolve().parent.parent.parent
FRAMEWORKS = ("fastapi", "fastlayer:install_as_fastapi")
CASES = 2000
"""How many cases one process runs before a fresh one takes over: thousands of applications are not its business."""


class Pair:
    """Two workers, the real framework first. A context manager: they end with the block."""

    def __init__(self, frameworks: Sequence[str] = FRAMEWORKS) -> None:
        self.frameworks = frameworks
        self.workers: list[subprocess.Popen[str]] = []
        self.asked = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def _start(self) -> None:
        for framework in self.frameworks:
            command = [sys.executable, "-m", "scripts.differences.worker", framework]
            worker = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            self.workers.append(worker)

    def _stop(self) -> None:
        for worker in self.workers:
            worker.kill()
            worker.communicate()
        self.workers.clear()

    def ask(self, case: Case) -> list[Outcome]:
        """Return what the first and what the second make of a case.

        Raises:
            RuntimeError: a worker ended; what it said stands on stderr.
        """
        if self.asked % CASES == 0:
            self._stop()
        if not self.workers:
            self._start()
        self.asked += 1
        line = json.dumps({"source": case.source, "requests": [sent.as_json() for sent in case.requests]}) + "\n"
        for worker in self.workers:
            if worker.stdin:
                worker.stdin.write(line)
                worker.stdin.flush()
        return [self._read(worker, framework) for worker, framework in zip(self.workers, self.frameworks, strict=True)]

    def _read(self, worker: subprocess.Popen[str], framework: str) -> Outcome:
        line = worker.stdout.readline() if worker.stdout else ""
        if not line:
            self._stop()
            raise RuntimeError(f"the worker for {framework} ended")
        return Outcome.from_json(json.loads(line))
