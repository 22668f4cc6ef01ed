"""The markers that say where a parameter comes from: Path, Query, Header, Cookie, Body, Form, File, Depends, Security.

Each marker is one class, used as `Annotated` metadata or as a default value; `param_functions` re-exports the
same objects, typed for use as default values. They carry what was written; `dependencies.analysis` decides.
"""

import difflib
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from re import Pattern
from typing import Any, Literal, TypedDict, get_args

from annotated_types import SupportsGe, SupportsGt, SupportsLe, SupportsLt
from pydantic import AliasChoices, AliasPath
from pydantic.fields import FieldInfo
from pydantic.types import Discriminator
from typing_extensions import Unpack

from .exceptions import FastLayerDeprecationWarning, ParameterError
from .fields import Undefined
from .limits import ConcurrencyLimit

Scope = Literal["function", "response", "request", "app"]


class ParamTypes(Enum):
    """Where a parameter stands (OpenAPI 3.1, 4.8.12, `in`)."""

    query = "query"
    header = "header"
    path = "path"
    cookie = "cookie"


class ParamOptions(TypedDict, total=False):
    """The keywords all parameter markers share. An absent one leaves to the annotation what it says."""

    default_factory: Callable[[], Any] | None
    """Called, once per request without the parameter, for its default."""
    annotation: Any
    """Set by the framework: the annotation the marker stands on."""
    alias: str | None
    """The name on the wire, both for reading and in the document; the parameter's own name if absent."""
    alias_priority: int | None
    validation_alias: str | AliasPath | AliasChoices | None
    """The name on the wire for reading, over `alias`; several choices are tried in order."""
    serialization_alias: str | None
    title: str | None
    description: str | None
    gt: SupportsGt | None
    ge: SupportsGe | None
    lt: SupportsLt | None
    le: SupportsLe | None
    min_length: int | None
    """Characters of a string, items of a list."""
    max_length: int | None
    """Characters of a string, items of a list."""
    pattern: str | Pattern[str] | None
    """A regular expression the string must match."""
    regex: str | None
    """Deprecated: write `pattern`."""
    discriminator: str | Discriminator | None
    strict: bool | None
    multiple_of: float | None
    allow_inf_nan: bool | None
    max_digits: int | None
    decimal_places: int | None
    union_mode: Literal["smart", "left_to_right"] | None
    fail_fast: bool | None
    validate_default: bool | None
    """Whether the default is validated too when it is used; no if absent."""
    examples: list[Any] | None
    example: Any
    """Deprecated: write `examples`."""
    openapi_examples: dict[str, Any] | None
    """Examples by name, each an OpenAPI Example Object (OpenAPI 3.1, 4.8.19)."""
    deprecated: Any
    include_in_schema: bool
    """Whether the parameter is in the OpenAPI document; yes if absent."""
    json_schema_extra: dict[str, Any] | Callable[[dict[str, Any]], None] | None


class HeaderOptions(ParamOptions, total=False):
    """The keywords of `Header`: those of all parameters, and one."""

    convert_underscores: bool
    """Whether `user_agent` reads the header `user-agent`; yes if absent."""


class FormOptions(ParamOptions, total=False):
    """The keywords of `Form` and `File`: those of all parameters, and one."""

    media_type: str
    """The media type of the body, or of this part of a multipart form."""


class BodyOptions(FormOptions, total=False):
    """The keywords of `Body`: those of a form field, and one."""

    embed: bool | None
    """Whether a single body parameter stands under its own name in a JSON object."""


# What FieldInfo itself does not know: kept as attributes of the marker.
_OWN = {"openapi_examples", "include_in_schema", "example", "regex", "convert_underscores", "media_type", "embed"}
_KNOWN = set(ParamOptions.__annotations__)
_ABSENT_IF_NONE = {"gt", "ge", "lt", "le", "min_length", "max_length", "pattern", "default_factory", "annotation"}


class Marker(FieldInfo):  # pyright: ignore[reportGeneralTypeIssues]  # final, and subclassed for years
    """What all parameter markers have in common."""

    options: frozenset[str] = frozenset(_KNOWN)
    include_in_schema: bool = True
    openapi_examples: dict[str, Any] | None = None
    example: Any = Undefined

    def __init__(self, default: Any = Undefined, **options: Any) -> None:
        unknown = [name for name in options if name not in self.options]
        if unknown:
            raise TypeError(_unknown_keyword(type(self).__name__, unknown[0], self.options))
        for name in ("regex", "example"):
            if options.get(name) is not None and options[name] is not Undefined:
                remedy = {"regex": "pattern", "example": "examples"}[name]
                warnings.warn(
                    f"`{name}` has been deprecated, please use `{remedy}` instead",
                    category=FastLayerDeprecationWarning,
                    stacklevel=2 + self._constructors_above(),
                )
        self.include_in_schema = options.get("include_in_schema", True)
        self.openapi_examples = options.get("openapi_examples")
        self.example = options.get("example", Undefined)
        super().__init__(default=default, **_field_options(options))

    @classmethod
    def _constructors_above(cls) -> int:
        """How many constructors stand between this class's and the user's line: a warning points there."""
        above = cls.__mro__[: cls.__mro__.index(Marker)]
        return sum("__init__" in vars(one) for one in above)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.default})"


