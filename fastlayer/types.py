"""Type aliases users import. Nothing here does anything."""

from collections.abc import Callable, Mapping
from enum import Enum
from types import UnionType as UnionType
from typing import Any, Literal, TypeAlias, TypeVar, Union

from pydantic import BaseModel

DecoratedCallable = TypeVar("DecoratedCallable", bound=Callable[..., Any])

# Fields to keep or to leave out: names (or list indexes), or for nested values a mapping from those to the same again.
IncEx: TypeAlias = set[int] | set[str] | Mapping[int, Union["IncEx", bool]] | Mapping[str, Union["IncEx", bool]]
ModelNameMap: TypeAlias = dict[type[BaseModel] | type[Enum], str]
DependencyCacheKey: TypeAlias = tuple[Callable[..., Any] | None, tuple[str, ...], str]

# Where documents shall tell the truth instead of what FastAPI's tell: all security schemes that refuse are required
# together; routes on one path with different convertors are all listed; forms whose models have files are multipart.
OpenAPICorrection: TypeAlias = Literal["required_security", "path_convertors", "multipart_models"]
