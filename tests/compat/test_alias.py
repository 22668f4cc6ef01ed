"""The alias as the import system sees it."""

import importlib
import pkgutil
from pathlib import Path

import pytest

import fastlayer
from fastlayer import compat
from fastlayer.compat.finder import PLACES, Finder, place_of
from tests.compat.programs import run_code, under_alias

SAME = ("params", "param_functions", "security", "security.oauth2", "responses", "encoders", "openapi.models", "sse")


@pytest.mark.parametrize("name", SAME)
def test_where_the_places_agree_the_module_is_the_very_same(name: str) -> None:
    assert under_alias(f"import fastapi.{name} as one, fastlayer.{name} as other; print(one is other)") == "True"


def test_every_place_of_its_own_exists() -> None:
    for below, own in PLACES.items():
        assert importlib.import_module(f"fastlayer.compat.{own}").__doc__, below


def test_every_module_of_the_package_is_found_under_the_alias() -> None:
    names = [
        module.name.removeprefix("fastlayer") for module in pkgutil.walk_packages(fastlayer.__path__, "fastlayer.")
    ]
    finder = Finder("0")
    wanted = [name for name in names if not name.startswith((".compat", ".cli"))]
    assert len(wanted) > 50
    assert [name for name in wanted if finder.find_spec(f"fastapi{name}") is None] == []


@pytest.mark.parametrize("name", ["fastapix", "fast", "starlette", "fastapi_users.router"])
def test_other_names_are_left_to_others(name: str) -> None:
    assert place_of(name) is None
    assert Finder("0").find_spec(name) is None


def test_submodules_are_attributes_without_an_import() -> None:
    assert under_alias(
        "import fastapi; print(fastapi.openapi.models.OAuth2.__name__, fastapi.dependencies.utils.__name__)"
    )
    assert under_alias("from fastapi import params, routing; print(params.__name__)") == "fastlayer.params"


def test_a_name_that_does_not_exist_is_an_attribute_error_and_an_import_error() -> None:
    code = """
        import importlib.util
        import fastapi
        print(hasattr(fastapi, "nothing"), importlib.util.find_spec("fastapi.nothing"))
        try:
            import fastapi.nothing
        except ModuleNotFoundError as exc:
            print(exc)
        try:
            from fastapi import nothing
        except ImportError as exc:
            print(type(exc).__name__)
    """
    assert under_alias(code).splitlines() == ["False None", "No module named 'fastapi.nothing'", "ImportError"]


def test_modules_keep_their_own_spec_so_that_they_can_be_reloaded() -> None:
    code = """
        import importlib
        import fastapi.params, fastapi.routing, fastapi
        print(fastapi.params.__spec__.name, hasattr(fastapi.params, "__path__"))
        print(importlib.reload(fastapi.params) is fastapi.params, importlib.reload(fastapi) is fastapi)
    """
    assert under_alias(code).splitlines() == ["fastlayer.params False", "True True"]


def test_objects_survive_pickling() -> None:
    code = """
        import pickle
        from fastapi import FastAPI, HTTPException, params
        from fastapi.routing import APIRoute
        print(pickle.loads(pickle.dumps([FastAPI, APIRoute, params.Query])) == [FastAPI, APIRoute, params.Query])
    """
    assert under_alias(code) == "True"


def test_a_patched_name_is_seen_by_both() -> None:
    code = """
        import fastapi.encoders, fastlayer.encoders
        fastapi.encoders.jsonable_encoder = "patched"
        print(fastlayer.encoders.jsonable_encoder)
    """
    assert under_alias(code) == "patched"


def test_versions_are_those_of_the_target() -> None:
    code = """
        import importlib.metadata as metadata
        import fastapi
        found = metadata.distribution("FastAPI")
        print(fastapi.__version__, metadata.version("fastapi"), found.metadata["Name"], found.files)
        print("fastapi" in {one.metadata["Name"] for one in metadata.distributions()})
    """
    assert under_alias(code).splitlines() == ["0.165.0 0.165.0 fastapi None", "True"]


def test_installing_again_changes_nothing() -> None:
    code = """
        import sys
        import fastapi
        before = list(sys.meta_path)
        fastlayer.install_as_fastapi()
        print(sys.meta_path == before, fastlayer.compat.is_installed())
    """
    assert under_alias(code) == "True True"


def test_threads_may_install_and_import_at_once() -> None:
    code = """
        import sys
        from concurrent.futures import ThreadPoolExecutor
        from threading import Barrier
        import fastlayer
        from fastlayer.compat.finder import Finder

        start = Barrier(16)

        def work(number):
            start.wait()
            fastlayer.install_as_fastapi()
            import fastapi.routing, fastapi.security.http, fastapi.openapi.utils
            return fastapi.routing.APIRoute

        with ThreadPoolExecutor(16) as pool:
            print(len(set(pool.map(work, range(16)))), sum(isinstance(one, Finder) for one in sys.meta_path))
    """
    assert run_code(code) == "1 1"


def test_coming_too_late_is_said_with_the_place_and_the_remedy(tmp_path: Path) -> None:
    (tmp_path / "fastapi.py").write_text("")
    code = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import fastapi, fastlayer; fastlayer.install_as_fastapi()"
    )
    message = run_code(code, fails=True).splitlines()[-1]
    assert "the real fastapi is already imported" in message
    assert str(tmp_path / "fastapi.py") in message
    assert "python -m fastlayer.compat" in message


def test_the_alias_wins_over_a_real_one(tmp_path: Path) -> None:
    (tmp_path / "fastapi.py").write_text("raise SystemExit('the real one')")
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import fastapi; print(fastapi.FastAPI.__module__)"
    assert under_alias(code) == "fastlayer.compat.applications"


def test_this_process_is_not_under_the_alias() -> None:
    assert not compat.is_installed()
