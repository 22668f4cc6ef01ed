"""Containers a request is made of, and the uploaded file Pydantic can validate. Starlette's, except where noted."""

from typing import Any, TypeVar, cast

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema
from starlette.datastructures import URL as URL
from starlette.datastructures import Address as Address
from starlette.datastructures import FormData as FormData
from starlette.datastructures import Headers as Headers
from starlette.datastructures import QueryParams as QueryParams
from starlette.datastructures import State as State
from starlette.datastructures import UploadFile as StarletteUploadFile

DefaultType = TypeVar("DefaultType")


def _validate(value: Any) -> StarletteUploadFile:
    if not isinstance(value, StarletteUploadFile):
        raise ValueError(f"Expected UploadFile, received: {type(value)}")
    return value


class UploadFile(StarletteUploadFile):
    """A file received in a multipart form: Starlette's, usable as the type of a Pydantic field.

    Validation hands the very object on, whichever of the two classes it is: the form parser makes Starlette's.
    """

    @classmethod
    def __get_pydantic_core_schema__(cls, source: type[Any], handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(_validate)

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"type": "string", "contentMediaType": "application/octet-stream"}


class DefaultPlaceholder:
    """A value that was not written by the user, told apart from the same value written by hand.

    Kept for programs that import it; the framework itself treats an absent option as absent.
    """

    def __init__(self, value: Any) -> None:
        self.value = value

    def __bool__(self) -> bool:
        return bool(self.value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DefaultPlaceholder) and other.value == self.value

    # Equal placeholders may hold unhashable values.
    __hash__ = None  # type: ignore[assignment]


def Default(value: DefaultType) -> DefaultType:
    """Return `value` marked as not written by the user, typed as the value itself."""
    return cast(DefaultType, DefaultPlaceholder(value))
