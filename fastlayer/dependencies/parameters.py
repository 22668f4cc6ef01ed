"""One parameter of a signature -> where it comes from. Every mistake in a parameter's declaration is reported here."""

import importlib
import inspect
from collections.abc import Collection
from dataclasses import dataclass, replace
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from starlette.background import BackgroundTasks
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response
from starlette.websockets import WebSocket

from .. import params
from ..exceptions import FastLayerError
from ..exceptions import ParameterError as ParameterError
from ..fields import (
    ModelField,
    Undefined,
    UnknownTypeError,
    create_model_field,
    holds_files,
    is_class,
    is_complex,
    is_scalar_sequence,
    merged_marker,
    not_none,
    reads_json,
)
from ..outcome import Outcome
from ..security.oauth2 import SecurityScopes
from .callables import place_of
from .models import Dependant
from .signatures import Unresolved, unresolved_error

# What is handed over as it is, most specific first, and the Dependant field that keeps the parameter's name.
SPECIAL_TYPES: tuple[tuple[type[Any], str], ...] = (
    (Request, "request_param_name"),
    (WebSocket, "websocket_param_name"),
    (HTTPConnection, "http_connection_param_name"),
    (Response, "response_param_name"),
    (BackgroundTasks, "background_tasks_param_name"),
    (SecurityScopes, "security_scopes_param_name"),
    (Outcome, "outcome_param_name"),
)
_SPECIAL_CLASSES = tuple(cls for cls, _ in SPECIAL_TYPES)


class MissingMultipartError(FastLayerError, RuntimeError):
    """A parameter is read from a form, and nothing is installed to parse forms."""


def multipart_is_installed() -> bool:
    """Whether python-multipart can be imported."""
    try:
        importlib.import_module("python_multipart")
    except ImportError:
        return False
    return True


@dataclass
class Declaration:
    """What one parameter says: its type, and a marker, a dependency or neither."""

    name: str
    call: Any
    annotation: Any
    type_annotation: Any
    default: Any
    marker: FieldInfo | None = None
    depends: params.Depends | None = None

    def error(self, problem: str, remedy: str = "") -> ParameterError:
        text = f"{problem}\n  In {place_of(self.call)}, parameter {self.name!r}."
        return ParameterError(f"{text}\n  {remedy}" if remedy else text)


def read_declaration(call: Any, name: str, annotation: Any, default: Any) -> Declaration:
    """What the parameter says, contradictions refused.

    Raises:
        ParameterError: two markers contradict each other, or a default stands where none may.
        FastLayerError: the annotation uses an undefined name.
    """
    if isinstance(annotation, Unresolved):
        if not isinstance(default, params.Depends) or default.dependency is None:
            raise unresolved_error(call, name, annotation)
        annotation = Any
    if annotation is inspect.Parameter.empty:
        annotation = Any
    if default is ...:  # an old way to say that there is none
        default = inspect.Parameter.empty
    annotation = _without_alias(annotation)
    declared = Declaration(name, call, annotation, annotation, default)
    if get_origin(annotation) is Annotated:
        _read_annotated(declared)
    _read_default(declared)
    if declared.depends is not None and declared.depends.dependency is None:
        declared.depends = replace(declared.depends, dependency=_dependency_of(declared))
    return declared


def _without_alias(annotation: Any) -> Any:
    """The annotation behind a PEP 695 alias, where that alias carries metadata."""
    value = annotation
    while type(value).__name__ == "TypeAliasType":
        value = value.__value__
    return value if get_origin(value) is Annotated else annotation


def _dependency_of(declared: Declaration) -> Any:
    """What `Depends()` without argument calls: the class that the annotation names."""
    target = declared.type_annotation
    if target is Any or not callable(target) or get_origin(target) in (Union, UnionType, Literal):
        raise declared.error(
            f"`Depends()` has nothing to call for {declared.name!r}",
            "Pass a callable, Depends(function), or annotate the parameter with a class.",
        )
    return target


def _read_annotated(declared: Declaration) -> None:
    declared.type_annotation = get_args(declared.annotation)[0]
    ours = [
        meta
        for meta in get_args(declared.annotation)[1:]
        if isinstance(meta, (params.Param, params.Body, params.Depends))
    ]
    if not ours:
        return
    marker = ours[-1]
    if isinstance(marker, params.Depends):
        declared.depends = marker
        return
    merged = merged_marker(marker, declared.annotation)
    if merged.default is not Undefined and merged.default is not ...:
        raise declared.error(
            f"`{type(marker).__name__}` default value cannot be set in `Annotated` for {declared.name!r}."
            " Set the default value with `=` instead.",
            f"Write {declared.name}: Annotated[..., {type(marker).__name__}()] = {merged.default!r}.",
        )
    declared.marker = merged
    if declared.default is not inspect.Parameter.empty and not isinstance(
        declared.default, (FieldInfo, params.Depends)
    ):
        if merged.default_factory is not None and declared.default is not ...:
            raise declared.error(
                f"{declared.name!r} has both a default and a default_factory", "Remove the default, or the factory."
            )
        declared.marker.default = declared.default
        declared.marker._attributes_set["default"] = declared.default