def _field_options(options: dict[str, Any]) -> dict[str, Any]:
    """The options Pydantic's FieldInfo takes, with the aliases completed the way `Field()` would."""
    given = {
        name: value
        for name, value in options.items()
        if name not in _OWN and value is not Undefined and not (value is None and name in _ABSENT_IF_NONE)
    }
    if options.get("pattern") is None and options.get("regex") is not None:
        given["pattern"] = options["regex"]
    alias = given.get("alias")
    if given.get("serialization_alias") is None and isinstance(alias, str):
        given["serialization_alias"] = alias
    if given.get("validation_alias") is None and alias is not None:
        given["validation_alias"] = alias
    return given


def _unknown_keyword(marker: str, name: str, known: frozenset[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    hint = f" Did you mean {close[0]!r}?" if close else " It takes: " + ", ".join(sorted(known)) + "."
    return f"{marker}() got an unexpected keyword argument {name!r}.{hint}"


class Param(Marker):
    """A parameter of the URL or the headers; plain `Param` means query."""

    in_: ParamTypes


class Path(Param):
    """A part of the path. Always required: a default is refused."""

    in_ = ParamTypes.path

    def __init__(self, default: Any = ..., **options: Unpack[ParamOptions]) -> None:
        if default is not ... or options.get("default_factory"):
            raise ParameterError(
                "Path parameters cannot have a default value: a path that matches has them all. Remove the default from"
                " Path(), or use Query()."
            )
        super().__init__(default, **options)


class Query(Param):
    """A query parameter; of a list annotation, all its repetitions; of a model annotation, one per model field."""

    in_ = ParamTypes.query

    def __init__(self, default: Any = Undefined, **options: Unpack[ParamOptions]) -> None:
        super().__init__(default, **options)


class Header(Param):
    """A request header; underscores of the parameter's name read as hyphens."""

    in_ = ParamTypes.header
    options = Marker.options | {"convert_underscores"}

    def __init__(self, default: Any = Undefined, **options: Unpack[HeaderOptions]) -> None:
        self.convert_underscores = options.get("convert_underscores", True)
        super().__init__(default, **options)


class Cookie(Param):
    """A cookie."""

    in_ = ParamTypes.cookie

    def __init__(self, default: Any = Undefined, **options: Unpack[ParamOptions]) -> None:
        super().__init__(default, **options)


class Body(Marker):
    """The request body, or one key of it when several parameters share it."""

    options = Marker.options | {"embed", "media_type"}
    default_media_type = "application/json"

    def __init__(self, default: Any = Undefined, **options: Unpack[BodyOptions]) -> None:
        self.embed = options.get("embed")
        self.media_type = options.get("media_type", self.default_media_type)
        super().__init__(default, **options)


class Form(Body):
    """A field of an urlencoded or multipart form; of a model annotation, one field per model field."""

    options = Marker.options | {"media_type"}
    default_media_type = "application/x-www-form-urlencoded"

    def __init__(self, default: Any = Undefined, **options: Unpack[FormOptions]) -> None:
        super().__init__(default, **options)


class File(Form):
    """A file of a multipart form, as `bytes` or `UploadFile`."""

    default_media_type = "multipart/form-data"


@dataclass(frozen=True)
class Depends:
    """Call `dependency` before the endpoint and pass on what it returns or yields.

    `use_cache=False` calls it anew for each place that asks for it; `scope` says when what it yielded is closed
    (the table of lifetimes in the documentation); `max_concurrency` bounds how many of its values are in use at
    once; `thread=False` runs a plain `def` on the event loop, right for code that never blocks.
    """

    dependency: Callable[..., Any] | None = None
    use_cache: bool = True
    scope: Scope | None = None
    max_concurrency: int | None = field(default=None, kw_only=True)
    thread: bool = field(default=True, kw_only=True)
    _concurrency: ConcurrencyLimit | None = field(default=None, repr=False, kw_only=True)

    def __post_init__(self) -> None:
        if self.scope not in (None, *get_args(Scope)):
            raise ParameterError(
                f"There is no scope {self.scope!r}. Choose one of {', '.join(map(repr, get_args(Scope)))}."
            )
        kept = self._concurrency
        if self.max_concurrency is None:
            limit = None
        elif kept is not None and kept.limit == self.max_concurrency:
            limit = kept  # `dataclasses.replace` of other fields: still the same declaration
        else:
            limit = ConcurrencyLimit(self.max_concurrency)
        object.__setattr__(self, "_concurrency", limit)

    @property
    def concurrency(self) -> ConcurrencyLimit | None:
        """What enforces `max_concurrency`; shared by all uses of this very declaration."""
        return self._concurrency


@dataclass(frozen=True)
class Security(Depends):
    """A dependency that checks credentials; `scopes` are the OAuth2 scopes it asks for, beside those above it."""

    scopes: Sequence[str] | None = None

    def __post_init__(self) -> None:
        if isinstance(self.scopes, str):
            raise ParameterError(
                f"Security(scopes={self.scopes!r}) asks for one scope for each letter. Write [{self.scopes!r}]."
            )
        super().__post_init__()

    def __hash__(self) -> int:
        return hash((self.dependency, self.use_cache, self.scope, tuple(self.scopes or ())))
