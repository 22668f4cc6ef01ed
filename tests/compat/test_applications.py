"""The application class under its other name: what it says differently from FastLayer."""

import warnings

import pytest

from fastlayer import FastLayer, Request
from fastlayer.compat.applications import FastAPI
from fastlayer.exceptions import FastLayerDeprecationWarning
from fastlayer.testclient import TestClient


def test_a_root_path_is_deprecated_as_in_fastapi_and_still_works() -> None:
    with pytest.warns(FastLayerDeprecationWarning, match="fastapi run --root-path") as warned:
        app = FastAPI(root_path="/api")
    assert app.root_path == "/api"
    assert warned[0].filename == __file__


def test_nobody_is_warned_without_one() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        FastAPI()
        FastLayer(root_path="/api")


def test_requests_carry_the_root_path_of_the_application() -> None:
    with pytest.warns(FastLayerDeprecationWarning):
        app = FastAPI(root_path="/api")

    @app.get("/x")
    def read(request: Request) -> str:
        return str(request.scope["root_path"])

    assert TestClient(app).get("/x").json() == "/api"