def _read_default(declared: Declaration) -> None:
    default, name = declared.default, declared.name
    if isinstance(default, params.Depends):
        if declared.depends is not None:
            raise declared.error(
                f"Cannot specify `Depends` in `Annotated` and default value together for {name!r}", "Keep one of them."
            )
        if declared.marker is not None:
            raise declared.error(
                "Cannot specify a FastAPI annotation in `Annotated` and `Depends` as a default value together"
                f" for {name!r}",
                "Keep one of them.",
            )
        declared.depends = default
    elif isinstance(default, FieldInfo):
        if declared.marker is not None:
            raise declared.error(
                f"Cannot specify FastAPI annotations in `Annotated` and default value together for {name!r}",
                "Keep one of them.",
            )
        # As in FastAPI, a marker that is the default value has the only say: what `Annotated` adds is not read.
        declared.marker = merged_marker(default, declared.type_annotation)


def add_special(dependant: Dependant, declared: Declaration) -> bool:
    """Record a parameter that gets an object as it is; whether it was one.

    Raises:
        ParameterError: it also has a marker.
    """
    if declared.depends is not None:
        return False
    for candidate in not_none(declared.type_annotation) or (declared.type_annotation,):
        if not is_class(candidate, _SPECIAL_CLASSES):
            continue
        for cls, attribute in SPECIAL_TYPES:
            if not is_class(candidate, cls):
                continue
            if declared.marker is not None:
                raise declared.error(
                    f"Cannot specify FastAPI annotation for type {declared.type_annotation!r}",
                    f"Remove {type(declared.marker).__name__}(): the object is passed as it is.",
                )
            setattr(dependant, attribute, declared.name)
            return True
    return False


def make_field(declared: Declaration, path_names: Collection[str]) -> ModelField:
    """The field of a parameter taken from the request, its place inferred where no marker says it.

    Raises:
        ParameterError: the annotation cannot be read from that place.
        FastLayerError: Pydantic has no schema for the annotation with its constraints.
        MissingMultipartError: a form is asked for that nothing can parse.
    """
    in_path = declared.name in path_names
    marker = declared.marker or _inferred_marker(declared, in_path)
    if in_path and not isinstance(marker, params.Path):
        raise declared.error(
            f"Cannot use `{type(marker).__name__}` for path param {declared.name!r}",
            "Rename the parameter, or use Path().",
        )
    if isinstance(marker, params.Path) and declared.marker is not None and marker.default not in (Undefined, ...):
        raise declared.error(
            "Path parameters cannot have default values", f"Remove the default of {declared.name!r}: it is never used."
        )
    if isinstance(marker, params.Param) and getattr(marker, "in_", None) is None:
        marker.in_ = params.ParamTypes.query
    if isinstance(marker, params.Form) and not multipart_is_installed():
        raise MissingMultipartError(
            str(
                declared.error(
                    "Form data is parsed by the package python-multipart, which is not installed",
                    'Install it: `pip install python-multipart`, or `pip install "fastlayer-api[standard]"`.',
                )
            )
        )
    _complete_names(marker, declared.name)
    try:
        field = create_model_field(name=declared.name, type_=declared.type_annotation, field_info=marker)
    except UnknownTypeError as exc:
        raise declared.error(
            f"Pydantic cannot validate {declared.type_annotation!r}. It says: {exc.why}",
            "Use a type it knows, or Depends(function) for a value that the application makes.",
        ) from exc
    _check_readable(declared, field, in_path)
    return field


def _complete_names(marker: FieldInfo, name: str) -> None:
    """Give the marker its name on the wire; `alias` stays the name in the document."""
    if marker.alias is None or marker.alias == "":
        convert = isinstance(marker, params.Header) and marker.convert_underscores
        marker.alias = name.replace("_", "-") if convert else name


def _inferred_marker(declared: Declaration, in_path: bool) -> FieldInfo:
    annotation = declared.type_annotation
    default = declared.default
    marker: FieldInfo
    if in_path:
        marker = params.Path()
    elif holds_files(annotation):
        marker = params.File()
    elif is_complex(annotation):
        marker = params.Body()
    else:
        marker = params.Query()
    marker = merged_marker(marker, declared.annotation)
    if in_path:
        return marker  # a default of the function is never used, nor described
    # As in FastAPI, what `Field` in `Annotated` calls the default is none: only `=` gives one.
    marker.default = Undefined if default is inspect.Parameter.empty else default
    marker._attributes_set["default"] = marker.default
    return marker


def _check_readable(declared: Declaration, field: ModelField, in_path: bool) -> None:
    annotation = field.field_info.annotation
    if in_path and is_complex(annotation):
        raise declared.error(
            f"Path params must be of one of the supported types, and {annotation!r} is not",
            "A path segment is one string: use a scalar type such as str, int, UUID or an Enum.",
        )
    marker = field.field_info
    if isinstance(marker, params.Query) and not _readable_from_strings(annotation, marker):
        raise declared.error(
            f"Query parameter {declared.name!r} must be one of the supported types, and {annotation!r} is not",
            "Use a scalar, a list of scalars, or one Pydantic model; larger structures belong in the body.",
        )


def _readable_from_strings(annotation: Any, marker: params.Param) -> bool:
    """Whether query, header or cookie strings can make this: scalars, sequences of them, models, JSON."""
    if reads_json(marker) or not is_complex(annotation) or is_scalar_sequence(annotation):
        return True
    members = not_none(annotation)
    return len(members) == 1 and is_class(members[0], BaseModel)
