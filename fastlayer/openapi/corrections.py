"""What FastAPI's documents say wrongly, said rightly. Each correction is asked for by name, for it changes documents.

Knows finished parts of a document and what they were written from; not how they are put together.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, get_args

from starlette.datastructures import UploadFile

from ..security.base import SecurityBase
from .forms import FormGroup

_URLENCODED = "application/x-www-form-urlencoded"
_PARAMETER = re.compile(r"\{(\w+)(?::(\w+))?\}")


def security_requirements(schemes: Iterable[tuple[SecurityBase, Sequence[str]]]) -> list[dict[str, list[str]]]:
    """All schemes that refuse by themselves in one requirement (OpenAPI 3.1, 4.8.30: all of it must be satisfied).

    A scheme that lets strangers pass (`auto_error=False`) is an alternative: with the required ones, or by itself.
    """
    required: dict[str, list[str]] = {}
    optional: dict[str, list[str]] = {}
    for scheme, scopes in schemes:
        names = required if getattr(scheme, "auto_error", True) else optional
        names[scheme.scheme_name] = list(dict.fromkeys([*names.get(scheme.scheme_name, ()), *scopes]))
    alternatives = [{**required, name: scopes} for name, scopes in optional.items() if name not in required]
    return [required, *alternatives] if required else alternatives


def convertors(path: str) -> dict[str, str]:
    """The parameters of a path as it was written, with the names of their convertors."""
    return {name: convertor or "str" for name, convertor in _PARAMETER.findall(path)}


def told_apart(path: str, item: Mapping[str, Any], first: Mapping[str, str]) -> tuple[str, dict[str, Any]]:
    """The path and its item with the parameters renamed whose convertors differ from the `first` route's.

    `/items/{key:int}` and `/items/{key}` would be one path to OpenAPI; the second becomes `/items/{key_str}`.
    """
    own = convertors(path)
    names = {name: f"{name}_{kind}" for name, kind in own.items() if kind != first.get(name)}

    def renamed(parameter: Mapping[str, Any]) -> dict[str, Any]:
        is_ours = parameter["in"] == "path" and parameter["name"] in names
        return {**parameter, "name": names[parameter["name"]]} if is_ours else dict(parameter)

    operations = {
        method: {**operation, "parameters": [renamed(one) for one in operation.get("parameters", ())]}
        for method, operation in item.items()
    }
    return _PARAMETER.sub(lambda match: f"{{{names.get(match[1], match[1])}}}", path), operations


def with_files_as_multipart(body: dict[str, Any], groups: Iterable[FormGroup]) -> dict[str, Any]:
    """The request body as multipart where a model has a file among its fields: no other form can carry one."""
    content = body["content"]
    if _URLENCODED not in content or not any(_has_file(model) for group in groups for model in group.models):
        return body
    return {**body, "content": {"multipart/form-data": content[_URLENCODED]}}


def _has_file(model: Any) -> bool:
    return any(_is_file(info.annotation) for info in model.model_fields.values())


def _is_file(annotation: Any) -> bool:
    """Whether a type is an upload, or holds some (`list[UploadFile]`, `UploadFile | None`)."""
    if isinstance(annotation, type) and issubclass(annotation, UploadFile):
        return True
    return any(_is_file(argument) for argument in get_args(annotation))
