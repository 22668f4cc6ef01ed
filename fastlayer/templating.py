"""Starlette's, under the import path users expect. Importing it needs jinja2."""

from starlette.templating import Jinja2Templates as Jinja2Templates
