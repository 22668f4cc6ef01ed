"""Parameters that need more than one look-up: models spread over a place, alias choices, JSON and form bodies.

The exact way for everything: it gives FastAPI's values and errors, whatever was declared.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from pydantic import AliasChoices, AliasPath, BaseModel
from starlette.datastructures import FormData, Headers, ImmutableMultiDict, QueryParams, UploadFile
from starlette.requests import cookie_parser

from .. import params
from ..fields import Errors, Loc, ModelField, is_class, is_sequence, missing, models_in, not_none
from .exchange import Exchange

Arguments = dict[str, Any]
Extract = Callable[[Exchange, Arguments], Errors]

_NOTHING: Any = object()


def wire_names(field: ModelField, *, convert_underscores: bool = False) -> tuple[str, ...]:
    """The names the field may have on the wire, in the order they are tried."""
    alias = field.field_info.validation_alias
    if isinstance(alias, AliasChoices):
        return tuple(choice for choice in alias.choices if isinstance(choice, str)) or (field.alias,)
    if isinstance(alias, AliasPath):
        return (str(alias.path[0]),)
    if isinstance(alias, str):
        return (alias,)
    return (field.alias,)


def is_plain(field: ModelField) -> bool:
    """Whether one look-up under one name finds the value."""
    marker = field.field_info
    if models_in(marker.annotation):
        return False
    return marker.validation_alias is None or isinstance(marker.validation_alias, str)


def parameters_extract(place: str, fields: Sequence[ModelField]) -> Extract:
    """Extracts all parameters of one place of one step."""
    read = _PLACES[place]

    def extract(exchange: Exchange, arguments: Arguments) -> Errors:
        values, errors = parameters_to_args(fields, read(exchange.scope))
        arguments.update(values)
        return errors

    return extract


_PLACES: Mapping[str, Callable[[Mapping[str, Any]], Mapping[str, Any]]] = {
    "path": lambda scope: scope["path_params"],
    "query": lambda scope: QueryParams(scope["query_string"]),
    "header": lambda scope: Headers(raw=list(scope["headers"])),
    "cookie": lambda scope: cookie_parser(
        "; ".join(value.decode("latin-1") for name, value in scope["headers"] if name == b"cookie")
    ),
}


def parameters_to_args(fields: Sequence[ModelField], received: Mapping[str, Any]) -> tuple[Arguments, Errors]:
    """The values and errors of the parameters of one place."""
    values: Arguments = {}
    errors: Errors = []
    for field in fields:
        place = getattr(field.field_info, "in_", params.ParamTypes.query).value
        model = parameter_model(field)
        if model is None:
            name, value = find(field, received)
            found, field_errors = validated(field, value, (place, name))
        else:
            found, field_errors = _model_value(field, model, received, place)
        errors += field_errors
        if not field_errors:
            values[field.name] = found
    return values, errors


def parameter_model(field: ModelField) -> type[BaseModel] | None:
    """The model whose fields are parameters of their own, if the field is one."""
    members = not_none(field.field_info.annotation)
    models = models_in(field.field_info.annotation)
    return models[0] if len(models) == 1 == len(members) else None


def _model_value(field: ModelField, model: type[BaseModel], received: Any, place: str) -> tuple[Any, Errors]:
    convert = getattr(field.field_info, "convert_underscores", False)
    data = model_data(model, received, convert_underscores=convert)
    if not data and not field.field_info.is_required():
        return field.get_default(), []
    return field.validate(data, loc=(place,))


def model_data(
    model: type[BaseModel], received: Any, *, convert_underscores: bool = False, empty_is_missing: bool = False
) -> dict[str, Any]:
    """What was received, as the dict the model is validated from: its fields by alias, the rest as it came."""
    data: dict[str, Any] = {}
    processed: set[str] = set()
    for name, info in model.model_fields.items():
        inner = ModelField(field_info=info, name=name)
        many = is_sequence(info.annotation)
        for wire, target in _model_names(model, inner, convert_underscores):
            value = _values_of(received, wire, many)
            if value is _NOTHING or (empty_is_missing and value in ("", [])):
                continue
            data.setdefault(target, value)
            processed.add(wire)
            break
    _add_extras(data, received, processed)
    return data


def _model_names(model: type[BaseModel], field: ModelField, convert: bool) -> Iterable[tuple[str, str]]:
    """The wire names of a model's field, each with the key the model expects it under."""
    config = model.model_config
    by_alias = config.get("validate_by_alias", True)
    by_name = config.get("populate_by_name") or config.get("validate_by_name") or not by_alias
    aliased = field.field_info.alias is not None or field.field_info.validation_alias is not None
    if by_alias:
        for name in wire_names(field):
            yield (name.replace("_", "-"), name) if convert and not aliased else (name, name)
    if by_name:
        yield (field.name.replace("_", "-") if convert else field.name), field.name


