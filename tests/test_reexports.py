"""The import paths that are Starlette's objects under another name."""

import importlib
import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    ("module", "names"),
    [
        ("requests", ["Request", "HTTPConnection"]),
        ("websockets", ["WebSocket", "WebSocketDisconnect", "WebSocketState"]),
        ("staticfiles", ["StaticFiles"]),
        ("templating", ["Jinja2Templates"]),
        ("concurrency", ["run_in_threadpool", "iterate_in_threadpool", "run_until_first_complete"]),
        ("datastructures", ["URL", "Address", "FormData", "Headers", "QueryParams", "State"]),
        ("status", ["HTTP_200_OK", "WS_1008_POLICY_VIOLATION"]),
    ],
)
def test_the_objects_are_starlettes_own(module: str, names: list[str]) -> None:
    ours, theirs = importlib.import_module(f"fastlayer.{module}"), importlib.import_module(f"starlette.{module}")
    for name in names:
        assert getattr(ours, name) is getattr(theirs, name)


def test_a_deprecated_status_name_works_and_warns() -> None:
    from fastlayer import status

    with pytest.warns(Warning, match="HTTP_422_UNPROCESSABLE_CONTENT"):
        assert status.HTTP_422_UNPROCESSABLE_ENTITY == 422
    with pytest.raises(AttributeError):
        _ = status.HTTP_999_NOTHING


@pytest.mark.parametrize("library", ["httpx", "httpx2", "jinja2", "multipart", "email_validator", "numpy"])
def test_importing_the_package_does_not_import_an_optional_library(library: str) -> None:
    code = f"import sys, fastlayer; sys.exit({library!r} in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
