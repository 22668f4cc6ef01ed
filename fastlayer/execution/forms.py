"""Parameters of forms: fields, groups of fields, files as objects and as bytes, and parts that hold JSON.

An empty field counts as missing, and so does a file input in which nothing was selected: browsers send both.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

from pydantic import ValidationError
from starlette.datastructures import FormData, UploadFile

from .. import params
from ..body_models import declares_json, is_group, is_json_type, may_be_json
from ..error_lists import Errors, located
from ..fields import ModelField, holds_bytes
from .groups import GroupField
from .received import NOTHING, Load, Place, Received, default_of, received_from, wants_all, wire_names

Arguments = dict[str, Any]
Reader = Callable[[Received, Load], tuple[Any, Errors]]


class LoadedForm(FormData):
    """A form of which some files that lie on disk have been read."""

    def __init__(self, form: FormData, contents: dict[int, bytes]) -> None:
        super().__init__(form.multi_items())
        self.contents = contents


def _unselected(value: Any) -> bool:
    """Whether this is what a browser sends for a file input in which no file was chosen."""
    return isinstance(value, UploadFile) and not value.filename and not value.size


def select(values: list[Any], many: bool) -> Any:
    """All usable values of a name, or the last one; NOTHING where none is usable."""
    if many:
        kept = [value for value in values if not _unselected(value)]
        return kept if kept or not values else NOTHING
    value = values[-1]
    return NOTHING if value == "" or _unselected(value) else value


BODY = Place("body", select)


def form_fields(fields: Sequence[ModelField]) -> list[tuple[str, Reader]]:
    """The readers of these parameters, with the parameters' names."""
    return [(field.name, _reader(field)) for field in fields]


def read_form(readers: Iterable[tuple[str, Reader]], form: FormData, arguments: Arguments) -> Errors:
    """Read the parameters into `arguments`; returns the errors."""
    received = received_from(form.multi_items())
    contents: dict[int, bytes] = form.contents if isinstance(form, LoadedForm) else {}

    def load(value: Any) -> Any:
        return content_of(value, contents) if isinstance(value, UploadFile) else value

    errors: Errors = []
    for name, read in readers:
        value, own_errors = read(received, load)
        if own_errors:
            errors += own_errors
        else:
            arguments[name] = value
    return errors


def _reader(field: ModelField) -> Reader:
    marker = field.field_info
    group = GroupField(field, BODY) if isinstance(marker, params.Form) and is_group(field) else None
    plain = group.read if group is not None else _value_reader(field)
    if group is not None and field.alias in group.declared and not declares_json(field):
        return plain
    return _json_reader(field, plain) if may_be_json(field) else plain


def _value_reader(field: ModelField) -> Reader:
    """Reads one value, or all values of one name; as bytes what is declared so."""
    many = wants_all(field, BODY)
    as_bytes = _wants_bytes(field)
    names = [(name, ("body", name)) for name in wire_names(field)]

    def read(received: Received, load: Load) -> tuple[Any, Errors]:
        for name, loc in names:
            values = received.get(name)
            value = NOTHING if values is None else select(values, many)
            if value is not NOTHING:
                if as_bytes:
                    value = [load(item) for item in value] if many else load(value)
                return field.validate(value, loc=loc)
        return default_of(field, names[0][1])

    return read


def _wants_bytes(field: ModelField) -> bool:
    return isinstance(field.field_info, params.File) and holds_bytes(field.field_info.annotation)


def _json_reader(field: ModelField, otherwise: Reader) -> Reader:
    """Reads the part of the parameter's name as JSON if the part, or the parameter, says that it is."""
    declared = declares_json(field)
    name = wire_names(field)[0]
    loc = ("body", name)

    def read(received: Received, load: Load) -> tuple[Any, Errors]:
        value: Any = select(received.get(name, [""]), False)
        if isinstance(value, UploadFile) and (declared or is_json_type(value.content_type or "")):
            value = load(value)
        elif not declared:
            return otherwise(received, load)
        if value is NOTHING:
            return default_of(field, loc)
        part: Any = value  # text or bytes by now
        try:
            return field.validator.validate_json(part), []
        except ValidationError as exc:
            first = field.first_errors(exc, lambda validator: validator.validate_json(part))
            return None, located(first, loc, exc.error_count())

    return read


# --- files ----------------------------------------------------------------------------------------------------


def byte_names(fields: Sequence[ModelField]) -> frozenset[str]:
    """The names whose files are read into memory: those declared as bytes, and those that may hold JSON."""
    names: set[str] = set()
    for field in fields:
        if _wants_bytes(field) or may_be_json(field):
            names.update(wire_names(field))
        if isinstance(field.field_info, params.Form) and is_group(field):
            names.update(*(group.byte_names for group in GroupField(field, BODY).groups))
    return frozenset(names)


async def load_form(form: FormData, names: Collection[str]) -> FormData:
    """The form; files of these names that lie on disk have been read in a worker thread."""
    contents: dict[int, bytes] = {}
    for name, value in form.multi_items() if names else ():
        if name in names and isinstance(value, UploadFile) and _is_on_disk(value):
            contents[id(value)] = await read_whole(value)
    return LoadedForm(form, contents) if contents else form


def _is_on_disk(upload: UploadFile) -> bool:
    return bool(getattr(upload.file, "_rolled", True))  # SpooledTemporaryFile does not say it publicly


async def read_whole(upload: UploadFile) -> bytes:
    """The whole content; the file's position stays where it was."""
    position = upload.file.tell()
    await upload.seek(0)
    try:
        return await upload.read()
    finally:
        await upload.seek(position)


async def read_rest(upload: UploadFile) -> bytes:
    """The content from the file's position on, which stays where it was."""
    position = upload.file.tell()
    try:
        return await upload.read()
    finally:
        await upload.seek(position)


def content_of(upload: UploadFile, contents: Mapping[int, bytes]) -> bytes:
    """The content from the file's position on, which stays where it was. Reads what `load_form` has not."""
    position = upload.file.tell()
    whole = contents.get(id(upload))
    if whole is not None:
        return whole[position:] if position else whole
    try:
        return upload.file.read()
    finally:
        upload.file.seek(position)
