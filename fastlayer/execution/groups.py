"""Groups: models whose fields are parameters of their own, read name by name from one place of a request.

What a group reads is decided once, from its model; putting one together takes one pass over what was received. It
knows names and shapes, nothing of requests.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from pydantic import AliasChoices, AliasPath, BaseModel
from pydantic.fields import FieldInfo

from .. import params
from ..core_schemas import branch_validator
from ..error_lists import Errors, Loc, validate_with
from ..fields import ModelField, holds_bytes, is_nullable, is_sequence, models_in, reads_json
from .received import NOTHING, Load, Place, Received, aliases_of, default_of, one_or_all, unchanged


class Names(NamedTuple):
    """The names one field of a model is read under, each with the key the model expects it by."""

    many: bool
    as_bytes: bool
    pairs: tuple[tuple[str, str], ...]


class Group:
    """How one model is put together from what was received at a place."""

    def __init__(self, model: type[BaseModel], place: Place, *, dashes: bool = False) -> None:
        self.select = place.select
        self.fields = tuple(_names(model, info, name, place, dashes) for name, info in model.model_fields.items())
        # What is read under a hyphenated name is keyed by the attribute's; errors name what the client sends.
        self.labels = {
            key: wire for names in self.fields for wire, key in names.pairs if dashes and wire == _dashed(key) != key
        }
        self.declared = {wire for names in self.fields for wire, _ in names.pairs}
        self.declared.update(*(_path_starts(info) for info in model.model_fields.values()))
        self.byte_names = {wire for names in self.fields if names.as_bytes for wire, _ in names.pairs}
        self.takes_all = model.model_config.get("extra") in ("allow", "forbid")

    def concerns(self, received: Received) -> bool:
        """Whether anything was received that this group is about."""
        return bool(received) if self.takes_all else not self.declared.isdisjoint(received)

    def data(self, received: Received, load: Load = unchanged, raw: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """What the model is validated from: its fields by alias, everything else as it came (or as it is in `raw`)."""
        data: dict[str, Any] = {}
        used: set[str] = set(self.labels)
        select = self.select
        for many, as_bytes, pairs in self.fields:
            for wire, key in pairs:
                values = received.get(wire)
                if values is None:
                    continue
                used.add(wire)
                value = select(values, many)
                if value is NOTHING:
                    continue
                data.setdefault(key, _loaded(value, load) if as_bytes else value)
                break
        for name, values in received.items():
            if name not in used:
                data.setdefault(name, one_or_all(values) if raw is None else raw[name])
        return data

    def normalized(self, value: Any) -> Any:
        """`data` of a dict that was put together for several groups at once; anything else as it is."""
        if not isinstance(value, dict):
            return value
        return self.data({name: one if isinstance(one, list) else [one] for name, one in value.items()}, raw=value)


def _loaded(value: Any, load: Load) -> Any:
    return [load(item) for item in value] if isinstance(value, list) else load(value)


def _names(model: type[BaseModel], info: FieldInfo, name: str, place: Place, dashes: bool) -> Names:
    config = model.model_config
    by_alias = config.get("validate_by_alias") is not False
    by_name = bool(config.get("populate_by_name") or config.get("validate_by_name")) or not by_alias
    aliases = aliases_of(info)
    keys = list(aliases) if by_alias else []
    pairs = [(alias.lower() if place.lower else alias, alias) for alias in keys]
    if by_name or (aliases == () and info.validation_alias is None):
        wire = name.lower() if place.lower else name
        pairs.append((_dashed(wire) if dashes else wire, name))
    many = place.lists and is_sequence(info.annotation) and not reads_json(info)
    return Names(many, isinstance(info, params.File) and holds_bytes(info.annotation), tuple(pairs))


def _dashed(name: str) -> str:
    return name.replace("_", "-").lower()


def _path_starts(info: FieldInfo) -> set[str]:
    alias = info.validation_alias
    choices = alias.choices if isinstance(alias, AliasChoices) else [alias]
    return {str(choice.path[0]) for choice in choices if isinstance(choice, AliasPath)}


class GroupField:
    """A parameter that is a group, or one of several: reads it, or its default where nothing concerns it."""

    def __init__(self, field: ModelField, place: Place) -> None:
        marker = field.field_info
        dashes = isinstance(marker, params.Header) and marker.convert_underscores
        models = models_in(marker.annotation)
        self.field = field
        self.loc: Loc = (place.name,)
        self.groups = tuple(Group(model, place, dashes=dashes) for model in models)
        self.declared = frozenset[str]().union(*(group.declared for group in self.groups))
        self.nullable = is_nullable(marker.annotation)
        self.scalars = self._only_scalars()
        self.validator = field.validator
        if len(models) > 1:
            branches = {model: group.normalized for model, group in zip(models, self.groups, strict=True)}
            self.validator = branch_validator(field.adapter.core_schema, branches)

    def _only_scalars(self) -> frozenset[str]:
        """The names no group wants more than one value of."""
        many = {wire for group in self.groups for names in group.fields if names.many for wire, _ in names.pairs}
        return self.declared - many

    def read(self, received: Received, load: Load = unchanged) -> tuple[Any, Errors]:
        """The value, or the errors."""
        if self.nullable and not any(group.concerns(received) for group in self.groups):
            return default_of(self.field, self.loc)
        if len(self.groups) == 1:
            group = self.groups[0]
            value, errors = validate_with(self.validator, group.data(received, load), self.loc)
            return value, _relabelled(errors, group.labels) if errors and group.labels else errors
        raw = {name: values[-1] if name in self.scalars else one_or_all(values) for name, values in received.items()}
        return validate_with(self.validator, raw, self.loc)


def _relabelled(errors: Errors, labels: Mapping[str, str]) -> Errors:
    for error in errors:
        loc = error["loc"]
        if len(loc) > 1 and loc[1] in labels:
            error["loc"] = (loc[0], labels[loc[1]], *loc[2:])
    return errors
