"""Starlette's, under the import path users expect."""

from starlette.testclient import TestClient as TestClient
