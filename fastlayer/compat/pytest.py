"""A pytest plugin, `-p fastlayer.compat.pytest`: the tests import FastLayer where they say `fastapi`.

Loading it is all: pytest loads plugins named on its command line before anything imports the program under test.
"""

from . import install

install()


def pytest_report_header() -> str:
    """Say so in the report."""
    return "fastapi: FastLayer, through its alias"
