"""Starlette's, under the import path users expect."""

from starlette.templating import *
