"""One Operation: everything about a route, decided. Routing matches it, execution compiles it, OpenAPI describes it."""

from collections.abc import (
    AsyncGenerator,
    AsyncIterable,
    AsyncIterator,
    Callable,
    Generator,
    Iterable,
    Iterator,
    Mapping,
)
from dataclasses import dataclass, field
from typing import Any, get_args, get_origin

from starlette.responses import Response

from .dependencies.analysis import get_dependant, should_embed, with_dependencies
from .dependencies.callables import is_async_gen_callable, is_gen_callable, place_of
from .dependencies.models import Dependant, flat_body_params
from .dependencies.signatures import get_typed_return_annotation
from .exceptions import FastLayerError
from .fields import ModelField, UnknownTypeError, create_model_field, is_class, unwrapped
from .options import OptionError, Options, written
from .sse import EventSourceResponse, ServerSentEvent

_ITERABLES = (AsyncIterable, AsyncIterator, AsyncGenerator, Iterable, Iterator, Generator)


def is_body_allowed_for_status_code(status_code: int | str | None) -> bool:
    """Whether a response with this status may have a body (RFC 9110, 6.4.1)."""
    if status_code in (None, "default", "1XX", "2XX", "3XX", "4XX", "5XX"):
        return True
    code = int(status_code)
    return not (code < 200 or code in {204, 205, 304})


@dataclass(eq=False)
class Operation:
    """What an endpoint asks for and gives, with nothing left open."""

    path: str
    endpoint: Callable[..., Any]
    options: Options
    dependant: Dependant
    embed_body_fields: bool = False
    body_field: ModelField | None = None
    response_model: Any = None
    response_field: ModelField | None = None
    response_fields: dict[int | str, ModelField] = field(default_factory=dict)
    stream_item_type: Any = None
    stream_item_field: ModelField | None = None
    is_sse_stream: bool = False
    is_json_stream: bool = False

    @property
    def response_class(self) -> type[Response] | None:
        """The class of the answer; None for JSON written the fast way."""
        return self.options.get("response_class")

    @property
    def is_generator(self) -> bool:
        return is_gen_callable(self.endpoint) or is_async_gen_callable(self.endpoint)

    @property
    def is_stream(self) -> bool:
        """Whether what the endpoint gives is sent item by item: a generator's, or anything's as events."""
        return self.is_generator or is_class(self.response_class, EventSourceResponse)

    @property
    def dump_options(self) -> dict[str, Any]:
        """The keywords for the serializer."""
        return dump_options(self.options)


def dump_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """The keywords for the serializer that the `response_model_*` options stand for."""
    return {
        "include": options.get("response_model_include"),
        "exclude": options.get("response_model_exclude"),
        "by_alias": options.get("response_model_by_alias", True),
        "exclude_unset": options.get("response_model_exclude_unset", False),
        "exclude_defaults": options.get("response_model_exclude_defaults", False),
        "exclude_none": options.get("response_model_exclude_none", False),
    }


def route_options(path: str, endpoint: Callable[..., Any], options: Mapping[str, Any]) -> Options:
    """The options that were really written on a route, checked.

    Raises:
        OptionError: a key is unknown; the message says on which endpoint.
        ValueError: a limit is out of bounds.
    """
    try:
        return written(options, where=f"The route {path!r}")
    except OptionError as exc:
        raise OptionError(f"{exc}\n  In {place_of(endpoint)}.") from None


def analyse(path: str, endpoint: Callable[..., Any], options: Options) -> Operation:
    """The operation of an endpoint served at `path`; `finish` adds what needs its id.

    Raises:
        FastLayerError: a parameter or a dependency cannot work; the message says where.
    """
    if not callable(endpoint):
        raise FastLayerError(
            f"An endpoint must be a callable, and {endpoint!r} is not (path {path!r}). Pass the function itself."
        )
    dependant = get_dependant(path=path, call=endpoint, scope="function")
    if dependencies := options.get("dependencies"):
        dependant = with_dependencies(dependant, dependencies, path)
    return Operation(path, endpoint, options, dependant)


