"""Parameters that need more than one look-up: models spread over a place, alias choices, JSON bodies.

The exact way for everything but forms: it gives FastAPI's values and errors, whatever was declared. What can be
decided from the declarations is decided when an extract is made.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from starlette.datastructures import FormData, ImmutableMultiDict
from starlette.requests import cookie_parser

from .. import params
from ..body_models import is_group
from ..error_lists import Errors, Loc, missing
from ..fields import ModelField, is_sequence, models_in, reads_json
from .exchange import Exchange
from .forms import byte_names, form_fields, load_form, read_form
from .groups import GroupField
from .received import NOTHING, Place, Received, decoded_pairs, default_of, received_from, wants_all, wire_names

Arguments = dict[str, Any]
Extract = Callable[[Exchange, Arguments], Errors]

ABSENT_BODY = NOTHING


def _last(values: list[Any], many: bool) -> Any:
    return values if many else values[-1]


def _first(values: list[Any], many: bool) -> Any:
    return values if many else values[0]


PLACES: Mapping[str, Place] = {
    "path": Place("path", _last, lists=False),
    "query": Place("query", _last),
    "header": Place("header", _first, lower=True),
    "cookie": Place("cookie", _last, lists=False),
}


def is_plain(field: ModelField) -> bool:
    """Whether one look-up under one name finds the value."""
    marker = field.field_info
    if models_in(marker.annotation) or (reads_json(marker) and is_sequence(marker.annotation)):
        return False
    if isinstance(marker, params.Cookie) and is_sequence(marker.annotation):
        return False
    return marker.validation_alias is None or isinstance(marker.validation_alias, str)


def parameters_extract(place: str, fields: Sequence[ModelField]) -> Extract:
    """Extracts all parameters of one place of one step."""
    read = _READERS[place]
    readers = [(field.name, parameter_reader(field, PLACES[place])) for field in fields]

    def extract(exchange: Exchange, arguments: Arguments) -> Errors:
        received = read(exchange.scope)
        errors: Errors = []
        for name, reader in readers:
            value, own_errors = reader(received)
            if own_errors:
                errors += own_errors
            else:
                arguments[name] = value
        return errors

    return extract


def _query(scope: Mapping[str, Any]) -> Received:
    return received_from(decoded_pairs(scope["query_string"].decode("latin-1")))


def _headers(scope: Mapping[str, Any]) -> Received:
    return received_from((name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"])


def _cookies(scope: Mapping[str, Any]) -> Received:
    lines = [value.decode("latin-1") for name, value in scope["headers"] if name == b"cookie"]
    return {name: [value] for line in lines for name, value in cookie_parser(line).items()}


_READERS: Mapping[str, Callable[[Mapping[str, Any]], Received]] = {
    "path": lambda scope: {name: [value] for name, value in scope["path_params"].items()},
    "query": _query,
    "header": _headers,
    "cookie": _cookies,
}


def parameter_reader(field: ModelField, place: Place) -> Callable[[Received], tuple[Any, Errors]]:
    """Reads one parameter, a group or a value, from what was received at its place."""
    if is_group(field) and len(models_in(field.field_info.annotation)) == 1:
        return GroupField(field, place).read
    many = wants_all(field, place)
    # The path says what its parameters are called: there are no other names to try.
    wire = (field.validation_alias or field.alias,) if place.name == "path" else wire_names(field)
    names = [(name.lower() if place.lower else name, (place.name, name)) for name in wire]
    select = place.select
    blank_is_absent = not many and is_sequence(field.field_info.annotation)  # a cookie, or JSON text of a list

    def read(received: Received) -> tuple[Any, Errors]:
        for name, loc in names:
            values = received.get(name)
            if values is not None and not (blank_is_absent and values[-1] == ""):
                return field.validate(select(values, many), loc=loc)
        return default_of(field, names[0][1])

    return read


def request_params_to_args(fields: Sequence[ModelField], received: Any) -> tuple[Arguments, Errors]:
    """The values and errors of the parameters of one place, from a mapping of what that place holds."""
    values: Arguments = {}
    errors: Errors = []
    pairs = list(received.multi_items() if hasattr(received, "multi_items") else received.items())
    for field in fields:
        marker: Any = field.field_info
        place = PLACES[marker.in_.value if isinstance(marker, params.Param) else "query"]
        named = ((name.lower(), value) for name, value in pairs) if place.lower else pairs
        value, own_errors = parameter_reader(field, place)(received_from(named))
        errors += own_errors
        if not own_errors:
            values[field.name] = value
    return values, errors


# --- bodies ---------------------------------------------------------------------------------------------------


def body_extract(fields: Sequence[ModelField], *, embed: bool) -> Extract:
    """Extracts the body parameters of one step, from what the body reader left on the exchange."""
    read_json = json_fields(fields, embed=embed)
    read_form_fields = form_fields(fields)

    def extract(exchange: Exchange, arguments: Arguments) -> Errors:
        ready = exchange.body_values
        if ready is not None:  # the reader validated the whole body already
            for field in fields:
                arguments[field.name] = ready[field.name]
            return []
        body = exchange.body
        if isinstance(body, FormData):
            return read_form(read_form_fields, body, arguments)
        errors = read_json(body, arguments)
        if exchange.body_places:
            return [error for error in errors if error["loc"] in exchange.body_places] or errors
        return errors

    return extract


def json_fields(fields: Sequence[ModelField], *, embed: bool) -> Callable[[Any, Arguments], Errors]:
    """Reads body parameters from JSON data, bytes, or ABSENT_BODY, into arguments; returns the errors."""
    if len(fields) == 1 and not embed:
        return _whole_body(fields[0])
    names = [(field, [(name, ("body", name)) for name in wire_names(field)]) for field in fields]

    def read(body: Any, arguments: Arguments) -> Errors:
        errors: Errors = []
        for field, choices in names:
            if isinstance(body, (dict, ImmutableMultiDict)):
                found = next(((name, loc) for name, loc in choices if name in body), None)
                value, own = default_of(field, choices[0][1]) if found is None else _validated(field, body, *found)
            elif body is ABSENT_BODY or isinstance(body, bytes):  # of another media type
                value, own = default_of(field, choices[0][1])
            else:  # other JSON than an object cannot hold a key, not even one that may be left out
                value, own = None, [missing(choices[0][1])]
            errors += own
            if not own:
                arguments[field.name] = value
        return errors

    return read


def _whole_body(field: ModelField) -> Callable[[Any, Arguments], Errors]:
    def read(body: Any, arguments: Arguments) -> Errors:
        loc = ("body",)
        value, errors = default_of(field, loc) if body is ABSENT_BODY else field.validate(body, loc=loc)
        if not errors:
            arguments[field.name] = value
        return errors

    return read


def _validated(field: ModelField, body: Any, name: str, loc: Loc) -> tuple[Any, Errors]:
    return field.validate(body[name], loc=loc)


async def request_body_to_args(
    body_fields: Sequence[ModelField], received_body: Any, embed_body_fields: bool
) -> tuple[Arguments, Errors]:
    """The values and errors of body parameters; `received_body` is JSON data, a form, bytes, or None for no body."""
    values: Arguments = {}
    if isinstance(received_body, FormData):
        loaded = await load_form(received_body, byte_names(body_fields))
        return values, read_form(form_fields(body_fields), loaded, values)
    body = ABSENT_BODY if received_body is None else received_body
    return values, json_fields(body_fields, embed=embed_body_fields)(body, values)
