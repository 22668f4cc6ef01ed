"""`fastapi.routing`."""

from starlette.routing import Mount as Mount

from ..execution.handler import request_response as request_response
from ..routing import APIRoute as APIRoute
from ..routing import APIRouter as APIRouter
from ..routing import APIWebSocketRoute as APIWebSocketRoute
from ..routing import RouteContext as RouteContext
from ..routing import iter_route_contexts as iter_route_contexts


class _IncludedRouter:
    """Never made: included routes stand flat in `router.routes`. For programs that ask `isinstance`."""


class _EffectiveRouteContext:
    """Never made; for programs that ask `isinstance`."""
