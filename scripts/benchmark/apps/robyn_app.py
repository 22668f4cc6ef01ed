"""Robyn's applications. Its server is its own and speaks no ASGI, so it takes part over HTTP only."""

from collections.abc import Callable
from typing import Any
from urllib.parse import unquote_plus

import orjson
from robyn import Request, Response, Robyn

from ..models import ORDER_ADAPTER
from .plain import Params

_JSON = {"content-type": "application/json"}


def _hello(app: Any) -> None:
    @app.get("/")
    async def read(request: Request) -> Any:
        return Response(200, _JSON, orjson.dumps({"hello": "world"}))


def _params(app: Any) -> None:
    @app.get("/items/:item_id")
    async def read(request: Request) -> Any:
        query = request.query_params.to_dict()
        # Robyn leaves a "+" as it came.
        given = {name: unquote_plus(values[-1]) for name, values in query.items() if name != "tags"}
        headers = {"x_token": request.headers.get("x-token")}
        params = Params.model_validate({**given, **headers, **request.path_params, "tags": query.get("tags")})
        return Response(200, _JSON, params.model_dump_json())


def _body(app: Any) -> None:
    @app.post("/orders")
    async def create(request: Request) -> Any:
        return Response(200, _JSON, ORDER_ADAPTER.dump_json(ORDER_ADAPTER.validate_json(request.body)))


BUILDERS: dict[str, Callable[[Any], None]] = {"hello": _hello, "params": _params, "body": _body}


def serve(scenario: str, port: int) -> None:
    """Serve one scenario in one process with one worker, until killed: it does not listen to anything milder."""
    app = Robyn(__file__)
    BUILDERS[scenario](app)
    app.start(host="127.0.0.1", port=port)
