"""What an endpoint returned -> a response. One function is chosen per route; each is short.

The fast way writes JSON bytes and sends two messages. Everything else makes a Response object first.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from pydantic import ValidationError
from starlette.responses import JSONResponse, Response

from ..deep_values import to_plain
from ..encoders import dump_json, jsonable_encoder
from ..error_lists import located
from ..exceptions import EndpointContext, ResponseValidationError
from ..fields import ModelField, is_class
from ..operation import Operation, is_body_allowed_for_status_code
from ..responses import ORJSONResponse, check_headers
from .exchange import Exchange

Render = Callable[[Any], bytes]
# Pydantic's own errors, and what it lets through: of bytes that are no text, of objects that lack an attribute.
_CANNOT_WRITE = (ValueError, AttributeError)
Answer = bytes | Response
"""JSON that is written, or a response object of the user's or of the route's class."""

JSON_HEADER = (b"content-type", b"application/json")


# Classes whose JSON the fast way writes too, so that no object of theirs is needed.
_PLAIN_JSON = (None, JSONResponse, ORJSONResponse)


@dataclass(frozen=True)
class Answering:
    """How results become answers on one route."""

    declared_status: int | None
    status: int  # the declared one, or 200
    render: Render  # result -> JSON bytes
    response_class: type[Response] | None  # None: JSON bytes are sent as they are
    encode: Callable[[Any], Any]  # result -> what the response class is given
    merge_injected: bool
    by_status: Mapping[int, "Answering"]  # where `responses=` declares a model for a status that may be injected


def answering(operation: Operation, context: EndpointContext) -> Answering:
    """The way this operation answers."""
    options = operation.options
    response_class = options.get("response_class")
    status_code = options.get("status_code")
    plain_json = response_class in _PLAIN_JSON and is_body_allowed_for_status_code(status_code)
    field, dump = operation.response_field, operation.dump_options
    usual = Answering(
        declared_status=status_code,
        status=status_code or 200,
        render=dump_json if field is None else field_renderer(field, dump, context),
        response_class=None if plain_json else response_class or JSONResponse,
        encode=_plain if field is None else field_encoder(field, dump, context),
        merge_injected=options.get("merge_injected", False),
        by_status={},
    )
    # Which fields are kept is said of the usual model only.
    dump = {**dump, "include": None, "exclude": None}
    by_status = {
        int(status): replace(
            usual, render=field_renderer(field, dump, context), encode=field_encoder(field, dump, context)
        )
        for status, field in operation.response_fields.items()
        if str(status).isdigit() and int(status) != usual.status
    }
    return replace(usual, by_status=by_status) if by_status else usual


def field_renderer(field: ModelField, options: dict[str, Any], context: EndpointContext) -> Render:
    """Validated value -> JSON bytes, through Pydantic's serializer.

    An instance of exactly the declared model is serialised as it is: Pydantic does not validate instances again, so
    validating it would give back the very object. Everything else is validated first, which drops what the model
    does not have.
    """
    annotation = field.field_info.annotation
    model = (
        annotation if is_class(annotation, object) and isinstance(annotation, type) and trusted(annotation) else None
    )
    options = {name: value for name, value in options.items() if value or name == "by_alias"}
    validate = field.validator.validate_python
    to_json, by_alias = field.serializer.to_json, options.get("by_alias")
    write: Render = partial(to_json, warnings="error", **options)
    is_plain = options.keys() <= {"by_alias"}

    def render(result: Any) -> bytes:
        if type(result) is not model:
            try:
                result = validate(result, from_attributes=True)
            except ValidationError as exc:
                raise ResponseValidationError(located(exc, ("response",)), body=result, endpoint_ctx=context) from exc
        try:
            # Named one by one, arguments cost 0.3 µs less than through `write`.
            return to_json(result, warnings="error", by_alias=by_alias) if is_plain else write(result)
        except _CANNOT_WRITE as exc:
            if annotation is Any:  # nothing is declared, so nothing can leak: written as if without annotation
                return dump_json(result)
            return dump_json(_plain_again(field, result, options, context, exc))

    return render


def trusted(model: Any) -> bool:
    """Whether instances of the class pass validation unchanged: a Pydantic model that does not revalidate."""
    config = getattr(model, "model_config", None)
    return config is not None and config.get("revalidate_instances", "never") == "never"


def _plain_again(
    field: ModelField, result: Any, options: dict[str, Any], context: EndpointContext, failure: Exception
) -> Any:
    """JSON-ready data, the exact way: of a value that is too deep, or of an instance that does not hold what its fields
    say. The latter's data is validated from scratch, so that nothing leaves that the model does not have.

    Raises:
        ResponseValidationError: it cannot be made to fit.
    """
    to_python = field.serializer.to_python
    try:
        return to_plain(to_python, result, warnings="error", **options)
    except _CANNOT_WRITE:
        pass  # it does not fit
    try:
        data = to_python(result, warnings="none", by_alias=True)
        return to_plain(to_python, field.validator.validate_python(data), warnings="error", **options)
    except _CANNOT_WRITE as exc:
        errors = located(exc, ("response",)) if isinstance(exc, ValidationError) else _as_errors(failure)
        raise ResponseValidationError(errors, body=result, endpoint_ctx=context) from exc


def _as_errors(failure: Exception) -> list[dict[str, Any]]:
    return [{"type": "serialization_error", "loc": ("response",), "msg": str(failure), "input": None}]


def field_encoder(field: ModelField, options: dict[str, Any], context: EndpointContext) -> Callable[[Any], Any]:
    """Result -> JSON-ready data, for a response class that renders it itself."""
    to_python = field.serializer.to_python

    def encode(result: Any) -> Any:
        value, errors = field.validate(result, loc=("response",))
        if errors:
            raise ResponseValidationError(errors, body=result, endpoint_ctx=context)
        try:
            return to_python(value, mode="json", warnings="error", **options)
        except _CANNOT_WRITE as exc:
            return _plain_again(field, value, options, context, exc)

    return encode


def _plain(result: Any) -> Any:
    try:
        return jsonable_encoder(result)
    except (ValueError, RecursionError):  # deep, or bytes that are no text
        return json.loads(dump_json(result))


def status_of(exchange: Exchange, declared: int | None) -> int:
    """The status of the answer: what was set on the injected Response, else what is declared, else 200."""
    injected = exchange.response
    if injected is not None and injected.status_code:
        return injected.status_code
    return declared or 200


def to_answer(result: Any, exchange: Exchange, how: Answering) -> Answer:
    """The result as an answer: JSON bytes wherever nothing else is asked for.

    Raises:
        ResponseValidationError: the result does not fit the response model.
    """
    if isinstance(result, Response):
        if how.merge_injected:
            merge_injected(exchange, result)
        return result
    if how.by_status:
        how = how.by_status.get(status_of(exchange, how.declared_status), how)
    if how.response_class is None and is_body_allowed_for_status_code(status_of(exchange, how.declared_status)):
        return how.render(result)
    return make_response(result, exchange, how)


def make_response(result: Any, exchange: Exchange, how: Answering) -> Response:
    """The answer as an object of the route's response class, or without body where the status allows none."""
    cls = how.response_class or JSONResponse
    response = _made(cls, how.encode(result), _status_argument(exchange, how))
    if not is_body_allowed_for_status_code(response.status_code):
        response.body = b""
        if "content-length" in response.headers:  # of a 205, which Starlette takes for one with a body
            response.headers["content-length"] = "0"
    merge_injected(exchange, response)
    return response


