"""A module imports only from the levels above it in DESIGN §2. The table below is that list, and nothing else is."""

from pathlib import Path

import pytest

from tests.package_source import MODULES, Module

# Level, then its modules in order: one may also import those that stand before it at its own level. A name that ends
# with "/" is a folder: what it holds, without a place of its own, has that level and an order of its own. A new module
# elsewhere needs a place here before the build is green.
TABLE = (
    ("0", "version.py exceptions.py logger.py limits.py outcome.py paths.py types.py datastructures.py status.py"),
    ("0", "cancellation.py workers.py"),
    (
        "0",
        "concurrency.py background.py requests.py sse.py responses.py websockets.py staticfiles.py frontend.py",
    ),
    ("0", "templating.py"),
    ("0", "middleware/ telemetry/ lifespans.py"),
    ("1", "core_schemas.py early_refusal.py error_lists.py fields.py jsontypes.py deep_values.py encoders.py"),
    ("1", "openapi/__init__.py openapi/schemes.py openapi/models.py"),
    (
        "2",
        "params.py body_models.py param_functions.py options.py error_answers.py exception_handlers.py redaction.py"
        " error_policy.py",
    ),
    ("3", "typed_websockets.py security/ dependencies/__init__.py dependencies/callables.py dependencies/models.py"),
    ("4", "dependencies/"),
    ("5", "operation.py operation_ids.py"),
    ("6a", "execution/"),
    ("6b", "openapi/"),
    ("7", "inclusion.py table.py route_contexts.py registration.py urls.py"),
    (
        "8",
        "routes.py matching.py dispatch.py derived.py frontends.py routing.py controllers.py resolving.py diagnostics/",
    ),
    ("9", "documentation.py applications.py utils.py testing/ testclient.py"),
    ("10", "compat/ __init__.py cli/ __main__.py"),
)
# Levels that do not know each other, although the order alone would let the first import the second.
STRANGERS = {("6b", "6a")}
PLACES = [(level, name) for level, names in TABLE for name in names.split()]


def place_of(path: str) -> int:
    """Return the position in the table of the file, or of the innermost folder that holds it."""
    holders = {path, *(f"{parent}/" for parent in Path(path).parents)}
    found = [place for place, (_, name) in enumerate(PLACES) if name in holders]
    if not found:
        raise LookupError(f"fastlayer/{path} has no place in TABLE of tests/test_layers.py: give it its level there")
    return max(found, key=lambda place: len(PLACES[place][1]))


def trespasses(module: Module) -> list[str]:
    here = place_of(module.path)
    level, _ = PLACES[here]
    found = []
    for line, target, _ in module.imports:
        there = place_of(target)
        other, _ = PLACES[there]
        if there > here or (there < here and (level, other) in STRANGERS):
            found.append(f"fastlayer/{module.path}:{line} (level {level}) may not import {target} (level {other})")
    return found


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.path)
def test_a_module_imports_only_from_levels_above_it(module: Module) -> None:
    assert trespasses(module) == []


def test_the_slow_half_is_imported_only_when_it_is_asked_for() -> None:
    application = [module for module in MODULES if module.path == "applications.py"]
    eager = [found.target for module in application for node in module.tree.body for found in module.imports_at(node)]
    assert [target for target in eager if PLACES[place_of(target)][0] == "6b"] == []


@pytest.mark.parametrize(
    ("path", "statement", "may_not_import"),
    [
        ("params.py", "from fastlayer.routing import APIRoute", "routing.py"),
        ("params.py", "if TYPE_CHECKING:\n    from fastlayer import routing", "routing.py"),
        ("params.py", "def late():\n    import fastlayer.routing", "routing.py"),
        ("execution/plan.py", "from ..openapi.schemas import anything", "openapi/schemas.py"),
        ("openapi/schemas.py", "from fastlayer.execution import plan", "execution/plan.py"),
        ("routing.py", "from . import FastLayer", "__init__.py"),
        ("routing.py", "from fastlayer.params import Query", None),
    ],
)
def test_a_trespass_is_seen(tmp_path: Path, path: str, statement: str, may_not_import: str | None) -> None:
    package = tmp_path / "fastlayer"
    for name in ("__init__.py", "params.py", "routing.py", "execution/plan.py", "openapi/schemas.py"):
        (package / name).parent.mkdir(parents=True, exist_ok=True)
        (package / name).touch()
    (package / path).write_text(statement)

    found = [report.partition(" may not import ")[2].partition(" ")[0] for report in trespasses(Module(path, package))]

    assert found == ([may_not_import] if may_not_import else [])


def test_a_module_without_a_level_is_reported_by_name() -> None:
    with pytest.raises(LookupError, match=r"fastlayer/novelty\.py has no place"):
        place_of("novelty.py")
