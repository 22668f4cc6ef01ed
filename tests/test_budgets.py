"""The budgets of DESIGN §2. A place over one is mended, or stands in that budget's table of excuses with its reason."""

import ast
import graphlib
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from tests.package_source import MODULES, Module

MODULE_LINES = 400
FUNCTION_LINES = 50
USUAL_FUNCTION_LINES = 25  # what 90 % of the functions keep to
BRANCHES = 12

# Place -> reason. A place is "routing.py" for a module and "routing.py: APIRouter.include_router" for a function.
EXCUSED_MODULES: dict[str, str] = {}
EXCUSED_FUNCTIONS: dict[str, str] = {}
EXCUSED_BRANCHES: dict[str, str] = {}
EXCUSED_PRIVATE_NAMES: dict[str, str] = {}  # "routing.py: table._name"
EXCUSED_CYCLES: dict[str, str] = {}  # "a.py b.py"
EXCUSED_ISINSTANCE: dict[str, str] = {}
EXCUSED_ASSERTS: dict[str, str] = {}
EXCUSED_CACHES: dict[str, str] = {}  # "types.py: NAME"

EMPTY_CONTAINER = re.compile(r"\{\}|\[\]|(\w+\.)?((dict|list|set|OrderedDict|Weak\w+)\(\)|defaultdict\(.*\))")
REMEMBERING = {"cache", "lru_cache"}

Function = ast.FunctionDef | ast.AsyncFunctionDef
NESTED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)
FORKS = (ast.If, ast.IfExp, ast.For, ast.AsyncFor, ast.While, ast.ExceptHandler, ast.match_case)


def functions(tree: ast.AST, prefix: str = "") -> Iterator[tuple[str, Function]]:
    """Yield every function below `tree` with its qualified name, those inside other functions too."""
    for node in ast.iter_child_nodes(tree):
        name = f"{prefix}{node.name}" if isinstance(node, Function | ast.ClassDef) else ""
        if isinstance(node, Function):
            yield name, node
        yield from functions(node, f"{name}." if name else prefix)


def body_lines(function: Function) -> int:
    """Return the number of lines from the first statement to the last. A docstring is no statement here."""
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def branches(node: ast.AST) -> int:
    """Return the number of forks below `node`; those of functions inside it are their own."""
    inner = [child for child in ast.iter_child_nodes(node) if not isinstance(child, NESTED)]
    return sum(isinstance(child, FORKS) + branches(child) for child in inner)


def measured(measure: Callable[[Function], int]) -> dict[str, int]:
    """Return what `measure` says of every function in the package, by its place."""
    return {f"{module.path}: {name}": measure(node) for module in MODULES for name, node in functions(module.tree)}


def stem(path: str) -> str:
    return path.removesuffix(".py").rpartition("/")[2]


def is_private(name: str) -> bool:
    return name.startswith("_") and not name.endswith("__")


def private_names(module: Module) -> Iterator[str]:
    """Yield the private names of other modules that `module` imports or reaches for."""
    yield from (f"{module.path}: {stem(target)}.{name}" for _, target, name in module.imports if is_private(name))
    borrowed = {stem(target) for _, target, name in module.imports if not name}
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Attribute) and is_private(node.attr) and ast.unparse(node.value) in borrowed:
            yield f"{module.path}: {ast.unparse(node)}"


def mutable_caches(module: Module) -> Iterator[str]:
    """Yield the empty containers that `module` keeps for itself, and its functions that remember their results."""
    for node in module.tree.body:
        if not isinstance(node, ast.Assign | ast.AnnAssign) or node.value is None:
            continue
        target = node.targets[0] if isinstance(node, ast.Assign) else node.target
        if EMPTY_CONTAINER.fullmatch(ast.unparse(node.value)):
            yield f"{module.path}: {ast.unparse(target)}"
    for name, function in functions(module.tree):
        decorators = [ast.unparse(decorator).partition("(")[0] for decorator in function.decorator_list]
        if any(decorator.rpartition(".")[2] in REMEMBERING for decorator in decorators):
            yield f"{module.path}: {name}"


def import_cycle(modules: Iterable[Module]) -> str:
    """Return the modules of a cycle, or "" where there is none."""
    known = {module.path: {target for _, target, _ in module.imports} - {module.path} for module in modules}
    try:
        graphlib.TopologicalSorter(known).prepare()
    except graphlib.CycleError as error:
        return " ".join(sorted(set(error.args[1])))
    return ""


def count(module: Module, wanted: Callable[[ast.AST], bool]) -> int:
    return sum(wanted(node) for node in ast.walk(module.tree))


