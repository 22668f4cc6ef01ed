"""The middleware modules give the names users import."""

import importlib
import subprocess
import sys
from contextlib import AsyncExitStack

import pytest
import starlette.middleware.cors
from starlette.types import Receive, Scope, Send

from fastlayer.middleware.asyncexitstack import AsyncExitStackMiddleware
from fastlayer.middleware.cors import CORSMiddleware


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("", "Middleware"),
        (".authentication", "AuthenticationMiddleware"),
        (".cors", "CORSMiddleware"),
        (".gzip", "GZipMiddleware"),
        (".httpsredirect", "HTTPSRedirectMiddleware"),
        (".sessions", "SessionMiddleware"),
        (".trustedhost", "TrustedHostMiddleware"),
        (".wsgi", "WSGIMiddleware"),
    ],
)
def test_the_name_is_a_class(module: str, name: str) -> None:
    assert isinstance(getattr(importlib.import_module(f"fastlayer.middleware{module}"), name), type)


def test_starlettes_class_is_the_same_object() -> None:
    assert CORSMiddleware is starlette.middleware.cors.CORSMiddleware


def test_importing_the_package_does_not_warn() -> None:
    subprocess.run([sys.executable, "-W", "error", "-c", "import fastlayer.middleware"], check=True)


@pytest.mark.anyio
async def test_the_exit_stack_is_closed_after_the_app() -> None:
    order: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        stack: AsyncExitStack = scope["fastapi_middleware_astack"]
        stack.callback(order.append, "closed")
        order.append("app")

    async def unused(*_: object) -> None:
        raise AssertionError("called")

    await AsyncExitStackMiddleware(app)({"type": "http"}, unused, unused)  # type: ignore[arg-type]
    assert order == ["app", "closed"]


def test_without_a2wsgi_the_wsgi_class_is_starlettes() -> None:
    code = (
        "import sys, warnings\n"
        "sys.modules['a2wsgi'] = None\n"
        "warnings.simplefilter('ignore')\n"
        "from fastlayer.middleware.wsgi import WSGIMiddleware\n"
        "print(WSGIMiddleware.__module__)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)

    assert done.stdout.strip() == "starlette.middleware.wsgi"
