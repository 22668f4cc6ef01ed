"""Diagnoses an application: what is registered and probably is not meant. Pure functions; nothing is changed.

Mistakes that can never work are refused when they are registered. What is found here is legal, and FastAPI accepts it
too, but it works otherwise than it reads. Each finding has a code; `FastLayer(silence={"FL105"})` hides one.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from ..exceptions import FastLayerError
from ..logger import logger
from ..resolving import overridden_routes
from ..routes import APIRoute, APIWebSocketRoute
from .answers import bodyless, operation_ids, statuses
from .calls import blocking, contradicting, sync_sockets
from .findings import CODES as CODES
from .findings import Finding as Finding
from .matching import hidden_routes
from .overrides import unused_overrides
from .parameters import bodies, nodes_of, path_parameters, variadic


class DiagnosticsError(FastLayerError):
    """A strict application has findings; `findings` are those."""

    def __init__(self, findings: list[Finding]) -> None:
        self.findings = findings
        super().__init__("\n".join(str(finding) for finding in findings))


def diagnose(app: Any) -> list[Finding]:
    """What is probably a mistake in the app's routes, in the order of registration; silenced codes are left out.

    `app` is a FastLayer application; applications mounted in it are diagnosed on their own.
    """
    silenced = set(app.silence)
    found = dict.fromkeys((*_of_routes(app), *_of_app(app, silenced)))
    return [finding for finding in found if finding.code not in silenced]


def report(app: Any) -> None:
    """Log the findings as warnings of the logger `fastlayer`; a strict app raises them.

    Raises:
        DiagnosticsError: the app is strict and there are findings.
    """
    try:
        findings = diagnose(app)
    except Exception:  # a route of a kind nobody foresaw must not keep an application from serving
        if app.strict:
            raise
        logger.exception("The application could not be diagnosed")
        return
    if findings and app.strict:
        raise DiagnosticsError(findings)
    for finding in findings:
        logger.warning("%s", finding)


def _of_routes(app: Any) -> Iterator[Finding]:
    for route in app.router.routes:
        if isinstance(route, APIRoute):
            yield from bodies(route)
            yield from bodyless(route)
            yield from statuses(route)
        elif isinstance(route, APIWebSocketRoute):
            yield from sync_sockets(route)
        else:
            continue
        nodes = nodes_of(route)
        yield from path_parameters(route, nodes)
        yield from variadic(nodes)
        yield from blocking(nodes, sync_in_thread=app.sync_in_thread)
        yield from contradicting(nodes)


def _of_app(app: Any, silenced: Iterable[str]) -> Iterator[Finding]:
    routes = list(app.router.routes)
    yield from hidden_routes(app.router)
    yield from operation_ids([route for route in routes if isinstance(route, APIRoute)])
    if app.dependency_overrides:
        served = [route for route in overridden_routes(app.router) if isinstance(route, (APIRoute, APIWebSocketRoute))]
        asked = {id(node.call): node.call for route in served for node in nodes_of(route)}
        yield from unused_overrides(app.dependency_overrides, asked.values())
    for code in sorted(set(silenced) - set(CODES)):
        yield Finding("FL115", f"{code!r} is not the code of a diagnostic", "", "See CODES in fastlayer.diagnostics.")
