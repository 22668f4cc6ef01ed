"""Body readers: what arrives -> `exchange.body`, or at once `exchange.body_values`, the validated parameters.

One function is chosen per route. JSON goes as bytes into Pydantic; when that fails, the exact way parses and
validates again, so that the errors are FastAPI's.
"""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from typing import Any

from pydantic import BaseModel, ValidationError
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect, Request

from ..body_models import is_json_type
from ..core_schemas import differs_as_json, is_strict
from ..early_refusal import LARGE_JSON, AbsentField
from ..exceptions import EndpointContext, RequestValidationError
from ..fields import ModelField, is_class
from ..limits import FORM_LIMITS_KEY
from .exchange import Exchange, get_request, replay
from .extraction import ABSENT_BODY, json_fields
from .forms import byte_names, load_form
from .received import decoded_pairs, has_plain_names

BodyReader = Callable[[Exchange], Awaitable[None]]


def _content_type(exchange: Exchange) -> bytes | None:
    for name, value in exchange.scope["headers"]:
        if name == b"content-type":
            return value  # type: ignore[no-any-return]  # ASGI scopes are untyped
    return None


def _expects_json(exchange: Exchange, *, strict: bool) -> bool:
    content_type = _content_type(exchange)
    if content_type == b"application/json":
        return True
    if not content_type:
        return not strict
    return is_json_type(content_type.decode("latin-1"))


async def read_bytes(exchange: Exchange) -> bytes:
    """The whole body. A request that somebody began to read, or one of the user's own, reads it itself.

    Raises:
        HTTPException: 400 when the client left or the body cannot be read; 413 when it is over a limit.
    """
    request = exchange.request
    if request is not None and not _is_ours(request, exchange):
        exchange.raw_body = body = await request.body()
        return body
    chunks: list[bytes] = []
    more = True
    while more:
        message = await exchange.receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        chunk = message.get("body", b"")
        if chunk:
            chunks.append(chunk)
        more = message.get("more_body", False)
    exchange.raw_body = body = chunks[0] if len(chunks) == 1 else b"".join(chunks)
    # Whoever asks for the request later, an exception handler for one, finds the body again.
    if request is None:
        exchange.receive = replay(body, exchange.receive)
    else:
        request._body = body
    return body


def _is_ours(request: Request, exchange: Exchange) -> bool:
    """Whether it was made for a step before this one, and nobody has begun to read from it."""
    return (
        type(request) is Request
        and request._receive is exchange.receive
        and not (request._stream_consumed or hasattr(request, "_body"))
    )


async def _guarded(read: Callable[[Exchange], Awaitable[Any]], exchange: Exchange) -> Any:
    try:
        return await read(exchange)
    except (HTTPException, RequestValidationError):
        raise
    except Exception as exc:
        if isinstance(exc, ExceptionGroup) and (limit := _single_limit_error(exc)) is not None:
            raise limit from exc
        raise HTTPException(400, "There was an error parsing the body") from exc


def _single_limit_error(group: BaseException) -> HTTPException | None:
    while isinstance(group, BaseExceptionGroup) and len(group.exceptions) == 1:
        group = group.exceptions[0]
    return group if isinstance(group, HTTPException) and getattr(group, "is_limit", False) else None


def json_reader(
    fields: Sequence[ModelField], body_field: ModelField, *, embed: bool, strict: bool, context: EndpointContext
) -> BodyReader:
    """Reads a body that is JSON, or bytes where its media type says otherwise; `context` is for its errors."""
    names = [field.name for field in fields]
    spread = embed and is_class(body_field.field_info.annotation, BaseModel) and len(set(names)) == len(names)
    plain = not embed or all(map(has_plain_names, fields))  # the model knows paths, the parameters do not
    if not plain or not (spread or len(fields) == 1) or differs_as_json(body_field.adapter.core_schema):
        return exact_json_reader(strict=strict, context=context)
    read_data = json_fields(fields, embed=embed)
    has_strict = is_strict(body_field.adapter.core_schema)

    async def read(exchange: Exchange) -> None:
        raw = await _guarded(read_bytes, exchange)
        if not raw:
            exchange.body = ABSENT_BODY
        elif not _expects_json(exchange, strict=strict):
            exchange.body = raw
        else:
            _read_json(exchange, raw)

    def _read_json(exchange: Exchange, raw: bytes) -> None:
        validator = body_field.validator if len(raw) <= LARGE_JSON else body_field.early_validator
        try:
            value = validator.validate_json(raw)
        except ValidationError as exc:
            _read_exactly(exchange, raw, exc)
            return
        except AbsentField:
            _read_exactly(exchange, raw, None)
            return
        exchange.body = raw
        exchange.body_values = value.__dict__ if spread else {names[0]: value}

    def _read_exactly(exchange: Exchange, raw: bytes, failure: ValidationError | None) -> None:
        data = exchange.body = parse_json(raw, context)
        if not has_strict:
            return  # the steps find what is wrong in the data
        values: dict[str, Any] = {}
        errors = read_data(data, values)
        if not errors:
            exchange.body_values = values
            return
        # Strict models refuse, as Python data, the strings JSON writes dates and numbers as. Where both ways find
        # errors, only the ones at places refused as JSON too are real; so are absent fields, in either way.
        if failure is None:
            exchange.body_places = {error["loc"] for error in errors if error["type"] == "missing"}
            return
        first = body_field.first_errors(failure, lambda validator: validator.validate_json(raw))
        refused = {("body", *error["loc"]) for error in first.errors(include_url=False, include_input=False)}
        exchange.body_places = {error["loc"] for error in errors} & refused

    return read


