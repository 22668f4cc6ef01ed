"""What is read from, and changed in, the core schemas Pydantic compiles annotations to.

Beside `fields` and `openapi/schemas.py` the only place that knows their shape. It knows nothing of requests.
"""

import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pydantic_core import SchemaValidator, ValidationError

Schema = Mapping[str, Any]


def branch_validator(schema: Any, branches: Mapping[type[Any], Callable[[Any], Any]]) -> SchemaValidator:
    """A validator like the schema's, in which each of these models sees its input through its own function.

    Only the models of the outermost union are meant, not those that are fields of others.
    """
    definitions = {one["ref"]: one for one in schema.get("definitions", ())} if schema["type"] == "definitions" else {}
    return SchemaValidator(_Branches(branches, definitions).rewritten(schema))


class _Branches:
    def __init__(self, functions: Mapping[type[Any], Callable[[Any], Any]], definitions: Mapping[str, Any]) -> None:
        self.functions = functions
        self.definitions = definitions

    def rewritten(self, schema: Any) -> Any:
        kind = schema["type"]
        if kind == "definition-ref" and schema["schema_ref"] in self.definitions:
            schema = {key: value for key, value in self.definitions[schema["schema_ref"]].items() if key != "ref"}
            kind = schema["type"]
        if kind == "model":
            function = self.functions.get(schema["cls"])
            if function is None:
                return schema
            return {"type": "function-before", "function": {"type": "no-info", "function": function}, "schema": schema}
        if kind == "union":
            return {**schema, "choices": [self._labelled(choice) for choice in schema["choices"]]}
        if kind == "tagged-union":
            choices = {
                tag: choice if isinstance(choice, str | int) else self.rewritten(choice)
                for tag, choice in schema["choices"].items()
            }
            return {**schema, "choices": choices}
        if isinstance(schema.get("schema"), dict):
            return {**schema, "schema": self.rewritten(schema["schema"])}
        return schema

    def _labelled(self, choice: Any) -> Any:
        """The choice rewritten, under the name its errors had before."""
        if isinstance(choice, tuple):
            return (self.rewritten(choice[0]), choice[1])
        whole: Any = {"type": "definitions", "schema": choice, "definitions": list(self.definitions.values())}
        return (self.rewritten(choice), SchemaValidator(whole).title)


class BoundedValidator:
    """A validator like the schema's, which after `limit` errors looks at no further items of containers.

    For a value that is known to be invalid: the first errors are the same and in the same order, later items of
    lists, sets, tuples and dicts count as valid, and validators around them may meet them as they came.
    """

    def __init__(self, schema: Any, limit: int) -> None:
        self.limit = limit
        self._found = _Count()
        # Without this, models that have been built before would be taken as they are.
        self._validator = SchemaValidator(self._rewritten(schema), _use_prebuilt=False)

    def validate_python(self, value: Any, *, from_attributes: bool | None = None) -> Any:
        """What the schema's validator returns.

        Raises:
            ValidationError: with the first errors.
        """
        self._found.errors = 0
        return self._validator.validate_python(value, from_attributes=from_attributes)

    def validate_json(self, value: str | bytes) -> Any:
        """The same for JSON text."""
        self._found.errors = 0
        return self._validator.validate_json(value)

    def _rewritten(self, node: Any) -> Any:
        if isinstance(node, dict):
            inner = {key: one if key in _SKIPPED else self._rewritten(one) for key, one in node.items()}
            for key in _ITEMS.get(str(node.get("type")), ()):
                if key in inner:
                    inner[key] = self._bounded(inner[key])
            return inner
        if isinstance(node, list | tuple):
            return type(node)(self._rewritten(one) for one in node)
        return node

    def _bounded(self, items: Any) -> Any:
        if isinstance(items, list):  # of a tuple, one schema for each place
            return [self._bounded(one) for one in items]
        return {"type": "function-wrap", "function": {"type": "no-info", "function": self._check}, "schema": items}

    def _check(self, value: Any, validate: Callable[[Any], Any]) -> Any:
        before = self._found.errors
        if before >= self.limit:
            return value
        try:
            result = validate(value)
        except ValidationError as exc:
            self._found.errors = before + exc.error_count()
            raise
        self._found.errors = before  # what was wrong in branches that were not taken counts for nothing
        return result


class _Count(threading.local):
    errors = 0


_ITEMS: Mapping[str, tuple[str, ...]] = {
    "list": ("items_schema",),
    "set": ("items_schema",),
    "frozenset": ("items_schema",),
    "tuple": ("items_schema",),
    "dict": ("keys_schema", "values_schema"),
}


# What strings of JSON fit strictly, although strings of Python do not; and what strings of Python fit strictly.
_ONLY_JSON = frozenset(
    {"date", "datetime", "time", "timedelta", "uuid", "decimal", "bytes", "complex", "json-or-python", "lax-or-strict"}
)
_STRINGS = frozenset({"str", "any", "literal", "enum"})
_SKIPPED = frozenset(
    {"metadata", "serialization", "cls", "function", "default", "expected", "members", "strict_schema"}
)


def differs_as_json(schema: Schema) -> bool:
    """Whether reading JSON directly may choose another value than parsing it first and validating the data.

    Pydantic's smart unions prefer what fits strictly, and JSON fits more types strictly than Python data does: an ISO
    date is a `date` of `date | str` in JSON, and a `str` in Python. A decimal made of the number 1.0 is 1 in JSON, and
    1.0 in Python. Strict schemas are meant to be read as JSON.
    """
    found = False
    for node in nodes(schema):
        if node.get("strict") is True:
            return False
        if node.get("type") == "union" and node.get("mode") != "left_to_right":
            found = found or _is_ambiguous(node)
        elif node.get("type") == "decimal" or node.get("val_json_bytes", "utf8") != "utf8":
            found = True
    return found


def is_strict(schema: Schema) -> bool:
    """Whether strict validation is asked for anywhere."""
    return any(node.get("strict") is True for node in nodes(schema))


def _is_ambiguous(union: Schema) -> bool:
    choices = [choice[0] if isinstance(choice, tuple) else choice for choice in union["choices"]]
    kinds = {node.get("type") for choice in choices for node in shallow(choice)}
    return bool(kinds & _ONLY_JSON and kinds & _STRINGS) or ("dict" in kinds and bool(kinds & {"model", "dataclass"}))


def shallow(schema: Any) -> Iterator[Schema]:
    """The schema and those inside it that see the same value: what functions, defaults and unions wrap."""
    yield schema
    if schema["type"] in ("model", "dataclass", "list", "set", "frozenset", "tuple", "dict", "json"):
        return
    if isinstance(inner := schema.get("schema"), dict):
        yield from shallow(inner)
    for choice in schema.get("choices", ()):
        if isinstance(choice, dict | tuple):
            yield from shallow(choice[0] if isinstance(choice, tuple) else choice)


def nodes(schema: Any) -> Iterator[Schema]:
    """Every dict of a core schema; configurations are among them."""
    stack: list[tuple[Any, bool]] = [(schema, False)]
    while stack:
        node, is_built = stack.pop()
        if isinstance(node, dict):
            # `lax-or-strict` is how Pydantic builds some types: strictness in it says nothing about what was written.
            yield {**node, "strict": False} if is_built else node
            is_built = node.get("type") == "lax-or-strict" or (is_built and node.get("type") != "model")
            stack.extend((value, is_built) for key, value in node.items() if key not in _SKIPPED)
        elif isinstance(node, list | tuple):
            stack.extend((one, is_built) for one in node)
