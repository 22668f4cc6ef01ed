"""Clients for tests, in this process and without a network: Starlette's TestClient with `call`, and AsyncClient.

Importing it needs httpx2 or httpx; nothing else in the package does.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Self, TypeVar, overload
from urllib.parse import urlsplit

import anyio
from starlette.testclient import TestClient as StarletteTestClient
from starlette.testclient import WebSocketTestSession as WebSocketTestSession
from starlette.types import ASGIApp, Receive, Scope, Send

from .testing import calls, running
from .testing.calls import CallError as CallError
from .testing.calls import CallFailed as CallFailed
from .testing.running import WebSocketSession as WebSocketSession
from .testing.running import overridden as overridden

if TYPE_CHECKING:
    import httpx2 as httpx
else:
    try:  # as Starlette's client chose
        import httpx2 as httpx
    except ModuleNotFoundError:
        import httpx

T = TypeVar("T")


class TestClient(StarletteTestClient):
    """Starlette's client, which runs the application in a thread of its own.

    `with` it, the lifespan runs and `overrides` replace dependencies. `call` calls an endpoint by its function.
    """

    __test__ = False  # not a test, whatever pytest makes of the name

    def __init__(self, app: ASGIApp, *args: Any, overrides: running.Overrides | None = None, **options: Any) -> None:
        super().__init__(app, *args, **options)
        self._application: Any = app
        self._overrides = overrides
        self._entered = ExitStack()

    def __enter__(self) -> Self:
        self._entered.enter_context(overridden(self._application, self._overrides))
        try:
            super().__enter__()
        except BaseException:
            self._entered.close()
            raise
        return self

    def __exit__(self, *args: Any) -> None:
        with self._entered:
            super().__exit__(*args)

    @overload
    def call(self, endpoint: Callable[..., Awaitable[T]], /, **arguments: Any) -> T: ...
    @overload
    def call(self, endpoint: Callable[..., T], /, **arguments: Any) -> T: ...
    def call(self, endpoint: Callable[..., Any], /, **arguments: Any) -> Any:
        """What the endpoint returned to a request with these arguments, validated as the type it declares.

        The arguments are named as in its signature; those of its dependencies may be given as well. Where no type is
        declared, the response.

        Raises:
            CallFailed: the status is 400 or above.
            CallError: the endpoint is not served, or takes no such argument from the request.
        """
        call = calls.prepared(self._application, endpoint, arguments)
        return calls.returned(call, self.request(call.method, call.url, **call.options()))


class AsyncClient(httpx.AsyncClient):
    """A client that runs the application on the test's own event loop, under asyncio or trio.

    `async with` it, the lifespan runs and `overrides` replace dependencies. Responses are complete when they come:
    for streams that do not end, use a server.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        overrides: running.Overrides | None = None,
        base_url: str = "http://testserver",
        raise_server_exceptions: bool = True,
        root_path: str = "",
        client: tuple[str, int] = ("testclient", 50000),
        **options: Any,
    ) -> None:
        self.app: Any = app
        self._root_path = root_path
        self._overrides = overrides
        self._lifespan: running.RunningLifespan | None = None
        self._client_address = client
        transport = httpx.ASGITransport(
            app=self._with_state, raise_app_exceptions=raise_server_exceptions, root_path=root_path, client=client
        )
        super().__init__(transport=transport, base_url=base_url, **options)

    async def _with_state(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._lifespan is not None:
            scope["state"] = dict(self._lifespan.state)
        await self.app(scope, receive, send)

    async def __aenter__(self) -> Self:
        self._entered = ExitStack()
        self._entered.enter_context(overridden(self.app, self._overrides))
        self._tasks = anyio.create_task_group()
        await self._tasks.__aenter__()
        self._lifespan = running.RunningLifespan(self.app, self._tasks)
        try:
            await self._lifespan.start()
            await super().__aenter__()
        except BaseException:
            self._tasks.cancel_scope.cancel()
            await self._tasks.__aexit__(None, None, None)
            self._entered.close()
            raise
        return self

    async def __aexit__(self, *args: Any) -> None:
        with self._entered:
            await super().__aexit__(*args)
            try:
                if self._lifespan is not None:
                    await self._lifespan.stop()
            finally:
                self._lifespan = None
                self._tasks.cancel_scope.cancel()
                await self._tasks.__aexit__(None, None, None)

    @overload
    async def call(self, endpoint: Callable[..., Awaitable[T]], /, **arguments: Any) -> T: ...
    @overload
    async def call(self, endpoint: Callable[..., T], /, **arguments: Any) -> T: ...
    async def call(self, endpoint: Callable[..., Any], /, **arguments: Any) -> Any:
        """What the endpoint returned to a request with these arguments; see `TestClient.call`."""
        call = calls.prepared(self.app, endpoint, arguments)
        return calls.returned(call, await self.request(call.method, call.url, **call.options()))

    def websocket_connect(
        self, url: str, subprotocols: Iterable[str] = (), headers: Mapping[str, str] | None = None
    ) -> WebSocketSession:
        """A WebSocket to the application, open inside `async with`.

        Raises, when entered:
            WebSocketDisconnect: the application closed it instead of accepting.
        """
        request = self.build_request("GET", url, headers=headers)
        parts = urlsplit(str(request.url))
        raw = [(name.lower(), value) for name, value in request.headers.raw]
        offered = list(subprotocols)
        if offered:
            raw.append((b"sec-websocket-protocol", ", ".join(offered).encode()))
        scope = {
            "type": "websocket",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "scheme": "wss" if parts.scheme in ("https", "wss") else "ws",
            "path": request.url.path,
            "raw_path": request.url.raw_path.split(b"?")[0],
            "query_string": request.url.query,
            "root_path": self._root_path,
            "headers": raw,
            "client": self._client_address,
            "server": (request.url.host, request.url.port),
            "subprotocols": offered,
        }
        return WebSocketSession(self._with_state, scope)
