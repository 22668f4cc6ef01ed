"""One validated value: an annotation with its constraints, its names on the wire and its adapter.

This module and `openapi/schemas.py` are the only places that know Pydantic's internals. It knows nothing
of requests: where a value comes from is decided by `params` and `dependencies.analysis`.
"""

import sys
from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import is_dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from functools import cached_property
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Json, PydanticUserError, TypeAdapter, ValidationError
from pydantic.errors import PydanticUndefinedAnnotation
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined, SchemaError, SchemaSerializer, SchemaValidator
from starlette.datastructures import UploadFile
from typing_extensions import TypeAliasType, is_typeddict

from .core_schemas import BoundedValidator
from .early_refusal import refusing_early
from .error_lists import MAX_ERRORS, Errors, Loc, located
from .exceptions import FastLayerError, PydanticV1NotSupportedError

Undefined = PydanticUndefined

MANY_ERRORS = 2_000
"""How many errors of one value Pydantic lists in a few milliseconds."""


class UnknownTypeError(FastLayerError):
    """Pydantic has no schema for an annotation; `why` is what it says, in one line."""

    def __init__(self, annotation: Any, why: str) -> None:
        self.why = why
        super().__init__(
            f"Invalid args for response field! Hint: check that {annotation!r} is a type Pydantic can validate. If it"
            " is a return annotation that is not meant as a response model, declare response_model=None in the"
            f" decorator.\n  Pydantic says: {why}"
        )


class ModelField:
    """A value with a name: `validate` reads it, `serialize` writes it.

    The adapter is built on first use, so registering a thousand routes stays cheap; `check` builds it now.
    """

    def __init__(
        self,
        field_info: FieldInfo,
        name: str,
        mode: Literal["validation", "serialization"] = "validation",
        config: ConfigDict | None = None,
    ) -> None:
        self.field_info = field_info
        self.name = name
        self.mode: Literal["validation", "serialization"] = mode
        self.config = config

    def __repr__(self) -> str:
        return f"ModelField(field_info={self.field_info!r}, name={self.name!r}, mode={self.mode!r})"

    @property
    def alias(self) -> str:
        return self.field_info.alias if self.field_info.alias is not None else self.name

    @property
    def validation_alias(self) -> str | None:
        alias = self.field_info.validation_alias
        return alias if isinstance(alias, str) and alias else None

    @property
    def serialization_alias(self) -> str | None:
        return self.field_info.serialization_alias or None

    @property
    def default(self) -> Any:
        return self.get_default()

    @property
    def required(self) -> bool:
        return self.field_info.is_required()

    @property
    def type_(self) -> Any:
        return self.field_info.annotation

    @cached_property
    def _type_adapter(self) -> TypeAdapter[Any]:
        # Third parties read this name, hence the underscore on something that is used from outside.
        annotated: Any = Annotated[self.field_info.annotation, without_names(self.field_info)]
        return TypeAdapter(annotated, config=self.config)

    @property
    def adapter(self) -> TypeAdapter[Any]:
        return self._type_adapter

    @property
    def validator(self) -> SchemaValidator:
        return self._type_adapter.validator  # type: ignore[return-value]  # PluggableSchemaValidator quacks alike

    @cached_property
    def early_validator(self) -> SchemaValidator:
        """For JSON of more than LARGE_JSON bytes: see `early_refusal`."""
        return refusing_early(self.adapter.core_schema)

    @property
    def serializer(self) -> SchemaSerializer:
        return self._type_adapter.serializer

    def check(self) -> None:
        """Build the adapter now, so that an annotation Pydantic cannot use is a registration error.

        Raises:
            UnknownTypeError: Pydantic has no schema for the annotation.
        """
        marker = self.field_info
        if is_plainly_valid(marker.annotation) and not marker.metadata and marker.discriminator is None:
            return
        try:
            self._type_adapter  # noqa: B018  # building is the check
        except PydanticUndefinedAnnotation:
            pass  # a forward reference of a model that is completed later: retried on first use
        except (PydanticUserError, SchemaError, TypeError, AttributeError, RuntimeError) as exc:
            lines = str(exc).strip().split("\n")
            why = lines[-1].strip() if isinstance(exc, SchemaError) else lines[0]
            raise UnknownTypeError(self.field_info.annotation, why) from exc

    def get_default(self) -> Any:
        """The default, its factory called, a mutable one copied; None where there is none."""
        if self.field_info.is_required():
            return None
        return self.field_info.get_default(call_default_factory=True)

    def validate(self, value: Any, values: Mapping[str, Any] | None = None, *, loc: Loc = ()) -> tuple[Any, Errors]:
        """The validated value and no errors, or None and the errors, each `loc` led by the given one."""
        try:
            return self.validator.validate_python(value, from_attributes=True), []
        except ValidationError as exc:
            total = exc.error_count()
            if total > MANY_ERRORS:
                exc = self.first_errors(exc, lambda validator: validator.validate_python(value, from_attributes=True))
            return None, located(exc, loc, total)

    def first_errors(self, failure: ValidationError, validate: Callable[[BoundedValidator], Any]) -> ValidationError:
        """A failure with the first MAX_ERRORS errors of this one at least, found again if it has a great many.

        To list them costs more than to find them, 2 µs each, and there is no way to list only some: 100,000 wrong items
        of a list would block the event loop for half a second.
        """
        if failure.error_count() <= MANY_ERRORS:
            return failure
        try:
            validate(self._bounded)
        except ValidationError as exc:
            return exc if exc.error_count() >= MAX_ERRORS else failure
        except Exception:  # a validator of the program met an item that was not looked at
            return failure
        return failure

    @cached_property
    def _bounded(self) -> BoundedValidator:
        return BoundedValidator(self.adapter.core_schema, MAX_ERRORS)

    def serialize(self, value: Any, *, mode: Literal["json", "python"] = "json", **options: Any) -> Any:
        """The value as JSON-ready data; `options` are those of `TypeAdapter.dump_python`."""
        options.setdefault("by_alias", True)
        return self._type_adapter.dump_python(value, mode=mode, **options)

    def serialize_json(self, value: Any, **options: Any) -> bytes:
        """The value as JSON bytes; `options` are those of `TypeAdapter.dump_json`."""
        options.setdefault("by_alias", True)
        return self._type_adapter.dump_json(value, **options)


