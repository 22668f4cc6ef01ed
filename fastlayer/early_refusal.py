"""A validator for large JSON that gives up at the first absent field.

Reading JSON, Pydantic copies what was sent into every error, and each `missing` error into copies of its own: 20 absent
fields of an object of 10 MB are 200 MB and seconds. Beside `fields`, `core_schemas` and `openapi/schemas.py` it knows
the shape of core schemas.
"""

from collections.abc import Iterator
from typing import Any, NoReturn

from pydantic_core import SchemaValidator

from .core_schemas import nodes, shallow

LARGE_JSON = 65_536
"""Bytes; up to here, the copies are too small to matter."""


class AbsentField(BaseException):
    """A required field is absent. No Exception, so that no validator of a program takes it for its own."""


def refusing_early(schema: Any) -> SchemaValidator:
    """A validator like the schema's, which may raise AbsentField where that finds a `missing` error, and no other."""
    return SchemaValidator(_Rewriting(schema).rewritten(schema), _use_prebuilt=False)


def _give_up() -> NoReturn:
    raise AbsentField


# The schemas in which an absent field of an inner one is surely an error of the whole, and the keys of the inner ones.
# In others (unions, functions around, omitted items) it may be no error at all: they are left as they are.
_INNER: dict[str, tuple[str, ...]] = {
    "model": ("schema",),
    "model-fields": ("fields", "extras_schema"),
    "typed-dict": ("fields", "extras_schema"),
    "dataclass": ("schema",),
    "dataclass-args": ("fields",),
    "list": ("items_schema",),
    "set": ("items_schema",),
    "frozenset": ("items_schema",),
    "tuple": ("items_schema",),
    "dict": ("values_schema",),
    "nullable": ("schema",),
    "definitions": ("schema", "definitions"),
    "tagged-union": ("choices",),
    "function-after": ("schema",),
    "function-before": ("schema",),
    "default": ("schema",),
}


class _Rewriting:
    def __init__(self, schema: Any) -> None:
        definitions = schema.get("definitions", ()) if schema["type"] == "definitions" else ()
        self.definitions = {one["ref"]: one for one in definitions}
        self.kept: set[str] = set()
        self._find_kept(schema)

    def _find_kept(self, schema: Any) -> None:
        """Find the definitions that something left as it is refers to."""
        if _is_opened(schema):
            for inner in _inner(schema):
                self._find_kept(inner)
        elif schema["type"] != "definition-ref":
            self._keep(schema)

    def _keep(self, schema: Any) -> None:
        for node in nodes(schema):
            ref = node.get("schema_ref", "")
            if ref in self.definitions and ref not in self.kept:
                self.kept.add(ref)
                self._keep(self.definitions[ref])

    def rewritten(self, schema: Any) -> Any:
        if not _is_opened(schema) or schema.get("ref") in self.kept:
            return schema
        changed: dict[str, Any] = {}
        for key in _INNER[schema["type"]]:
            value = schema.get(key)
            if isinstance(value, dict) and not _is_schema(value):
                changed[key] = {name: self._part(part) for name, part in value.items()}
            elif isinstance(value, list):
                changed[key] = [self._part(part) for part in value]
            elif value is not None:
                changed[key] = self._part(value)
        return {**schema, **changed}

    def _part(self, part: Any) -> Any:
        if not _is_schema(part):
            return part
        if not part["type"].endswith("-field"):
            return self.rewritten(part)
        inner = self.rewritten(part["schema"])
        if part.get("required") is False or self._has_default(part["schema"]):
            return {**part, "schema": inner}
        field = {**part, "schema": {"type": "default", "schema": inner, "default_factory": _give_up}}
        return {**field, "required": False} if part["type"] == "typed-dict-field" else field

    def _has_default(self, schema: Any) -> bool:
        return any(
            node["type"] == "default"
            or (node["type"] == "definition-ref" and self._has_default(self.definitions[node["schema_ref"]]))
            for node in shallow(schema)
        )


def _is_schema(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("type"), str)


def _is_opened(schema: Any) -> bool:
    return schema["type"] in _INNER and not schema.get("custom_init") and schema.get("on_error", "raise") == "raise"


def _inner(schema: Any) -> Iterator[Any]:
    for key in _INNER[schema["type"]]:
        value = schema.get(key)
        values = [value] if _is_schema(value) else value.values() if isinstance(value, dict) else value or ()
        for part in values:
            if _is_schema(part):
                yield part["schema"] if part["type"].endswith("-field") else part
