"""The package as text: its modules, their syntax trees and which of them import which. Read by the house rules."""

import ast
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "fastlayer"


class Import(NamedTuple):
    """`line` of a module imports `target` ("openapi/models.py"); `name` is what is taken from it, "" for all of it."""

    line: int
    target: str
    name: str


class Module:
    """One file of a package. `path` is relative to the package: "openapi/models.py"."""

    def __init__(self, path: str, package: Path = PACKAGE) -> None:
        self.path = path
        self.package = package
        self.text = (package / path).read_text()
        self.tree = ast.parse(self.text, path)

    @cached_property
    def imports(self) -> list[Import]:
        """What it imports from its own package, wherever in the file: under `if TYPE_CHECKING` and in functions too."""
        return [found for node in ast.walk(self.tree) for found in self.imports_at(node)]

    def imports_at(self, node: ast.AST) -> Iterator[Import]:
        """Yield what the statement `node` itself imports from the package, not what is inside it."""
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
            yield from (Import(node.lineno, target, "") for name in names if (target := self._file(name)))
        elif isinstance(node, ast.ImportFrom):
            origin = self._absolute(node)
            for alias in node.names:
                if submodule := self._file(f"{origin}.{alias.name}"):
                    yield Import(node.lineno, submodule, "")
                elif target := self._file(origin):
                    yield Import(node.lineno, target, alias.name)

    def _absolute(self, node: ast.ImportFrom) -> str:
        if not node.level:
            return node.module or ""
        here = [self.package.name, *Path(self.path).parent.parts]
        return ".".join([*here[: len(here) - node.level + 1], *filter(None, [node.module])])

    def _file(self, dotted: str) -> str | None:
        """Return the path of the module named `dotted`, or None for one of another package."""
        top, _, rest = dotted.partition(".")
        stem = rest.replace(".", "/")
        candidates = [f"{stem}.py", f"{stem}/__init__.py"] if stem else ["__init__.py"]
        files = (path for path in candidates if (self.package / path).is_file())
        return next(files, None) if top == self.package.name else None


def package_modules(package: Path = PACKAGE) -> list[Module]:
    files = sorted(package.rglob("*.py"))
    return [Module(file.relative_to(package).as_posix(), package) for file in files]


MODULES = package_modules()