def create_model_field(
    name: str,
    type_: Any,
    default: Any = Undefined,
    field_info: FieldInfo | None = None,
    alias: str | None = None,
    mode: Literal["validation", "serialization"] = "validation",
) -> ModelField:
    """A checked `ModelField`.

    Raises:
        PydanticV1NotSupportedError: the type is a Pydantic 1 model.
        FastLayerError: Pydantic has no schema for the type.
    """
    refuse_pydantic_v1(type_)
    if field_info is None:
        field_info = FieldInfo(annotation=type_, default=default, alias=alias)
    field = ModelField(field_info=field_info, name=name, mode=mode)
    field.check()
    return field


def without_names(marker: FieldInfo) -> FieldInfo:
    """A copy without aliases, for an adapter: a value alone has no name, and Pydantic warns of one that says so."""
    bare = copy(marker)
    bare._attributes_set = dict(marker._attributes_set)
    for name in ("alias", "validation_alias", "serialization_alias"):
        setattr(bare, name, None)
        bare._attributes_set.pop(name, None)
    return bare


def merged_marker(marker: FieldInfo, annotation: Any) -> FieldInfo:
    """A copy of the marker, completed by what the annotation says: its type, and `Field` or annotated-types metadata.

    What the marker says itself wins. `annotation` may contain the marker among its metadata.
    """
    merged = copy(marker)
    merged._attributes_set = dict(marker._attributes_set)
    if isinstance(annotation, type):  # a class says nothing beside itself
        merged.annotation = annotation
        merged.metadata = list(marker.metadata)
        return merged
    said = FieldInfo.from_annotation(annotation)
    inside = any(meta is marker for meta in getattr(annotation, "__metadata__", ()))
    merged.metadata = list(said.metadata) if inside else [*said.metadata, *marker.metadata]
    merged.annotation = said.annotation
    for name, value in said._attributes_set.items():
        if name not in merged._attributes_set and name != "annotation":
            setattr(merged, name, value)
            merged._attributes_set[name] = value
    return merged


# --- what an annotation is ----------------------------------------------------------------------------------

_SEQUENCES = (Sequence, list, tuple, set, frozenset)


def unwrapped(annotation: Any) -> Any:
    """The annotation behind PEP 695 aliases and `Annotated`."""
    while True:
        if isinstance(annotation, type):  # the usual case, and the questions below take long
            return annotation
        if isinstance(annotation, TypeAliasType) or type(annotation).__name__ == "TypeAliasType":
            annotation = annotation.__value__
        elif get_origin(annotation) is Annotated:
            annotation = get_args(annotation)[0]
        elif type(get_origin(annotation)).__name__ == "TypeAliasType":
            origin = get_origin(annotation)
            annotation = origin.__value__[get_args(annotation)]
        else:
            return annotation


def is_json_text(annotation: Any) -> bool:
    """Whether the annotation is `pydantic.Json[...]`: on the wire a string, whatever it holds."""
    if isinstance(annotation, type):
        return _is_json(annotation)
    if get_origin(annotation) is Annotated:
        return any(_is_json(meta) for meta in annotation.__metadata__)
    return False


def reads_json(marker: FieldInfo) -> bool:
    """Whether the value is a string that contains JSON (`pydantic.Json`)."""
    return any(_is_json(meta) for meta in marker.metadata)


def _is_json(meta: Any) -> bool:
    json: Any = Json  # to type checkers an alias, at run time a class
    return meta is json or isinstance(meta, json)


