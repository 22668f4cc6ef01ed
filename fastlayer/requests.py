"""Starlette's, under the import path users expect."""

from starlette.requests import HTTPConnection as HTTPConnection
from starlette.requests import Request as Request
