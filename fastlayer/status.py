"""Starlette's, under the import path users expect."""

from starlette.status import *
