"""Starlette's, under the import path users expect."""

from starlette.middleware.trustedhost import TrustedHostMiddleware as TrustedHostMiddleware
