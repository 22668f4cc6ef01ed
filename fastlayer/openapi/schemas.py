"""JSON schemas of all validated values of one document, with the names of the shared ones.

Owns what this package needs to know of Pydantic's JSON schema generator. Knows nothing of routes and operations.
"""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from copy import copy
from typing import Annotated, Any, Literal, Protocol

from pydantic import BaseModel, TypeAdapter
from pydantic.fields import FieldInfo
from pydantic.json_schema import GenerateJsonSchema
from pydantic_core import CoreSchema, PydanticUndefined, core_schema

from .constants import REF_PREFIX, REF_TEMPLATE
from .plain import plain

JsonSchema = dict[str, Any]
SchemaMode = Literal["validation", "serialization"]


class DescribedField(Hashable, Protocol):
    """What is asked of a validated value: its options, its names, and the core schema of its adapter."""

    @property
    def name(self) -> str: ...

    @property
    def mode(self) -> SchemaMode: ...

    @property
    def field_info(self) -> FieldInfo: ...

    @property
    def alias(self) -> str: ...

    @property
    def adapter(self) -> TypeAdapter[Any]: ...


FieldSchemas = Mapping[DescribedField, JsonSchema]


_JSON_DEFAULTS = frozenset({str, int, bool, type(None)})


class SchemaGenerator(GenerateJsonSchema):
    """Pydantic's generator, with bytes as OpenAPI 3.1 wants them and one pass over the fields instead of two."""

    @property
    def mode(self) -> SchemaMode:
        """The mode of the schema at hand, found in one step less: Pydantic asks for it four times for each schema."""
        return self._config.json_schema_mode_override or self._mode

    def bytes_schema(self, schema: core_schema.BytesSchema) -> JsonSchema:
        """The schema of raw bytes: a media type instead of a `format`, and an encoding where the model names one."""
        described = super().bytes_schema(schema)
        described.pop("format", None)
        config = self._config
        if (config.ser_json_bytes if self.mode == "serialization" else config.val_json_bytes) == "base64":
            described["contentEncoding"] = "base64"
        described["contentMediaType"] = "application/octet-stream"
        return described

    def encode_default(self, dft: Any) -> Any:
        """The default as JSON; strings, whole numbers, booleans and None are (Pydantic builds an adapter for each)."""
        return dft if type(dft) in _JSON_DEFAULTS else super().encode_default(dft)

    def describe(
        self, values: Iterable[tuple[SchemaMode, CoreSchema]]
    ) -> tuple[list[JsonSchema], dict[str, JsonSchema]]:
        """The schema of each value, in order, and the definitions they refer to by their final names, sorted."""
        schemas: list[JsonSchema] = []
        for mode, schema in values:
            self._mode = mode
            schemas.append(self.generate_inner(schema))
        choices = {
            str(full): [str(name) for name in names] for full, names in self._prioritized_defsref_choices.items()
        }
        definitions = {str(full): schema for full, schema in self.definitions.items()}
        self.definitions.clear()
        names = simplest_names(definitions, choices)
        references = {REF_PREFIX + full: REF_PREFIX + name for full, name in names.items()}
        final: dict[str, JsonSchema] = {}
        for full in list(definitions):  # let go one by one: all of them twice would be the peak of memory
            final[names[full]] = _cut_description(plain(definitions.pop(full), references))
        return [plain(schema, references) for schema in schemas], dict(sorted(final.items()))


def schema_definitions(
    fields: Sequence[DescribedField], *, separate_input_output_schemas: bool = True
) -> tuple[dict[DescribedField, JsonSchema], dict[str, JsonSchema]]:
    """The schema of each field, and the definitions (name -> schema) they refer to.

    Without `separate_input_output_schemas` outputs are described as inputs, unless they have computed fields.
    """
    alike: dict[Hashable, list[DescribedField]] = defaultdict(list)
    for field in dict.fromkeys(fields):
        alike[_likeness(field)].append(field)
    schemas, definitions = SchemaGenerator(ref_template=REF_TEMPLATE).describe(
        (_mode(field, schema, separate_input_output_schemas), schema)
        for field, schema in ((group[0], _core_schema(group[0])) for group in alike.values())
    )
    groups = zip(alike.values(), schemas, strict=True)
    return {field: schema for group, schema in groups for field in group}, definitions


# What a marker can say that its schema tells. Titles are written later, after the name of each field.
_SAID = (
    *("annotation", "default", "default_factory", "title", "description", "examples", "deprecated"),
    *("discriminator", "json_schema_extra"),
)


def _likeness(field: DescribedField) -> Hashable:
    """A key that fields share only if their schemas are equal; the field itself where that is not sure.

    A header that a thousand routes read through a dependency is described once: building its schema is most of what
    a document takes. `repr` tells apart what is equal in Python and not in JSON, such as 1 and True.
    """
    info = field.field_info
    told_otherwise = any(hasattr(info, f"__get_pydantic_{kind}_schema__") for kind in ("core", "json"))
    if told_otherwise or "_type_adapter" in vars(field) or getattr(field, "config", None) is not None:
        return field
    said = (field.mode, tuple(info.metadata), *(getattr(info, name) for name in _SAID))
    try:
        hash(said)
    except TypeError:
        return field
    return said, repr(said)


