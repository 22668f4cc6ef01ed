"""Starlette's, under the import path users expect."""

from starlette.middleware.gzip import GZipMiddleware as GZipMiddleware