def _values_of(received: Any, name: str, many: bool) -> Any:
    if many and hasattr(received, "getlist"):
        return received.getlist(name) or _NOTHING
    value = received.get(name, _NOTHING)
    return value


def _add_extras(data: dict[str, Any], received: Any, processed: set[str]) -> None:
    grouped: dict[str, list[Any]] = {}
    pairs = received.multi_items() if hasattr(received, "multi_items") else received.items()
    for name, value in pairs:
        if name not in processed:
            grouped.setdefault(name, []).append(value)
    for name, values in grouped.items():
        data.setdefault(name, values[0] if len(values) == 1 else values)


def find(field: ModelField, received: Any) -> tuple[str, Any]:
    """The name that was found on the wire, or the first choice, and the value or nothing."""
    many = is_sequence(field.field_info.annotation) and hasattr(received, "getlist")
    names = wire_names(field)
    for name in names:
        value = _values_of(received, name, many)
        if value is not _NOTHING:
            return name, value
    return names[0], _NOTHING


def validated(field: ModelField, value: Any, loc: Loc) -> tuple[Any, Errors]:
    """The value, or the default of one that is absent, or the errors."""
    if value is not _NOTHING:
        return field.validate(value, loc=loc)
    if field.field_info.is_required():
        return None, [missing(loc)]
    value = field.get_default()
    return field.validate(value, loc=loc) if field.field_info.validate_default else (value, [])


# --- bodies ---------------------------------------------------------------------------------------------------


def body_extract(fields: Sequence[ModelField], *, embed: bool) -> Extract:
    """Extracts the body parameters of one step, from what the body reader left on the exchange."""

    def extract(exchange: Exchange, arguments: Arguments) -> Errors:
        ready = exchange.body_values
        if ready is not None:  # the reader validated the whole body already
            for field in fields:
                arguments[field.name] = ready[field.name]
            return []
        values, errors = body_to_args(fields, exchange.body, embed=embed)
        arguments.update(values)
        if exchange.body_places:
            return [error for error in errors if error["loc"] in exchange.body_places] or errors
        return errors

    return extract


ABSENT_BODY = _NOTHING


def body_to_args(fields: Sequence[ModelField], received: Any, *, embed: bool) -> tuple[Arguments, Errors]:
    """The values and errors of body parameters; `received` is JSON data, a form, bytes, or ABSENT_BODY."""
    values: Arguments = {}
    errors: Errors = []
    single = len(fields) == 1 and not embed
    for field in fields:
        loc: Loc = ("body",)
        if isinstance(received, FormData) and isinstance(field.field_info, params.Form):
            value, field_errors = _form_value(field, received)
        elif single:
            value, field_errors = validated(field, received, loc)
        else:
            name = wire_names(field)[0]
            value, field_errors = validated(field, _key_of(received, field), (*loc, name))
        errors += field_errors
        if not field_errors:
            values[field.name] = value
    return values, errors


def _key_of(received: Any, field: ModelField) -> Any:
    if not isinstance(received, (dict, ImmutableMultiDict)):
        return _NOTHING
    return find(field, received)[1]


def _form_value(field: ModelField, form: FormData) -> tuple[Any, Errors]:
    models = models_in(field.field_info.annotation)
    if models:
        data = model_data(models[0], form, empty_is_missing=True)
        if not data and not field.field_info.is_required():
            return field.get_default(), []
        return field.validate(data, loc=("body",))
    name, value = find(field, form)
    if value == "" or (isinstance(value, UploadFile) and not value.filename):
        value = _NOTHING
    elif isinstance(value, list) and is_class(field.field_info, params.File):
        value = [item for item in value if not (isinstance(item, UploadFile) and not item.filename)] or _NOTHING
    return validated(field, value, ("body", name))
