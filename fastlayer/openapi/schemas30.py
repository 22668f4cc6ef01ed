"""Schemas in the dialect of OpenAPI 3.0 (4.7.24 of its specification). Knows schemas only.

Words that 3.0 lacks are said with the ones it has where that is possible, and left out otherwise.
"""

from typing import Any

Schema = dict[str, Any]

WORDS = frozenset(
    [
        "title",
        "multipleOf",
        "maximum",
        "exclusiveMaximum",
        "minimum",
        "exclusiveMinimum",
        "maxLength",
        "minLength",
        "pattern",
        "maxItems",
        "minItems",
        "uniqueItems",
        "maxProperties",
        "minProperties",
        "required",
        "enum",
        "type",
        "allOf",
        "oneOf",
        "anyOf",
        "not",
        "items",
        "properties",
        "additionalProperties",
        "description",
        "format",
        "default",
        "nullable",
        "discriminator",
        "readOnly",
        "writeOnly",
        "xml",
        "externalDocs",
        "example",
        "deprecated",
    ]
)
_NULL = {"type": "null"}


def schema_for_30(schema: Any) -> Schema:
    """The schema in the words of 3.0, with all schemas inside it."""
    if isinstance(schema, bool):
        return {} if schema else {"not": {}}
    if "$ref" in schema and isinstance(schema["$ref"], str):
        return _reference(schema)
    written = _inner_schemas(schema)
    for rule in (_content, _constant, _bounds, _examples, _tuple, _types, _nullable_choice, _nullable_enum):
        written = rule(written)
    if written.get("type") == "array":
        written.setdefault("items", {})
    return {key: value for key, value in written.items() if key in WORDS or key.startswith("x-")}


def _reference(schema: Schema) -> Schema:
    """A reference stands alone in 3.0; what was beside it goes around it."""
    if len(schema) == 1:
        return schema
    beside = {key: value for key, value in schema.items() if key != "$ref"}
    return {"allOf": [{"$ref": schema["$ref"]}], **schema_for_30(beside)}


def _inner_schemas(schema: Schema) -> Schema:
    """A copy with the schemas inside rewritten; members that are null stay for the rules that follow."""
    written = dict(schema)
    for key in ("allOf", "anyOf", "oneOf", "prefixItems"):
        if isinstance(members := schema.get(key), list):
            written[key] = [member if member == _NULL else schema_for_30(member) for member in members]
    for key in ("properties", "patternProperties"):
        if isinstance(members := schema.get(key), dict):
            written[key] = {name: schema_for_30(member) for name, member in members.items()}
    for key in ("items", "not"):
        if key in schema:
            written[key] = schema_for_30(schema[key])
    if isinstance(schema.get("additionalProperties"), dict):
        written["additionalProperties"] = schema_for_30(schema["additionalProperties"])
    elif "patternProperties" in written:
        written["additionalProperties"] = _any_of(list(written["patternProperties"].values()))
    return written


def _any_of(members: list[Schema]) -> Schema:
    """The one schema, or a choice of the different ones."""
    different = [member for index, member in enumerate(members) if member not in members[:index]]
    return different[0] if len(different) == 1 else {"anyOf": different}


def _content(schema: Schema) -> Schema:
    """Bytes by format: `byte` in base64, `binary` raw."""
    if schema.get("contentEncoding") == "base64":
        return {**schema, "format": "byte"}
    if schema.get("contentMediaType") == "application/octet-stream":
        return {**schema, "format": "binary"}
    return schema


def _constant(schema: Schema) -> Schema:
    return {**schema, "enum": [schema["const"]]} if "const" in schema else schema


def _bounds(schema: Schema) -> Schema:
    """Exclusive bounds as a bound and a flag; the stricter one where both kinds are given."""
    written = dict(schema)
    for exclusive, inclusive, stricter in (
        ("exclusiveMinimum", "minimum", max),
        ("exclusiveMaximum", "maximum", min),
    ):
        bound = schema.get(exclusive)
        if bound is None or isinstance(bound, bool):
            continue
        other = schema.get(inclusive, bound)
        written[inclusive] = stricter(bound, other)
        written[exclusive] = written[inclusive] == bound
    return written


def _examples(schema: Schema) -> Schema:
    """The first of several examples."""
    examples = schema.get("examples")
    return {"example": examples[0], **schema} if isinstance(examples, list) and examples else schema


def _tuple(schema: Schema) -> Schema:
    """A tuple as a list of anything that one of its places takes."""
    members = schema.get("prefixItems")
    if not members:
        return schema
    rest = schema.get("items")
    return {**schema, "items": _any_of([*members, rest] if rest and rest != {"not": {}} else members)}


def _types(schema: Schema) -> Schema:
    """One type, and null as `nullable`; several types as a choice."""
    types = schema.get("type")
    if types == "null":
        return {**{key: value for key, value in schema.items() if key != "type"}, "nullable": True, "enum": [None]}
    if not isinstance(types, list):
        return schema
    written = {key: value for key, value in schema.items() if key != "type"}
    others = [one for one in types if one != "null"]
    if len(others) < len(types):
        written["nullable"] = True
    if len(others) == 1:
        written["type"] = others[0]
    else:
        written["anyOf"] = [schema_for_30({"type": one}) for one in others]
    return written


def _nullable_choice(schema: Schema) -> Schema:
    """A choice without its null member; a choice of one becomes that one."""
    for key in ("anyOf", "oneOf"):
        members = schema.get(key)
        if not members or _NULL not in members:
            continue
        others = [member for member in members if member != _NULL]
        beside = {name: value for name, value in schema.items() if name != key} | {"nullable": True}
        if len(others) != 1:
            return {**beside, key: others} if others else {**beside, "enum": [None]}
        return {"allOf": others, **beside} if "$ref" in others[0] else {**others[0], **beside}
    return schema


def _nullable_enum(schema: Schema) -> Schema:
    return {**schema, "nullable": True} if None in (schema.get("enum") or ()) else schema
