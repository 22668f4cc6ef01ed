"""FastAPI's and FastLayer's applications with dependencies: async, sync, and a graph of twelve levels.

It may know only names both publish.
"""
# mypy: disable-error-code="no-untyped-def,untyped-decorator"

from collections.abc import AsyncIterator, Callable, Iterator
from typing import Annotated, Any

from ..scenarios import LEVELS
from . import declarative
from .declarative import Kit


def deps(kit: Kit) -> Any:
    """Return an application whose endpoint needs six async dependencies; the session and the user are shared."""
    app, depends, api = kit.application(), kit.api.Depends, kit.api

    async def settings() -> dict[str, str]:
        return {"domain": "example"}

    async def session() -> AsyncIterator[dict[str, bool]]:
        connection = {"open": True}
        yield connection
        connection["open"] = False

    async def user(db: Annotated[Any, depends(session)], x_token: Annotated[str, api.Header()]) -> str:
        return x_token

    async def tenant(name: Annotated[str, depends(user)], config: Annotated[Any, depends(settings)]) -> str:
        return f"{name}@{config['domain']}"

    async def page(page: Annotated[int, api.Query(ge=1)] = 1) -> int:
        return page

    async def audit(name: Annotated[str, depends(user)], where: Annotated[str, depends(tenant)]) -> str:
        return f"{name} {where}"

    @app.get("/deps", dependencies=[depends(audit)])
    async def read(
        name: Annotated[str, depends(user)],
        where: Annotated[str, depends(tenant)],
        number: Annotated[int, depends(page)],
        db: Annotated[Any, depends(session)],
    ):
        return {"user": name, "tenant": where, "page": number, "open": db["open"]}

    return app


def deps_sync(kit: Kit) -> Any:
    """Return the same application written with `def`."""
    app, depends, api = kit.application(), kit.api.Depends, kit.api

    def settings() -> dict[str, str]:
        return {"domain": "example"}

    def session() -> Iterator[dict[str, bool]]:
        connection = {"open": True}
        yield connection
        connection["open"] = False

    def user(db: Annotated[Any, depends(session)], x_token: Annotated[str, api.Header()]) -> str:
        return x_token

    def tenant(name: Annotated[str, depends(user)], config: Annotated[Any, depends(settings)]) -> str:
        return f"{name}@{config['domain']}"

    def page(page: Annotated[int, api.Query(ge=1)] = 1) -> int:
        return page

    def audit(name: Annotated[str, depends(user)], where: Annotated[str, depends(tenant)]) -> str:
        return f"{name} {where}"

    @app.get("/deps", dependencies=[depends(audit)])
    def read(
        name: Annotated[str, depends(user)],
        where: Annotated[str, depends(tenant)],
        number: Annotated[int, depends(page)],
        db: Annotated[Any, depends(session)],
    ):
        return {"user": name, "tenant": where, "page": number, "open": db["open"]}

    return app


def diamond(kit: Kit) -> Any:
    """Return an application with two dependencies per level, each needing both of the level below."""
    app, depends = kit.application(), kit.api.Depends

    async def one() -> int:
        return 1

    async def another() -> int:
        return 1

    def level(first: Any, second: Any) -> Any:
        async def add(left: Annotated[int, depends(first)], right: Annotated[int, depends(second)]) -> int:
            return left + right

        return add

    pair: tuple[Any, Any] = (one, another)
    for _ in range(LEVELS - 1):
        pair = (level(*pair), level(*pair))

    @app.get("/diamond")
    async def read(left: Annotated[int, depends(pair[0])], right: Annotated[int, depends(pair[1])]):
        return {"total": left + right}

    return app


BUILDERS: dict[str, Callable[[Kit], Any]] = {
    "hello": declarative.hello,
    "params": declarative.params,
    "body": declarative.body,
    "deps": deps,
    "deps_sync": deps_sync,
    "diamond": diamond,
    "sync": declarative.sync,
    "list": declarative.models,
    "rawlist": declarative.rows,
    "orjson": declarative.rows_orjson,
    "form": declarative.form,
    "upload": declarative.upload,
    "error": declarative.params,
    "routes_first": declarative.routes,
    "routes_last": declarative.routes,
    "middleware": declarative.middleware,
    "sse": declarative.sse,
    "jsonl": declarative.jsonl,
    "websocket": declarative.websocket,
}
