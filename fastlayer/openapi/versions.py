"""A document in another version of OpenAPI than 3.1.0: what a version does not know is rewritten or left out.

Owns where each kind of object stands in a document and what the versions differ in; the rules for schemas in 3.0 are
in `schemas30`. Knows finished documents only.
"""

from collections.abc import Callable, Mapping
from typing import Any

from .schemas30 import schema_for_30

JsonObject = dict[str, Any]
Rule = Callable[[JsonObject], JsonObject]

METHODS_31 = frozenset({"get", "put", "post", "delete", "options", "head", "patch", "trace"})
METHODS_32 = METHODS_31 | {"query"}
PATH_FIELDS = frozenset({"$ref", "summary", "description", "servers", "parameters", "additionalOperations"})

# kind of object -> key -> (how its values stand there, their kind)
_STRUCTURE: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "document": {
        "paths": ("map", "path"),
        "webhooks": ("map", "path"),
        "components": ("one", "components"),
        "tags": ("list", "tag"),
        "info": ("one", "info"),
    },
    "components": {
        "schemas": ("map", "schema"),
        "responses": ("map", "response"),
        "parameters": ("map", "parameter"),
        "requestBodies": ("map", "body"),
        "headers": ("map", "parameter"),
        "callbacks": ("map", "callback"),
        "pathItems": ("map", "path"),
        "mediaTypes": ("map", "media"),
    },
    "path": {
        "parameters": ("list", "parameter"),
        **dict.fromkeys(METHODS_32, ("one", "operation")),
        "additionalOperations": ("map", "operation"),
    },
    "operation": {
        "parameters": ("list", "parameter"),
        "requestBody": ("one", "body"),
        "responses": ("map", "response"),
        "callbacks": ("map", "callback"),
    },
    "parameter": {"schema": ("one", "schema"), "content": ("map", "media")},
    "body": {"content": ("map", "media")},
    "response": {"content": ("map", "media"), "headers": ("map", "parameter")},
    "media": {"schema": ("one", "schema"), "itemSchema": ("one", "schema"), "encoding": ("map", "encoding")},
    "encoding": {"headers": ("map", "parameter")},
}


def document_for_version(document: JsonObject, version: str) -> JsonObject:
    """The document as `version` has it, which it must name already; itself for 3.1.0 and for unknown versions."""
    rules = _rules(version)
    return _rewrite(document, "document", rules) if rules else document


def _rules(version: str) -> Mapping[str, Rule]:
    """What to do with each kind of object."""
    if version.startswith("3.2."):
        return {"path": _path_for_32}
    older: dict[str, Rule] = {"path": _path_for_31, "media": _media_for_31, "tag": _tag_for_31}
    if version.startswith("3.1.") and version != "3.1.0":
        return older
    if version.startswith("3.0."):
        return {
            **older,
            "document": _without("webhooks", "jsonSchemaDialect"),
            "info": _info_for_30,
            "components": _without("pathItems", "mediaTypes"),
            "schema": schema_for_30,
        }
    return {}


def _rewrite(item: Any, kind: str, rules: Mapping[str, Rule]) -> Any:
    """A copy of an object with the rules applied, the objects inside it first."""
    if not isinstance(item, dict):
        return item
    written = dict(item)
    if kind == "callback":
        written = {expression: _rewrite(path, "path", rules) for expression, path in item.items()}
    for key, (form, inner) in _STRUCTURE.get(kind, {}).items():
        value = written.get(key)
        if form == "map" and isinstance(value, dict):
            written[key] = {name: _rewrite(part, inner, rules) for name, part in value.items()}
        elif form == "list" and isinstance(value, list):
            written[key] = [_rewrite(part, inner, rules) for part in value]
        elif form == "one" and isinstance(value, dict):
            written[key] = _rewrite(value, inner, rules)
    return rules[kind](written) if kind in rules else written


def _without(*keys: str) -> Rule:
    return lambda item: {key: value for key, value in item.items() if key not in keys}


def _known_path_field(key: str) -> bool:
    return key in PATH_FIELDS or key.startswith("x-")


def _path_for_31(item: JsonObject) -> JsonObject:
    """Without the methods that came with 3.2."""
    kept = {key: value for key, value in item.items() if key in METHODS_31 or _known_path_field(key)}
    kept.pop("additionalOperations", None)
    return kept


def _path_for_32(item: JsonObject) -> JsonObject:
    """With methods that have no field of their own as `additionalOperations`."""
    kept = {key: value for key, value in item.items() if key in METHODS_32 or _known_path_field(key)}
    others = {key.upper(): value for key, value in item.items() if key not in kept}
    if others:
        kept["additionalOperations"] = {**kept.get("additionalOperations", {}), **others}
    return kept


def _media_for_31(item: JsonObject) -> JsonObject:
    """A stream as text: there is no word for its items."""
    if "itemSchema" not in item:
        return item
    kept = {key: value for key, value in item.items() if key not in {"itemSchema", "itemEncoding", "prefixEncoding"}}
    kept.setdefault("schema", {"type": "string"})
    return kept


def _tag_for_31(item: JsonObject) -> JsonObject:
    return _without("parent", "kind", "summary")(item)


def _info_for_30(item: JsonObject) -> JsonObject:
    written = _without("summary")(item)
    if isinstance(licence := written.get("license"), dict):
        written["license"] = _without("identifier")(licence)
    return written
