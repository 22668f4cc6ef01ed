"""The tests bite: each mutation breaks one promise in a copy of the package, and a test of that promise must fail.

A mutation names the text it replaces. Where the package no longer has that text, the mutation is out of date, and the
test says so.
"""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FAILED = 1  # pytest's exit code when tests ran and some failed


@dataclass
class Mutation:
    promise: str
    file: str
    old: str
    new: str
    tests: str  # the file to run, then an expression for -k


MUTATIONS = [
    Mutation(
        "a dependency is called once per request",
        "execution/compile.py",
        "(known := self.known.get(",
        "(known := {}.get(",
        "tests/execution/test_plan.py called_once",
    ),
    Mutation(
        "what was opened is closed in reverse",
        "execution/lifetimes.py",
        "        leave = exits.pop()\n",
        "        leave = exits.pop(0)\n",
        "tests/test_lifecycle_order.py reverse_of_opening",
    ),
    Mutation(
        "all teardowns run",
        "execution/lifetimes.py",
        "                raised.append(error)\n",
        "                raised.append(error)\n                exits.clear()\n",
        "tests/execution/test_lifetimes.py all_teardowns",
    ),
    Mutation(
        "scope response closes before background tasks",
        "execution/handler.py",
        '    failure = await close(exchange, "response", failure, cleanup)\n',
        "",
        "tests/test_lifecycle_order.py plain_request",
    ),
    Mutation(
        "teardown is shielded from cancellation",
        "execution/lifetimes.py",
        "        cleanup.shield = True\n",
        "        pass\n",
        "tests/execution/test_lifetimes.py not_cut_short",
    ),
    Mutation(
        "a swallowed exception is an error",
        "execution/lifetimes.py",
        "                exception = _swallowed(leave, exception)\n",
        "                exception = None\n",
        "tests/execution/test_lifetimes.py swallow",
    ),
    Mutation(
        "a result is validated, which drops what the model does not have",
        "execution/respond.py",
        "        if type(result) is not model:\n",
        "        if False:\n",
        "tests/execution/test_respond.py lets_out_only_its_fields",
    ),
    Mutation(
        "an instance that does not hold what its fields say is validated anew",
        "execution/respond.py",
        'to_json(result, warnings="error", by_alias=by_alias)',
        'to_json(result, warnings="none", by_alias=by_alias)',
        "tests/execution/test_response_leaks.py put_in_place",
    ),
    Mutation(
        "JSON without a content type is refused",
        "execution/bodies.py",
        "        return not strict\n",
        "        return True\n",
        "tests/execution/test_handler.py content_type",
    ),
    Mutation(
        "JSON of another content type is refused",
        "execution/bodies.py",
        '    return is_json_type(content_type.decode("latin-1"))\n',
        "    return True\n",
        "tests/execution/test_handler.py content_type",
    ),
    Mutation(
        "teardowns have threads of their own",
        "execution/threads.py",
        "counted=False",
        "counted=True",
        "tests/execution/test_threads.py five_threads",
    ),
    Mutation(
        "a native cancellation waits for the thread",
        "workers.py",
        "            while not visit.ended:\n",
        "            while False:\n",
        "tests/execution/test_lifetimes.py native_cancellation_waits",
    ),
    Mutation(
        "a generator is closed when its client leaves",
        "execution/streams.py",
        "            await close_generator(response.generator, worker_context())\n",
        "            pass\n",
        "tests/test_lifecycle_order.py client_leaves",
    ),
    Mutation(
        "context variables set in a thread are seen after it",
        "execution/threads.py",
        "    _set_all(context)\n",
        "    pass\n",
        "tests/execution/test_threads.py context_variables",
    ),
    Mutation(
        "other dependencies run although one is invalid",
        "execution/plan.py",
        "    return not (errors or step.is_last",
        "    return not (True or step.is_last",
        "tests/execution/test_plan.py does_not_stop",
    ),
    Mutation(
        "a shared dependency's errors repeat a bounded number of times",
        "execution/plan.py",
        "MAX_REPEATS = 32",
        "MAX_REPEATS = 320",
        "tests/execution/test_plan.py twelve_levels",
    ),
    Mutation(
        "a teardown begins although its task was cancelled",
        "workers.py",
        "if visit.must_run or not visit.future",
        "if not visit.future",
        "tests/execution/test_faults.py however_often",
    ),
    Mutation(
        "a sync generator of a returned stream is closed",
        "execution/streams.py",
        "    elif generator is not None:\n",
        "    elif False:\n",
        "tests/execution/test_faults.py wherever",
    ),
    Mutation(
        "a secret in text is masked",
        "redaction.py",
        "    if is_raw_body or any(",
        "    if any(",
        "tests/test_redaction.py another_type",
    ),
    Mutation(
        "a shutdown waits for cancelled requests",
        "lifespans.py",
        "    if tasks:\n",
        "    if False:\n",
        "tests/test_lifespans.py cancelled_requests",
    ),
]


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.promise.replace(" ", "-"))
def test_a_broken_promise_fails_a_test(mutation: Mutation, tmp_path: Path) -> None:
    copy_project(tmp_path)
    target = tmp_path / "fastlayer" / mutation.file
    source = target.read_text()
    assert mutation.old in source, f"out of date: {mutation.file} no longer says {mutation.old!r}"
    target.write_text(source.replace(mutation.old, mutation.new, 1))
    file, _, expression = mutation.tests.partition(" ")
    done = run_tests(tmp_path, file, expression)
    assert done.returncode == FAILED, f"no test noticed:\n{done.stdout}{done.stderr}"


def test_without_mutation_the_same_tests_pass_on_the_copy(tmp_path: Path) -> None:
    copy_project(tmp_path)
    chosen = [mutation.tests.partition(" ") for mutation in MUTATIONS]
    files, expressions = sorted({file for file, _, _ in chosen}), sorted({words for _, _, words in chosen})
    done = run_tests(tmp_path, *files, " or ".join(expressions))
    assert done.returncode == 0, done.stdout + done.stderr
    place = subprocess.run(
        [sys.executable, "-c", "import fastlayer; print(fastlayer.__file__)"],
        cwd=tmp_path,
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        check=True,
    )
    assert place.stdout.startswith(str(tmp_path))


def copy_project(target: Path) -> None:
    skip = shutil.ignore_patterns("__pycache__", "ecosystem", "browser", "docs")
    shutil.copytree(ROOT / "fastlayer", target / "fastlayer", ignore=skip)
    shutil.copytree(ROOT / "tests", target / "tests", ignore=skip)
    shutil.copy(ROOT / "pyproject.toml", target)


def environment(place: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("COV", "PYTEST"))}
    return {**kept, "PYTHONPATH": str(place)}


def run_tests(place: Path, *files_and_expression: str) -> subprocess.CompletedProcess[str]:
    *files, expression = files_and_expression
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "--timeout=60"]
    return subprocess.run(
        [*command, *files, "-k", expression],
        cwd=place,
        env=environment(place),
        capture_output=True,
        text=True,
        check=False,
    )
