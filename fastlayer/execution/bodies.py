"""Body readers: what arrives -> `exchange.body`, or at once `exchange.body_values`, the validated parameters.

One function is chosen per route. JSON goes as bytes into Pydantic; when that fails, the exact way parses and
validates again, so that the errors are FastAPI's.
"""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from email.message import Message
from typing import Any

from pydantic import BaseModel, ValidationError
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from .. import params
from ..exceptions import RequestValidationError
from ..fields import ModelField, is_class, union_members
from ..limits import FORM_LIMITS_KEY
from .exchange import Exchange, get_request, replay
from .extraction import ABSENT_BODY, body_to_args

BodyReader = Callable[[Exchange], Awaitable[None]]


def is_json_type(content_type: str) -> bool:
    """Whether a media type is JSON or `+json` (RFC 8259; RFC 6839, 3.1)."""
    message = Message()
    message["content-type"] = content_type
    subtype = message.get_content_subtype()
    return message.get_content_maintype() == "application" and (subtype == "json" or subtype.endswith("+json"))


def _content_type(exchange: Exchange) -> bytes | None:
    for name, value in exchange.scope["headers"]:
        if name == b"content-type":
            return value  # type: ignore[no-any-return]  # ASGI scopes are untyped
    return None


def _expects_json(exchange: Exchange, *, strict: bool) -> bool:
    content_type = _content_type(exchange)
    if content_type == b"application/json":
        return True
    if content_type is None:
        return not strict
    return is_json_type(content_type.decode("latin-1"))


async def read_bytes(exchange: Exchange) -> bytes:
    """The whole body. A request that was handed out already, or is one of the user's own, reads it itself.

    Raises:
        HTTPException: 400 when the client left or the body cannot be read; 413 when it is over a limit.
    """
    if exchange.request is not None:
        return await exchange.request.body()
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
    body = chunks[0] if len(chunks) == 1 else b"".join(chunks)
    # Whoever asks for the request later, an exception handler for one, finds the body again.
    exchange.receive = replay(body, exchange.receive)
    return body


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


def json_reader(fields: Sequence[ModelField], body_field: ModelField, *, embed: bool, strict: bool) -> BodyReader:
    """Reads a body that is JSON, or bytes where its media type says otherwise."""
    names = [field.name for field in fields]
    spread = embed and is_class(body_field.field_info.annotation, BaseModel) and len(set(names)) == len(names)

    async def read(exchange: Exchange) -> None:
        raw = await _guarded(read_bytes, exchange)
        if not raw:
            exchange.body = ABSENT_BODY
        elif not _expects_json(exchange, strict=strict):
            exchange.body = raw
        else:
            _read_json(exchange, raw)

    def _read_json(exchange: Exchange, raw: bytes) -> None:
        try:
            value = body_field.validator.validate_json(raw)
        except ValidationError as exc:
            _read_exactly(exchange, raw, exc)
            return
        exchange.body = raw
        exchange.body_values = value.__dict__ if spread else {names[0]: value}

    def _read_exactly(exchange: Exchange, raw: bytes, failure: ValidationError) -> None:
        data = exchange.body = parse_json(raw)
        values, errors = body_to_args(fields, data, embed=embed)
        if not errors:
            exchange.body_values = values
            return
        # Strict models refuse, as Python data, the strings JSON writes dates and numbers as. Where both ways find
        # errors, only the ones at places refused as JSON too are real.
        refused = {("body", *error["loc"]) for error in failure.errors(include_url=False, include_input=False)}
        exchange.body_places = {error["loc"] for error in errors} & refused

    return read if spread or len(fields) == 1 else exact_json_reader(strict=strict)


def exact_json_reader(*, strict: bool) -> BodyReader:
    """Reads JSON as data; each parameter validates its part."""

    async def read(exchange: Exchange) -> None:
        raw = await _guarded(read_bytes, exchange)
        if not raw:
            exchange.body = ABSENT_BODY
        elif _expects_json(exchange, strict=strict):
            exchange.body = parse_json(raw)
        else:
            exchange.body = raw

    return read


def parse_json(raw: bytes) -> Any:
    """The data.

    Raises:
        RequestValidationError: it is not JSON.
        HTTPException: 400, it cannot be read at all.
    """
    try:
        return json.loads(raw)
    except json.JSONDecodeError as exc:
        raise _not_json(exc.msg, exc.pos, exc.doc) from exc
    except (RecursionError, ValueError) as exc:  # nested too deep; bytes that are no text; thousands of digits
        raise HTTPException(400, "There was an error parsing the body") from exc


def _not_json(message: str, position: int, body: Any) -> RequestValidationError:
    error = {
        "type": "json_invalid",
        "loc": ("body", position),
        "msg": "JSON decode error",
        "input": {},
        "ctx": {"error": message},
    }
    return RequestValidationError([error], body=body)


def form_reader(fields: Sequence[ModelField], limits: Mapping[str, int]) -> BodyReader:
    """Reads an urlencoded or multipart form; the request object keeps it, and closes its files at the end."""
    own = dict(limits)
    wants_bytes = {field.alias for field in fields if _is_bytes(field)}

    async def parse(exchange: Exchange) -> FormData:
        around = exchange.scope.get(FORM_LIMITS_KEY)
        return await get_request(exchange).form(**({**around, **own} if around else own))

    async def read(exchange: Exchange) -> None:
        form = exchange.body = await _guarded(parse, exchange)
        for name in wants_bytes:
            await _load(form, name)

    return read


def _is_bytes(field: ModelField) -> bool:
    return isinstance(field.field_info, params.File) and any(
        is_class(item, bytes)
        for member in union_members(field.field_info.annotation)
        for item in (member, *getattr(member, "__args__", ()))
    )


async def _load(form: FormData, name: str) -> None:
    for upload in form.getlist(name):
        if isinstance(upload, UploadFile):
            await upload.seek(0)


async def raw_reader(exchange: Exchange) -> None:
    """Reads the body of a route whose parameters do not look at its media type."""
    exchange.body = await _guarded(read_bytes, exchange)