def _core_schema(field: DescribedField) -> CoreSchema:
    """The core schema of the field's adapter. One that is not built yet is built and let go again.

    The adapters of a thousand routes take more memory than their document, and most are never needed in a process.
    """
    if "_type_adapter" in vars(field):
        return field.adapter.core_schema
    if (model := _bare_model(field)) is not None:
        return model.__pydantic_core_schema__
    annotated: Any = Annotated[field.field_info.annotation, _standalone(field.field_info)]
    return TypeAdapter(annotated, config=getattr(field, "config", None)).core_schema


_SAYS_NOTHING = {"annotation", "alias"}


def _bare_model(field: DescribedField) -> type[BaseModel] | None:
    """The model that the field is, if nothing is said of it that its schema would tell: then the model has it ready."""
    info = field.field_info
    model: Any = info.annotation
    if not isinstance(model, type) or not issubclass(model, BaseModel) or not model.__pydantic_complete__:
        return None
    said = {name for name, value in info._attributes_set.items() if value is not PydanticUndefined}
    return None if said - _SAYS_NOTHING or info.metadata or not info.is_required() else model


class _Standalone(FieldInfo):  # type: ignore[misc]  # FieldInfo is marked final, yet subclassed by every marker
    """The options of a model's field outside its model: Pydantic warns of some there, but not in a subclass."""

    __slots__ = ()


def _standalone(info: Any) -> Any:
    """The options, as of no model if they are of a model's field."""
    if type(info) is not FieldInfo:
        return info
    outside = copy(info)
    outside.__class__ = _Standalone
    return outside


def _mode(field: DescribedField, schema: CoreSchema, separate: bool) -> SchemaMode:
    return field.mode if separate or _has_computed_fields(schema) else "validation"


def field_schema(field: DescribedField, schemas: FieldSchemas, *, name: str | None = None) -> JsonSchema:
    """A copy of the field's schema, titled after `name` (default: its alias) unless it only refers to a model."""
    schema = dict(schemas[field])
    if "$ref" not in schema:
        schema["title"] = title_of(field, name=name)
    return schema


def title_of(field: DescribedField, *, name: str | None = None) -> str:
    """The title it was given, or its name (default: the one on the wire) in words."""
    read_as = field.field_info.validation_alias
    on_wire = read_as if isinstance(read_as, str) and read_as else field.alias
    return field.field_info.title or (name or on_wire).title().replace("_", " ")


def simplest_names(definitions: Mapping[str, JsonSchema], choices: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """The shortest unambiguous name for each definition (full name -> name), the same as Pydantic would choose.

    A name may serve several definitions if their schemas are equal. Pydantic compares the schemas of all definitions
    under all their possible names; here only those are compared that share a possible name with another one, which
    gives the same answer because the others cannot collide, and takes a fraction of the time in large applications.
    """
    claims = Counter(name for full in definitions for name in choices[full])
    names = {full: choices[full][0] for full in definitions if all(claims[name] == 1 for name in choices[full])}
    texts = {
        full: json.dumps(schema, sort_keys=True, default=repr)
        for full, schema in definitions.items()
        if full not in names
    }
    owners: dict[str, str] = {}
    while True:
        chosen = _choose(texts, choices)
        texts = _rename(texts, choices, chosen)
        before, owners = owners, {name: full for full, name in chosen.items()}
        if {name: texts[full] for name, full in owners.items()} == {name: texts[full] for name, full in before.items()}:
            return names | chosen


def _choose(texts: Mapping[str, str], choices: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """For each definition its first name that no different schema claims; the full name is claimed by itself only."""
    claimants: dict[str, set[str]] = defaultdict(set)
    for full, text in texts.items():
        for name in choices[full]:
            claimants[name].add(text)
    return {full: next(name for name in choices[full] if len(claimants[name]) == 1) for full in texts}


_REFERENCE = re.compile(f'"{re.escape(REF_PREFIX)}([^"]+)"')


def _rename(
    texts: Mapping[str, str], choices: Mapping[str, Sequence[str]], chosen: Mapping[str, str]
) -> dict[str, str]:
    """The schemas with every reference by a longer name of a definition replaced by the chosen one.

    Two definitions may share longer names; the later one takes them, as in Pydantic (it only brings equal schemas
    together in the comparison; the document itself is written with full names as the source).
    """
    renames: dict[str, str] = {}
    for full, name in chosen.items():
        names = choices[full]
        renames.update(dict.fromkeys(names[names.index(name) :], name))
    return {
        full: _REFERENCE.sub(lambda match: f'"{REF_PREFIX}{renames.get(match[1], match[1])}"', text)
        for full, text in texts.items()
    }


def _cut_description(schema: JsonSchema) -> JsonSchema:
    """The schema with its description cut at the first form feed: what follows is for readers of the code."""
    if isinstance(description := schema.get("description"), str):
        schema["description"] = description.split("\f")[0]
    return schema


def _has_computed_fields(schema: Any) -> bool:
    """Whether a computed field is anywhere in a core schema (a tree of dicts, lists and tuples)."""
    if isinstance(schema, Mapping):
        return bool(schema.get("computed_fields")) or any(map(_has_computed_fields, schema.values()))
    return isinstance(schema, list | tuple) and any(map(_has_computed_fields, schema))