def is_assert(node: ast.AST) -> bool:
    return isinstance(node, ast.Assert)


def is_isinstance(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "isinstance"


def unexcused(over: Iterable[str], excused: dict[str, str]) -> list[str]:
    """Return what is wrong: places over the budget without an excuse, and excuses that nothing needs any more."""
    places = set(over)
    over_budget = [f"over the budget: {place}" for place in sorted(places - set(excused))]
    return over_budget + [f"no longer needs its excuse: {place}" for place in sorted(set(excused) - places)]


def test_a_module_has_at_most_400_lines() -> None:
    long = [module.path for module in MODULES if len(module.text.splitlines()) > MODULE_LINES]
    assert unexcused(long, EXCUSED_MODULES) == []


def test_a_function_body_has_at_most_50_lines() -> None:
    long = [place for place, lines in measured(body_lines).items() if lines > FUNCTION_LINES]
    assert unexcused(long, EXCUSED_FUNCTIONS) == []


def test_nine_functions_of_ten_have_at_most_25_lines() -> None:
    lines = measured(body_lines)
    long = [place for place in lines if lines[place] > USUAL_FUNCTION_LINES]
    assert len(long) <= len(lines) / 10, sorted(long)


def test_a_function_has_at_most_12_branches() -> None:
    forked = [place for place, forks in measured(branches).items() if forks > BRANCHES]
    assert unexcused(forked, EXCUSED_BRANCHES) == []


def test_a_private_name_stays_in_its_module() -> None:
    taken = [place for module in MODULES for place in private_names(module)]
    assert unexcused(taken, EXCUSED_PRIVATE_NAMES) == []


def test_the_modules_import_each_other_without_cycles() -> None:
    assert unexcused(filter(None, [import_cycle(MODULES)]), EXCUSED_CYCLES) == []


def test_the_request_loop_and_its_sources_ask_no_value_for_its_type() -> None:
    hot = [module for module in MODULES if module.path in {"execution/plan.py", "execution/sources.py"}]
    assert unexcused([module.path for module in hot if count(module, is_isinstance)], EXCUSED_ISINSTANCE) == []


def test_the_package_raises_rather_than_asserts() -> None:
    assert unexcused([module.path for module in MODULES if count(module, is_assert)], EXCUSED_ASSERTS) == []


def test_no_module_keeps_a_cache() -> None:
    assert unexcused([place for module in MODULES for place in mutable_caches(module)], EXCUSED_CACHES) == []


def written(tmp_path: Path, **files: str) -> dict[str, Module]:
    package = tmp_path / "fastlayer"
    package.mkdir()
    for name, text in files.items():
        (package / f"{name}.py").write_text(text)
    return {name: Module(f"{name}.py", package) for name in files}


def test_the_measures_see_what_they_are_for(tmp_path: Path) -> None:
    source = """
class Thing:
    def method(self, value):
        '''A docstring
        of two lines.'''
        assert value

        for item in value:
            if isinstance(item, int):
                pass
        def inner():
            return 1 if value else 2
        return inner
"""
    module = written(tmp_path, module=source)["module"]
    found = dict(functions(module.tree))
    assert {name: body_lines(node) for name, node in found.items()} == {"Thing.method": 8, "Thing.method.inner": 1}
    assert {name: branches(node) for name, node in found.items()} == {"Thing.method": 2, "Thing.method.inner": 1}
    assert (count(module, is_assert), count(module, is_isinstance)) == (1, 1)


def test_private_names_caches_and_cycles_are_seen(tmp_path: Path) -> None:
    modules = written(
        tmp_path,
        one="from fastlayer import two\nfrom .two import _secret\nprint(two._hidden, two.open, two.__doc__)",
        two="import functools\nseen: dict[str, int] = {}\nTABLE, NAMES = {1: 2}, set('ab')\nmet = set()\n"
        "@functools.cache\ndef f(): ...",
        three="def late():\n    from fastlayer import four",
        four="import fastlayer.three",
    )
    assert list(private_names(modules["one"])) == ["one.py: two._secret", "one.py: two._hidden"]
    assert list(mutable_caches(modules["two"])) == ["two.py: seen", "two.py: met", "two.py: f"]
    assert import_cycle(modules.values()) == "four.py three.py"
    assert import_cycle([modules["one"], modules["two"]]) == ""


def test_an_excuse_must_be_needed() -> None:
    assert unexcused(["a.py"], {"a.py": "reason"}) == []
    assert unexcused(["a.py"], {"b.py": "reason"}) == ["over the budget: a.py", "no longer needs its excuse: b.py"]