def exact_json_reader(*, strict: bool, context: EndpointContext) -> BodyReader:
    """Reads JSON as data; each parameter validates its part."""

    async def read(exchange: Exchange) -> None:
        raw = await _guarded(read_bytes, exchange)
        if not raw:
            exchange.body = ABSENT_BODY
        elif _expects_json(exchange, strict=strict):
            exchange.body = parse_json(raw, context)
        else:
            exchange.body = raw

    return read


def parse_json(raw: bytes, context: EndpointContext) -> Any:
    """The data.

    Raises:
        RequestValidationError: it is not JSON.
        HTTPException: 400, it cannot be read at all.
    """
    try:
        return json.loads(raw)
    except json.JSONDecodeError as exc:
        raise _not_json(exc, context) from exc
    except Exception as exc:  # nested too deep; bytes that are no text; thousands of digits
        raise HTTPException(400, "There was an error parsing the body") from exc


def _not_json(exc: json.JSONDecodeError, context: EndpointContext) -> RequestValidationError:
    error = {
        "type": "json_invalid",
        "loc": ("body", exc.pos),
        "msg": "JSON decode error",
        "input": {},
        "ctx": {"error": exc.msg},
    }
    return RequestValidationError([error], body=exc.doc, endpoint_ctx=context)


FORM_TYPE = b"application/x-www-form-urlencoded"

SHORT_FORM = 65_536
"""Bytes. Longer urlencoded bodies are parsed while they arrive, so that the limits hold before they are in memory."""


def form_reader(fields: Sequence[ModelField], limits: Mapping[str, int]) -> BodyReader:
    """Reads an urlencoded or multipart form; the request object keeps it, and closes its files at the end."""
    own = dict(limits)
    names = byte_names(fields)

    async def parse(exchange: Exchange) -> FormData:
        around = exchange.scope.get(FORM_LIMITS_KEY)
        options = {**around, **own} if around else own
        request = exchange.request
        if (request is None or _is_ours(request, exchange)) and is_short_form(exchange.scope):
            # No request object and no parser with a callback for each field: 40 µs less for two fields.
            max_fields, max_size = options.get("max_fields", 1000), options.get("max_part_size", 1024 * 1024)
            form = urlencoded_form(await read_bytes(exchange), max_fields, max_size)
            if form is not None:
                return form
        request = get_request(exchange)
        if type(request) is Request and request.headers.get("content-type", "").startswith("multipart/form-data"):
            await parse_multipart(request, options)
        return await request.form(**options)

    async def read(exchange: Exchange) -> None:
        form = await _guarded(parse, exchange)
        exchange.body = await load_form(form, names)

    return read


class ClosingParser(MultiPartParser):
    """Starlette's parser, which also closes the file of a part that the body ends in the middle of."""

    async def parse(self) -> FormData:
        form = await super().parse()
        complete = {id(value.file) for _, value in form.multi_items() if isinstance(value, UploadFile)}
        for file in self._files_to_close_on_error:
            if id(file) not in complete:
                file.close()
        return form


async def parse_multipart(request: Request, options: Mapping[str, Any]) -> None:
    """Parse the form; the request keeps it for whoever asks for it later.

    Raises:
        HTTPException: 400, it is no multipart form or passes a limit.
    """
    if request._form is None:
        try:
            async with aclosing(request.stream()) as stream:
                request._form = await ClosingParser(request.headers, stream, **options).parse()
        except MultiPartException as exc:
            raise HTTPException(400, exc.message) from exc


def is_short_form(scope: Mapping[str, Any]) -> bool:
    """Whether the body is a form in urlencoded text, which can hold no files, and is short enough to read at once."""
    content_type, length = b"", b""
    for name, value in scope["headers"]:
        if name == b"content-type":
            content_type = value
        elif name == b"content-length":
            length = value
    known = content_type == FORM_TYPE or content_type.startswith(FORM_TYPE + b";")
    return known and length.isdigit() and len(length) < 9 and int(length) <= SHORT_FORM


def urlencoded_form(body: bytes, max_fields: int, max_size: int) -> FormData | None:
    """The form as Starlette's parser reads it; None where a limit may be passed, which that parser tells."""
    text = body.decode("latin-1")
    if text.count("&") >= max_fields or len(text) > max_size:
        return None
    return FormData([*decoded_pairs(text)])
