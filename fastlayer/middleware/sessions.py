"""Starlette's, under the import path users expect. Needs the package `itsdangerous`."""

from starlette.middleware.sessions import SessionMiddleware as SessionMiddleware