def _made(cls: type[Response], content: Any, arguments: dict[str, Any]) -> Response:
    """A response with this content; one that `json.dumps` cannot write, though it is data, is written by us."""
    try:
        return cls(content, **arguments)
    except (ValueError, RecursionError):  # NaN, lone surrogates, depth
        if cls.render is not JSONResponse.render:
            raise
        ours: type[Response] = type(cls.__name__, (cls,), {"render": lambda self, content: dump_json(content)})
        return ours(content, **arguments)


def _status_argument(exchange: Exchange, how: Answering) -> dict[str, Any]:
    """`status_code=` only if somebody said one: a response class may have a default of its own."""
    injected = exchange.response
    if injected is not None and injected.status_code:
        return {"status_code": injected.status_code}
    return {} if how.declared_status is None else {"status_code": how.declared_status}


def merge_injected(exchange: Exchange, response: Response) -> None:
    """Add the headers and cookies that were set on the injected Response."""
    if exchange.response is not None:
        response.raw_headers.extend(exchange.response.raw_headers)


async def send_json(body: bytes, exchange: Exchange, status: int) -> None:
    """Send JSON with what was injected."""
    headers = [(b"content-length", b"%d" % len(body)), JSON_HEADER]
    injected = exchange.response
    if injected is not None:
        status = injected.status_code or status
        check_headers(injected.raw_headers)
        headers += injected.raw_headers
    await exchange.send({"type": "http.response.start", "status": status, "headers": headers})
    await exchange.send({"type": "http.response.body", "body": body})
