"""Every file in docs_src/ is run by some test: named in one, or imported by a file that is."""

import ast
from collections.abc import Iterable
from pathlib import Path

from tests.package_source import ROOT, package_modules


def constants(files: Iterable[Path]) -> set[str]:
    """Return every string in `files`, and every module they import, dotted."""
    found: set[str] = set()
    for node in (node for file in files for node in ast.walk(ast.parse(file.read_text()))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.add(node.value)
        elif isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
            found.add(node.module or "")
    return found


def names(path: str) -> set[str]:
    """Return what a test may call "bookshop/main.py": its path, or its dotted name, with or without `docs_src`."""
    dotted = path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    return {path, f"docs_src/{path}", dotted, f"docs_src.{dotted}"}


def unexercised(examples: Path, tests: Path) -> list[str]:
    """Return the files below `examples` that no test runs. Packages' empty `__init__.py` need no test."""
    modules = {module.path: module for module in package_modules(examples)}
    said = {text.partition(":")[0] for text in constants(tests.rglob("*.py"))}
    reached = {path for path in modules if names(path) & said}
    pending = list(reached)
    while pending:
        targets = {target for _, target, _ in modules[pending.pop()].imports} - reached
        reached |= targets
        pending += targets
    said |= constants(examples / path for path in reached)
    others = (path.relative_to(examples).as_posix() for path in examples.rglob("*") if path.is_file())
    data = {path for path in others if not path.endswith((".py", ".pyc"))}
    reached |= {path for path in data if names(path) & said or Path(path).name in said}
    # Importing a module runs the `__init__.py` of every folder above it.
    reached |= {f"{folder}/__init__.py" for path in reached for folder in Path(path).parents}
    return sorted((data | {path for path in modules if modules[path].text.strip()}) - reached)


def test_every_file_of_docs_src_is_run_by_a_test() -> None:
    assert unexercised(ROOT / "docs_src", ROOT / "tests") == []


def test_a_file_that_no_test_runs_is_named(tmp_path: Path) -> None:
    files = {
        "docs_src/shop/__init__.py": "",
        "docs_src/shop/main.py": "from .models import Book\nTEMPLATE = 'page.html'",
        "docs_src/shop/models.py": "class Book: ...",
        "docs_src/shop/page.html": "<p>",
        "docs_src/shop/forgotten.py": "import docs_src.shop.models",
        "docs_src/shop/forgotten.html": "<p>",
        "tests/test_shop.py": "import uvicorn\nuvicorn.run('docs_src.shop.main:app')",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)

    assert unexercised(tmp_path / "docs_src", tmp_path / "tests") == ["shop/forgotten.html", "shop/forgotten.py"]
