"""Makes the virtual environments the other scripts work in, with the standard library and pip alone.

Knows how to find an interpreter, what pyproject.toml asks for, and when an environment is out of date; nothing of what
is run in it afterwards.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NoReturn

ROOT = Path(__file__).resolve().parent.parent
PYPROJECT = ROOT / "pyproject.toml"
NAME_AND_BOUND = re.compile(r"^\s*(?P<name>[\w.-]+)\s*(\[[^\]]*\])?\s*(?P<clauses>[^;]*)")


def stop(message: str) -> NoReturn:
    """End the script with one line on stderr and exit status 1."""
    print(f"error: {message}", file=sys.stderr)
    raise SystemExit(1)


def version_of(interpreter: str) -> str:
    """Return "3.13.0" for an interpreter that runs, "" for one that does not (a pyenv shim may be an empty promise)."""
    ask = [interpreter, "-c", "import platform; print(platform.python_version())"]
    try:
        return subprocess.run(ask, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


def require_python() -> None:
    """Continue under an installed Python 3.11 or newer where the running one is older; without any, end the script."""
    if sys.version_info >= (3, 11):  # noqa: UP036 - this file is what says so to an older one
        return
    for name in ("python3.13", "python3.12", "python3.11"):
        interpreter = shutil.which(name)
        if interpreter and version_of(interpreter):
            os.execv(interpreter, [interpreter, *sys.argv])
    stop("the project needs Python 3.11 or newer, and none of python3.11, python3.12, python3.13 is here")


def _candidates(wanted: str) -> Iterator[str]:
    for name in (wanted, f"python{wanted}"):
        found = shutil.which(name)
        if found:
            yield found
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    yield from (str(folder / "bin" / "python") for folder in sorted(pyenv.glob(f"{wanted}*"), reverse=True))


def find_interpreter(wanted: str | None) -> str:
    """Return the path of the interpreter asked for: "3.13", a command, a path, or None for the one running now."""
    if wanted is None:
        return sys.executable
    for candidate in _candidates(wanted):
        version = version_of(candidate)
        if version:
            if tuple(map(int, version.split(".")[:2])) < (3, 11):
                stop(f"{candidate} is Python {version}; the project needs 3.11 or newer")
            return candidate
    stop(f"no Python {wanted} on this machine: install it, or give --python the path of an interpreter")


def _pyproject() -> dict[str, Any]:
    import tomllib  # here, so that an older Python gets as far as `require_python`

    return tomllib.loads(PYPROJECT.read_text())


def _requirements(extra: str, groups: Iterable[str]) -> Iterator[str]:
    project = _pyproject()["project"]
    yield from project["dependencies"]
    yield from project["optional-dependencies"][extra]
    yield from group_requirements(groups)


def group_requirements(groups: Iterable[str]) -> Iterator[str]:
    """Return the requirements of the dependency groups, and of those they include."""
    data = _pyproject()
    pending = list(groups)
    while pending:
        for entry in data["dependency-groups"][pending.pop()]:
            if isinstance(entry, str):
                yield entry
            else:
                pending.append(entry["include-group"])


def lowest_pins(extra: str, groups: Iterable[str]) -> list[str]:
    """Return `name==version` with the lower bound of every direct requirement. One without a bound ends the script."""
    pins = []
    for requirement in _requirements(extra, groups):
        match = NAME_AND_BOUND.match(requirement)
        bound = match and re.search(r"(?:>=|==|~=)\s*([\w.]+)", match["clauses"])
        if not match or not bound:
            stop(f"pyproject.toml gives {requirement!r} no lower bound, which --lowest needs")
        pins.append(f"{match['name']}=={bound[1]}")
    return sorted(pins)


def left_out(requirements: Iterable[str], install: Callable[[list[str]], bool]) -> list[str]:
    """Install what can be had together, in the order given; return the requirements that cannot.

    `install` gets all that were accepted so far and the next one, so what contradicts an earlier one is left out too.
    """
    accepted: list[str] = []
    refused: list[str] = []
    for requirement in requirements:
        (accepted if install([*accepted, requirement]) else refused).append(requirement)
    return refused


def vendor_docs_assets() -> None:
    """Put the documentation pages' files into the package where an npm client can fetch them; say so where not."""
    script = str(ROOT / "scripts" / "vendor-docs-assets")
    subprocess.run([sys.executable, script, "--if-possible"], cwd=ROOT, check=False)


