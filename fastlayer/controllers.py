"""Controllers: a class whose decorated methods are operations, and whose attributes are options of their router.

class Items(Controller):
    prefix = "/items"

    def __init__(self, db: Annotated[Database, Depends(database)]) -> None:
        self.db = db

    @get("/{id}")
    async def read(self, id: int) -> Item: ...

app.include_router(Items)
"""

import inspect
from collections.abc import Callable
from functools import partial
from types import FunctionType
from typing import Annotated, Any, ClassVar, TypeVar

from typing_extensions import Unpack

from .exceptions import FastLayerError
from .options import ROUTE_KEYS, RouteOptions
from .params import Depends
from .routing import APIRouter

F = TypeVar("F", bound=Callable[..., Any])
Add = Callable[[APIRouter, Callable[..., Any]], None]

_MARK = "__fastlayer_operations__"
_ATTRIBUTES = {*ROUTE_KEYS, "prefix", "route_class", "default_response_class", "lifespan"}


class Controller:
    """Base class of controllers.

    The parameters of `__init__` are dependencies; one instance is made for each request. Subclasses inherit the
    operations, and may override their methods.
    """

    _router: ClassVar[APIRouter]

    @classmethod
    def as_router(cls) -> APIRouter:
        """The router with this class's operations, always the same one."""
        if "_router" not in cls.__dict__:
            options: Any = {name: getattr(cls, name) for name in sorted(_ATTRIBUTES) if hasattr(cls, name)}
            cls._router = APIRouter(**options)
            instance = _instance_of(cls)
            for name, operations in _operations(cls).items():
                endpoint = _bound(getattr(cls, name), instance)
                for add in operations:
                    add(cls._router, endpoint)
        return cls._router


def _operations(cls: type[Controller]) -> dict[str, list[Add]]:
    """The operations by method name, in the order they are written, those of base classes first."""
    found: dict[str, list[Add]] = {}
    for base in reversed(cls.__mro__):
        for name, member in vars(base).items():
            if hasattr(member, _MARK):
                found[name] = getattr(member, _MARK)
    return found


def _instance_of(cls: type[Controller]) -> Any:
    """A dependency that makes the instance, on the event loop: constructors need no thread."""

    async def controller(**arguments: Any) -> Controller:
        return cls(**arguments)

    controller.__signature__ = _evaluated(cls, cls.__init__)  # type: ignore[attr-defined]  # read by inspect
    return Annotated[cls, Depends(controller)]


def _evaluated(cls: type[Controller], function: Callable[..., Any]) -> inspect.Signature:
    if function is object.__init__:
        return inspect.Signature()
    signature = inspect.signature(function, eval_str=True)
    return signature.replace(parameters=list(signature.parameters.values())[1:], return_annotation=cls)


def _bound(method: Callable[..., Any], instance: Any) -> Callable[..., Any]:
    """The method as an endpoint whose first parameter is the controller."""
    if not isinstance(method, FunctionType):
        raise FastLayerError(f"An operation of a controller must be a plain method, and {method!r} is not.")
    endpoint = FunctionType(
        method.__code__, method.__globals__, method.__name__, method.__defaults__, method.__closure__
    )
    endpoint.__kwdefaults__ = method.__kwdefaults__
    endpoint.__doc__, endpoint.__module__ = method.__doc__, method.__module__
    endpoint.__qualname__ = method.__qualname__
    signature = inspect.signature(method)
    own, *others = signature.parameters.values()
    changed: Any = endpoint
    changed.__annotations__ = {**method.__annotations__, own.name: instance}
    changed.__signature__ = signature.replace(parameters=[own.replace(annotation=instance), *others])
    changed.controller_method = method
    return endpoint


def api_route(path: str, *more: str, methods: list[str], **options: Unpack[RouteOptions]) -> Callable[[F], F]:
    """Decorate a method that answers several HTTP methods, under one path or several."""

    def add(router: APIRouter, endpoint: Callable[..., Any]) -> None:
        router.api_route(path, *more, methods=methods, **options)(endpoint)

    return partial(_mark, add)


def get(path: str, *more: str, **options: Unpack[RouteOptions]) -> Callable[[F], F]:
    """Decorate the method of GET operations."""
    return api_route(path, *more, methods=["GET"], **options)


def put(path: str, *more: str, **options: Unpack[RouteOptions]) -> Callable[[F], F]:
    """Decorate the method of PUT operations."""
    return api_route(path, *more, methods=["PUT"], **options)


def post(path: str, *more: str, **options: Unpack[RouteOptions]) -> Callable[[F], F]:
    """Decorate the method of POST operations."""
    return api_route(path, *more, methods=["POST"], **options)


def patch(path: str, *more: str, **options: Unpack[RouteOptions]) -> Callable[[F], F]:
    """Decorate the method of PATCH operations."""
    return api_route(path, *more, methods=["PATCH"], **options)


def delete(path: str, *more: str, **options: Unpack[RouteOptions]) -> Callable[[F], F]:
    """Decorate the method of DELETE operations."""
    return api_route(path, *more, methods=["DELETE"], **options)


def websocket(path: str, name: str | None = None) -> Callable[[F], F]:
    """Decorate the method of a WebSocket endpoint."""

    def add(router: APIRouter, endpoint: Callable[..., Any]) -> None:
        router.add_api_websocket_route(path, endpoint, name)

    return partial(_mark, add)


def _mark(add: Add, method: F) -> F:
    operations: list[Add] = vars(method).setdefault(_MARK, [])
    operations.append(add)
    return method
