"""Starlette's, under the import path users expect."""

from starlette.middleware.authentication import AuthenticationMiddleware as AuthenticationMiddleware