def union_members(annotation: Any) -> tuple[Any, ...]:
    """The members of a union, or the annotation alone; `str` in the place of JSON text."""
    if not isinstance(annotation, UnionType):
        if is_json_text(annotation):
            return (str,)
        annotation = unwrapped(annotation)
        if isinstance(annotation, type) or get_origin(annotation) not in (Union, UnionType):
            return (annotation,)
    return tuple(member for arg in annotation.__args__ for member in union_members(arg))


def not_none(annotation: Any) -> tuple[Any, ...]:
    """The members of a union but None."""
    return tuple(member for member in union_members(annotation) if member is not type(None))


def is_nullable(annotation: Any) -> bool:
    """Whether None is a member of the union."""
    return type(None) in union_members(annotation)


def is_class(annotation: Any, classes: type[Any] | tuple[type[Any], ...]) -> bool:
    """Whether the annotation is a subclass of one of these, whatever the annotation is."""
    annotation = unwrapped(annotation)
    if isinstance(annotation, type):
        return issubclass(annotation, classes)
    origin = get_origin(annotation)
    return isinstance(origin, type) and issubclass(origin, classes)


def is_sequence(annotation: Any) -> bool:
    """Whether the annotation, or a member of its union, is a sequence or set other than str and bytes."""
    return any(
        is_class(member, _SEQUENCES) and not is_class(member, (str, bytes)) for member in union_members(annotation)
    )


def holds_bytes(annotation: Any) -> bool:
    """Whether the annotation, or a member of its union, is bytes or a sequence of bytes."""
    return any(is_class(item, bytes) for item in _items(annotation))


def holds_files(annotation: Any) -> bool:
    """Whether the annotation, or a member of its union, is an uploaded file or a sequence of them."""
    return any(is_class(item, UploadFile) for item in _items(annotation))


def _items(annotation: Any) -> tuple[Any, ...]:
    return tuple(item for member in union_members(annotation) for item in (member, *get_args(unwrapped(member))))


def _is_structured(annotation: Any) -> bool:
    origin = get_origin(annotation)
    if origin is not None and hasattr(origin, "__pydantic_core_schema__"):
        return True
    return (
        is_class(annotation, (BaseModel, Mapping, UploadFile))
        or (is_class(annotation, _SEQUENCES) and not is_class(annotation, (str, bytes)))
        or is_dataclass(annotation)
        or is_typeddict(annotation)
    )


def is_complex(annotation: Any) -> bool:
    """Whether the annotation, or a member of its union, is read from a body: model, mapping, sequence, file."""
    return any(_is_structured(member) or is_typeddict(get_origin(member)) for member in union_members(annotation))


def is_scalar_sequence(annotation: Any) -> bool:
    """Whether the annotation is a sequence or set of scalars, or a union of those and scalars."""
    found = False
    for member in union_members(annotation):
        if not is_class(member, _SEQUENCES) or is_class(member, (str, bytes)):
            if _is_structured(member):
                return False
            continue
        if any(is_complex(item) for item in get_args(unwrapped(member)) if item is not Ellipsis):
            return False
        found = True
    return found


def models_in(annotation: Any) -> tuple[type[BaseModel], ...]:
    """The Pydantic models of the annotation's union, in order."""
    return tuple(unwrapped(member) for member in union_members(annotation) if is_class(member, BaseModel))


_PLAIN: frozenset[Any] = frozenset(
    {Any, object, None, type(None), str, int, float, bool, bytes, list, dict, set, tuple, frozenset}
    | {datetime, date, time, timedelta, Decimal, UUID}
)


def is_plainly_valid(annotation: Any) -> bool:
    """Whether Pydantic surely has a schema for the annotation, told without building one.

    A model that is a class already has its schema, and builtins always have; everything else is built to see.
    """
    if isinstance(annotation, type):
        return annotation in _PLAIN or issubclass(annotation, (BaseModel, Enum))
    origin = get_origin(annotation)
    if origin in (list, set, frozenset, dict, tuple, Union, UnionType):
        return all(is_plainly_valid(arg) for arg in get_args(annotation) if arg is not Ellipsis)
    return annotation is Any or annotation is None


def refuse_pydantic_v1(annotation: Any) -> None:
    """Refuse models of the `pydantic.v1` namespace, wherever they stand in the annotation.

    Raises:
        PydanticV1NotSupportedError: one was found.
    """
    if "pydantic.v1.main" not in sys.modules:
        return
    for member in union_members(annotation):
        for cls in getattr(member, "__mro__", ()):
            if cls.__module__ == "pydantic.v1.main" and cls.__name__ == "BaseModel":
                raise PydanticV1NotSupportedError(
                    f"pydantic.v1 models are no longer supported: {member!r}. Derive it from pydantic.BaseModel"
                    " instead."
                )
        for arg in get_args(member):
            refuse_pydantic_v1(arg)
