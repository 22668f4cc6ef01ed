"""Dispatcher: a router that finds the route of a request through a table, kept in step with the routes."""

from collections.abc import Iterable, Iterator
from typing import Self

from starlette.responses import RedirectResponse
from starlette.routing import BaseRoute, Match, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from .frontend import FrontendGroup, select_frontend
from .inclusion import RouteList
from .matching import INNER_KEY, asked, described, handler_of, route_path
from .routes import ALLOWED_KEY, CONTEXT_KEY
from .table import Found, Tables, build_tables
from .urls import location, slash_toggled


class Dispatcher(Router):
    """Answers requests by the first route that matches, as Starlette's router does, without trying every route."""

    routes_version = 0
    _routes: RouteList
    _tables: Tables | None = None
    _fallbacks: list[tuple[str, FrontendGroup]]

    @property
    def routes(self) -> RouteList:
        """The routes, those of included routers among them: one flat, live list."""
        return self._routes

    @routes.setter
    def routes(self, routes: Iterable[BaseRoute]) -> None:
        if hasattr(self, "_routes"):
            self._routes[:] = routes
        else:
            self._routes = RouteList(routes, self._forget_tables)

    def __copy__(self) -> Self:
        made = object.__new__(type(self))
        made.__dict__.update(self.__dict__)
        made._routes = RouteList(self._routes, made._forget_tables)
        made._tables = None
        if self.middleware_stack == self.app:
            made.middleware_stack = made.app
        return made

    def _forget_tables(self) -> None:
        self._tables = None
        self.routes_version += 1

    def low_priority_routes(self) -> Iterator[BaseRoute]:
        """Routes that come after all others."""
        yield from ()

    def frontends(self) -> Iterator[tuple[str, FrontendGroup]]:
        """What answers where no route does, with prefixes."""
        yield from ()

    def tables(self) -> Tables:
        """The index over the routes, built when the first request after a change comes."""
        if self._tables is None:
            self._fallbacks = list(self.frontends())
            self._tables = build_tables(described(route) for route in (*self.routes, *self.low_priority_routes()))
        return self._tables

    async def app(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand the request to the first route that matches it, else to the first that matches its path."""
        scope.setdefault("router", self)
        kind = scope["type"]
        if kind == "lifespan":
            await self.lifespan(scope, receive, send)
            return
        tables = self._tables or self.tables()
        path = route_path(scope) if scope.get("root_path") else scope["path"]
        partial: Found | None = None
        partial_scope: Scope = {}
        for found in (tables.http if kind == "http" else tables.websocket).candidates(path):
            (_, route, methods, is_included, app), params = found
            if params is None:
                match, child_scope = asked(route, scope)
                if match is Match.FULL:
                    scope.update(child_scope)
                    await handler_of(route)(scope, receive, send)
                    return
                if match is Match.PARTIAL and partial is None:
                    partial, partial_scope = found, child_scope
            elif methods is None or scope["method"] in methods:
                # `entered`, without the call: this is every request's way.
                scope["route"] = route
                scope["endpoint"] = route.endpoint
                scope["path_params"] = {**scope["path_params"], **params} if "path_params" in scope else params.copy()
                if is_included:
                    scope["fastapi"] = {CONTEXT_KEY: route}
                await (app or route.app)(scope, receive, send)
                return
            elif partial is None:
                partial, partial_scope = found, entered(found, scope)
        if partial is not None:
            scope.update(partial_scope)
            scope[ALLOWED_KEY] = self.allowed_methods(scope, path)
            await handler_of(partial[0].route)(scope, receive, send)
            return
        await self.unmatched(scope, receive, send, path)

    def allowed_methods(self, scope: Scope, path: str) -> set[str]:
        """The methods of all routes that match by path: what a 405 has to name (RFC 9110, 15.5.6)."""
        found = self.tables().http.candidates(path)
        matching = [
            entry.route
            for entry, params in found
            if params is not None or asked(entry.route, scope)[0] is not Match.NONE
        ]
        return {method for route in matching for method in getattr(route, "methods", None) or ()}

    async def unmatched(self, scope: Scope, receive: Receive, send: Send, path: str) -> None:
        """Redirect to the path with or without its slash at the end where that matches, else a frontend, else 404."""
        if scope["type"] == "http" and self.redirect_slashes and path != "/":
            target = slash_toggled(scope, path)
            if self._matches_path(target):
                await RedirectResponse(location(target))(scope, receive, send)
                return
        chosen = select_frontend(self._fallbacks, scope) if self._fallbacks else None
        if chosen is None:
            await self.default(scope, receive, send)
            return
        group, child_scope = chosen
        scope.update(child_scope)
        await group.handle(scope, receive, send)

    def _matches_path(self, scope: Scope) -> bool:
        tables = self.tables()
        table = tables.http if scope["type"] == "http" else tables.websocket
        return any(
            params is not None or asked(entry.route, scope)[0] is not Match.NONE
            for entry, params in table.candidates(route_path(scope))
        )

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Whether a request whose route in here was found is welcome. Override it to refuse some.

        Without such a route it is no match: a router is not a route of its own.
        """
        shared = scope.get("fastapi")
        return (Match.FULL if isinstance(shared, dict) and CONTEXT_KEY in shared else Match.NONE), {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request for a route in here. Override it to wrap every request of an included router."""
        inner: ASGIApp = scope.pop(INNER_KEY, None) or self.app
        await inner(scope, receive, send)


def entered(found: Found, scope: Scope) -> Scope:
    """What the scope then says of the route that was chosen."""
    entry, params = found
    child_scope: Scope = {
        "route": entry.route,
        "endpoint": entry.route.endpoint,
        "path_params": {**scope.get("path_params", {}), **(params or {})},
    }
    if entry.is_included:
        child_scope["fastapi"] = {CONTEXT_KEY: entry.route}
    return child_scope
