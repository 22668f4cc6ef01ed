"""Starlette's, under the import path users expect."""

from starlette.middleware.cors import CORSMiddleware as CORSMiddleware
