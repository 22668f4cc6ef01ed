"""Middleware under the import paths users expect; Starlette underneath."""

from starlette.middleware import Middleware as Middleware
