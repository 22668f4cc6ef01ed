"""The alias wins over the real FastAPI, which the packages here bring with them."""

import importlib.metadata
from pathlib import Path

import fastapi

import fastlayer


def test_the_real_one_is_installed_and_ours_is_imported():
    real = Path(importlib.metadata.distribution("starlette").locate_file("fastapi/__init__.py"))  # type: ignore[arg-type]
    assert real.exists()
    assert issubclass(fastapi.FastAPI, fastlayer.FastLayer)
    assert fastapi.__version__ == importlib.metadata.version("fastapi") == "0.165.0"