def rebased(operation: Operation, path: str, options: Options, outer: Options) -> Operation:
    """The operation under a prefix without parameters: the same analysis, with the outer layers' dependencies."""
    dependant = with_dependencies(operation.dependant, outer.get("dependencies") or (), path)
    return Operation(path, operation.endpoint, options, dependant)


def finish(operation: Operation, unique_id: str) -> None:
    """Decide the answers, whose names in the document contain the operation id.

    Raises:
        FastLayerError: a response model cannot work, or stands where no body may be.
    """
    operation.embed_body_fields = should_embed(flat_body_params(operation.dependant))
    _read_response(operation, unique_id)
    operation.response_fields = _additional_fields(operation, unique_id)


def _read_response(operation: Operation, unique_id: str) -> None:
    annotation = get_typed_return_annotation(operation.endpoint)
    explicit = "response_model" in operation.options
    if operation.is_generator:
        annotation = _read_stream(operation, annotation, unique_id)
    if explicit:
        operation.response_model = operation.options["response_model"]
    elif not is_class(annotation, Response):
        operation.response_model = annotation
    if operation.response_model is None:
        return
    status_code = operation.options.get("status_code")
    if not is_body_allowed_for_status_code(status_code):
        raise FastLayerError(
            f"Status code {status_code} must not have a response body, but the response model is"
            f" {operation.response_model!r}.\n  In {place_of(operation.endpoint)}. Remove the model, or choose another"
            " status."
        )
    operation.response_field = _field(f"Response_{unique_id}", operation.response_model, operation)


def _field(name: str, model: Any, operation: Operation) -> ModelField:
    try:
        return create_model_field(name=name, type_=model, mode="serialization")
    except FastLayerError as exc:
        error = FastLayerError if isinstance(exc, UnknownTypeError) else type(exc)
        raise error(f"{exc}\n  In {place_of(operation.endpoint)}.") from exc


def _read_stream(operation: Operation, annotation: Any, unique_id: str) -> Any:
    """Decide the stream's items; what is left of the annotation for a response model."""
    response_class = operation.response_class
    operation.is_sse_stream = is_class(response_class, EventSourceResponse)
    operation.is_json_stream = response_class is None
    if get_origin(unwrapped(annotation)) not in _ITERABLES and unwrapped(annotation) not in _ITERABLES:
        return annotation
    if operation.is_sse_stream or operation.is_json_stream:
        item = stream_item_type(annotation)
        operation.stream_item_type = item
        if item is not None and not is_class(item, ServerSentEvent):  # which says itself what it is
            operation.stream_item_field = _field(f"StreamItem_{unique_id}", item, operation)
    return None


def stream_item_type(annotation: Any) -> Any:
    """T of AsyncIterable[T], Iterator[T], Generator[T, ...] and their like; None if it is not said."""
    annotation = unwrapped(annotation)
    if get_origin(annotation) not in _ITERABLES:
        return None
    return get_args(annotation)[0]


def _additional_fields(operation: Operation, unique_id: str) -> dict[int | str, ModelField]:
    fields: dict[int | str, ModelField] = {}
    for status, response in (operation.options.get("responses") or {}).items():
        if not isinstance(response, dict):
            raise FastLayerError(
                f"responses[{status!r}] must be a dict, and {response!r} is not.\n  In {place_of(operation.endpoint)}."
            )
        model = response.get("model")
        if model is None:
            continue
        if not is_body_allowed_for_status_code(status):
            raise FastLayerError(
                f"Status code {status} must not have a response body, but responses[{status!r}] has a model.\n"
                f"  In {place_of(operation.endpoint)}."
            )
        fields[status] = _field(f"Response_{status}_{unique_id}", model, operation)
    return fields
