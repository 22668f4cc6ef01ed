"""Starlette's, under the import path users expect."""

from starlette.staticfiles import StaticFiles as StaticFiles
