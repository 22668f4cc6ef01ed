"""`fastapi._compat.shared`: questions about annotations."""

from collections import deque
from collections.abc import Sequence
from typing import Any, get_args

from pydantic import VERSION
from starlette.datastructures import UploadFile

from ...exceptions import PydanticV1NotSupportedError
from ...fields import is_class, is_complex, is_scalar_sequence, not_none, refuse_pydantic_v1

PYDANTIC_VERSION = VERSION
PYDANTIC_VERSION_MINOR_TUPLE = tuple(int(part) for part in VERSION.split(".")[:2])

sequence_types = (Sequence, list, tuple, set, frozenset, deque)
sequence_annotation_to_type = {kind: list if kind is Sequence else kind for kind in sequence_types}


def lenient_issubclass(cls: Any, class_or_tuple: Any) -> bool:
    """Whether it is a class, and a subclass of these; no annotation makes it fail."""
    return (
        isinstance(cls, type) and not get_args(cls) and class_or_tuple is not None and issubclass(cls, class_or_tuple)
    )


def value_is_sequence(value: Any) -> bool:
    """Whether the value is a sequence or set other than text and bytes."""
    return isinstance(value, sequence_types) and not isinstance(value, (str, bytes))


def _is_sequence_class(annotation: Any) -> bool:
    return is_class(annotation, sequence_types) and not is_class(annotation, (str, bytes))


def field_annotation_is_sequence(annotation: Any) -> bool:
    """Whether the annotation, or a member of its union, is a sequence or set other than str and bytes."""
    return any(_is_sequence_class(member) for member in not_none(annotation))


def field_annotation_is_complex(annotation: Any) -> bool:
    """Whether a value of it cannot be one string: a model, a mapping, a sequence, a file."""
    return is_complex(annotation)


def field_annotation_is_scalar(annotation: Any) -> bool:
    """Whether a value of it can be one string."""
    return annotation is not Ellipsis and not is_complex(annotation)


def field_annotation_is_scalar_sequence(annotation: Any) -> bool:
    """Whether it is a sequence or set of scalars."""
    return is_scalar_sequence(annotation)


def _is_or_may_be(annotation: Any, kind: type[Any]) -> bool:
    return any(is_class(member, kind) for member in not_none(annotation))


def _is_sequence_of(annotation: Any, kind: type[Any]) -> bool:
    return any(
        _is_sequence_class(member) and all(_is_or_may_be(item, kind) for item in get_args(member) if item is not ...)
        for member in not_none(annotation)
    )


def is_bytes_or_nonable_bytes_annotation(annotation: Any) -> bool:
    return _is_or_may_be(annotation, bytes)


def is_bytes_sequence_annotation(annotation: Any) -> bool:
    return _is_sequence_of(annotation, bytes)


def is_uploadfile_or_nonable_uploadfile_annotation(annotation: Any) -> bool:
    return _is_or_may_be(annotation, UploadFile)


def is_uploadfile_sequence_annotation(annotation: Any) -> bool:
    return _is_sequence_of(annotation, UploadFile)


def annotation_is_pydantic_v1(annotation: Any) -> bool:
    """Whether a model of the `pydantic.v1` namespace is in the annotation."""
    try:
        refuse_pydantic_v1(annotation)
    except PydanticV1NotSupportedError:
        return True
    return False


def is_pydantic_v1_model_class(cls: Any) -> bool:
    return isinstance(cls, type) and annotation_is_pydantic_v1(cls)


def is_pydantic_v1_model_instance(obj: Any) -> bool:
    return annotation_is_pydantic_v1(type(obj))