class Environment:
    """A virtual environment in the project's folder, made and filled when first asked for.

    It is `.venv`; a `purpose` and an interpreter asked for by name (as `find_interpreter` takes it) give it another
    folder: `.venv-lowest`, `.venv-3.13`.
    """

    def __init__(self, purpose: str = "", python: str | None = None) -> None:
        words = [".venv", purpose, re.sub(r"[^\w.]+", "_", python or "").strip("_")]
        self.folder = ROOT / "-".join(filter(None, words))
        self.interpreter = find_interpreter(python)
        self.python = self.folder / "bin" / "python"

    def install(self, groups: Sequence[str], *, extra: str = "standard", lowest: bool = False) -> None:
        """Install the project (editable), its extra and `groups`; nothing is done where that was done before."""
        if self._is_done(extra, groups, lowest):
            return
        self._prepare(extra, groups)
        options = [option for group in groups for option in ("--group", group)]
        if lowest:
            constraints = self.folder / "lowest.txt"
            constraints.write_text("\n".join(lowest_pins(extra, groups)) + "\n")
            options += ["--constraint", str(constraints)]
        self._pip("--editable", f".[{extra}]", *options)
        self._note_done(extra, groups, lowest)

    def install_what_there_is(self, group: str, *, extra: str = "standard") -> None:
        """Install as `install` does, except that a package of `group` that cannot be had keeps no other one away.

        What is left out is named on stderr, and tried again the next time.
        """
        if self._is_done(extra, [group]):
            return
        self._prepare(extra, [group])
        project = ["--editable", f".[{extra}]"]
        if self._try_pip(*project, "--group", group):
            self._note_done(extra, [group])
            return
        print(f"note: not all of the group {group} can be installed together; now one by one", file=sys.stderr)
        self._pip(*project)
        for requirement in left_out(group_requirements([group]), lambda some: self._try_pip(*project, *some)):
            print(f"note: {requirement} cannot be installed", file=sys.stderr, flush=True)

    def _stamp(self, extra: str, groups: Sequence[str]) -> Path:
        return self.folder / f"installed-{'-'.join((extra, *groups))}"

    def _wanted(self, lowest: bool) -> str:
        version = version_of(self.interpreter)
        return hashlib.sha256(f"{version}\0{ROOT}\0{lowest}\0".encode() + PYPROJECT.read_bytes()).hexdigest()

    def _is_done(self, extra: str, groups: Sequence[str], lowest: bool = False) -> bool:
        stamp = self._stamp(extra, groups)
        return stamp.is_file() and stamp.read_text() == self._wanted(lowest)

    def _note_done(self, extra: str, groups: Sequence[str], lowest: bool = False) -> None:
        self._stamp(extra, groups).write_text(self._wanted(lowest))

    def _prepare(self, extra: str, groups: Sequence[str]) -> None:
        """Make the environment, with a pip that reads dependency groups."""
        self._create(version_of(self.interpreter))
        print(f"Installing {', '.join((extra, *groups))} into {self.folder.name} ...", flush=True)
        self._pip("--upgrade", "pip>=25.1")  # the first release that reads them

    def _create(self, version: str) -> None:
        """Make the environment, anew where the one that is there has another Python or was made elsewhere."""
        made_for = self.folder / "made-for"
        identity = f"{version} {ROOT}"
        if made_for.is_file() and made_for.read_text() == identity and version_of(str(self.python)) == version:
            return
        print(f"Creating {self.folder.name} with Python {version} ...", flush=True)
        if subprocess.run([self.interpreter, "-m", "venv", "--clear", str(self.folder)], check=False).returncode:
            stop("could not create a virtual environment (Debian and Ubuntu keep that in the package python3-venv)")
        made_for.write_text(identity)

    def _try_pip(self, *arguments: str) -> bool:
        command = [str(self.python), "-m", "pip", "--disable-pip-version-check", "-qq", "install", *arguments]
        return subprocess.run(command, cwd=ROOT, check=False).returncode == 0

    def _pip(self, *arguments: str) -> None:
        if not self._try_pip(*arguments):
            stop(f"pip could not install into {self.folder.name}; its own message is above")
