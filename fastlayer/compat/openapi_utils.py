"""`fastapi.openapi.utils`."""

from ..openapi.utils import get_openapi as get_openapi
