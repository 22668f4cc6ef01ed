"""Signature -> Dependant: the graph of what an endpoint asks for. Runs at registration, never at request time.

Nodes that ask for the same thing share their parts, so a graph of n distinct dependencies takes n analyses however
many ways lead to each.
"""

import inspect
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from difflib import get_close_matches
from typing import Any

from .. import params
from ..body_models import body_keys, body_model, declares_json
from ..exceptions import DependencyScopeError, FastLayerError
from ..fields import ModelField, create_model_field, models_in
from ..limits import ConcurrencyLimit
from ..paths import PARAMETER
from .callables import identity, name_of, place_of
from .models import Dependant, flat_body_params, last_body_params, walk
from .parameters import Declaration, ParameterError, add_special, make_field, read_declaration
from .signatures import get_typed_signature

LIFETIMES = {"function": 0, "response": 1, "request": 2, "app": 3}

_Memo = dict[Any, Dependant]


def get_dependant(
    *,
    path: str,
    call: Callable[..., Any],
    name: str | None = None,
    own_oauth_scopes: list[str] | None = None,
    parent_oauth_scopes: list[str] | None = None,
    use_cache: bool = True,
    scope: params.Scope | None = None,
    concurrency: ConcurrencyLimit | None = None,
) -> Dependant:
    """The graph below `call`, whose parameters named in `path` are path parameters.

    Raises:
        FastLayerError: a parameter or dependency is declared in a way that cannot work; the message says where.
    """
    declared = params.Security(call, use_cache=use_cache, scope=scope, scopes=own_oauth_scopes)
    analysis = _Analysis(path)
    return analysis.node(declared, name, parent_oauth_scopes or [], concurrency, own_oauth_scopes)


def get_parameterless_sub_dependant(*, depends: params.Depends, path: str) -> Dependant:
    """The graph below a dependency of `dependencies=[...]`, whose value nobody takes.

    Raises:
        FastLayerError: it is not callable, or its graph cannot work.
    """
    if not callable(depends.dependency):
        raise FastLayerError(
            f"A parameter-less dependency must have a callable dependency, not {depends.dependency!r}."
            " Write Depends(function) in dependencies=[...]."
        )
    return _Analysis(path).node(depends, None, [], depends.concurrency, _own_scopes(depends))


def _own_scopes(depends: params.Depends) -> list[str] | None:
    return list(depends.scopes or ()) if isinstance(depends, params.Security) else None


class _Analysis:
    """One walk over a graph: the path names, the calls on the way down, the nodes made so far."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.path_names = path_names(path)
        self.trail: list[Any] = []
        self.memo: _Memo = {}

    def node(
        self,
        depends: params.Depends,
        name: str | None,
        parent_scopes: list[str],
        concurrency: ConcurrencyLimit | None,
        own_scopes: list[str] | None,
    ) -> Dependant:
        call: Any = depends.dependency
        self._refuse_cycle(call, name)
        key = (identity(call), tuple(parent_scopes), None if own_scopes is None else tuple(own_scopes), depends.scope)
        made = self.memo.get(key)
        if made is not None:
            # The same parts under another name: the lists are shared, so the work is done once.
            return replace(made, name=name, use_cache=depends.use_cache, concurrency=concurrency, thread=depends.thread)
        made = self.memo[key] = Dependant(
            name=name,
            call=call,
            own_oauth_scopes=own_scopes,
            parent_oauth_scopes=parent_scopes or None,
            use_cache=depends.use_cache,
            path=self.path,
            scope=depends.scope,
            concurrency=concurrency,
            thread=depends.thread,
        )
        self.trail.append(call)
        self._read_signature(made)
        self.trail.pop()
        if depends.scope == "app":
            _refuse_shorter_lives_below(made)
        return made

    def _refuse_cycle(self, call: Any, name: str | None) -> None:
        for index, caller in enumerate(self.trail):
            if caller is call or caller == call:
                way = self.trail[index:]
                chain = " → ".join(name_of(one) for one in [*way, call])
                remedy = "Take what both need out into a third dependency."
                raise FastLayerError(
                    f"Dependencies form a cycle: {chain}.\n  In {place_of(self.trail[-1])}, parameter {name!r}.\n  "
                    + (remedy if len(way) > 1 else "It asks for itself: ask for another function.")
                )

    def _read_signature(self, dependant: Dependant) -> None:
        call: Any = dependant.call
        if not callable(call):
            raise FastLayerError(f"A dependency must be callable, and {call!r} is not. Write Depends(function).")
        for parameter in get_typed_signature(call).parameters.values():
            declared = read_declaration(call, parameter.name, parameter.annotation, parameter.default)
            if self._is_unfillable(call, parameter):
                raise declared.error(
                    "Positional-only parameters cannot be filled from a request, which is passed by name",
                    "Remove the `/` from the signature.",
                )
            if declared.depends is not None:
                self._add_dependency(dependant, declared)
            elif not add_special(dependant, declared):
                add_field(dependant, make_field(declared, self.path_names))

    @staticmethod
    def _is_unfillable(call: Any, parameter: inspect.Parameter) -> bool:
        """Whether it can only be passed by position, and has to be."""
        if parameter.kind is not inspect.Parameter.POSITIONAL_ONLY:
            return False
        if parameter.default is not inspect.Parameter.empty and not isinstance(parameter.default, params.Depends):
            return False
        # A signature that was written by hand says nothing about how the function behind it can be called.
        return getattr(call, "__signature__", None) is None

    def _add_dependency(self, dependant: Dependant, declared: Declaration) -> None:
        depends: Any = declared.depends
        if not callable(depends.dependency):
            raise declared.error(
                f"`Depends` needs a callable, and {depends.dependency!r} is not",
                "Pass the function itself, not its result.",
            )
        refuse_shorter_life(dependant, depends)
        parents = dependant.oauth_scopes
        child = self.node(depends, declared.name, parents, depends.concurrency, _own_scopes(depends))
        dependant.dependencies.append(child)


def refuse_shorter_life(dependant: Dependant, depends: params.Depends) -> None:
    """Refuse a dependency that would be closed before the one that asks for it.

    Raises:
        DependencyScopeError: naming both.
    """
    if not dependant.is_generator:
        return
    own = dependant.scope or "request"
    asked = depends.scope
    if asked is None or (dependant.scope is None and asked != "function") or LIFETIMES[asked] >= LIFETIMES[own]:
        return
    raise _outlives(dependant, own, depends.dependency, asked)


def _refuse_shorter_lives_below(dependant: Dependant) -> None:
    """The same for scope "app", whoever stands between: what a request opens, nobody would close."""
    for node in walk(dependant):
        if node.scope not in (None, "app"):
            raise _outlives(dependant, "app", node.call, node.scope)


def _outlives(outer: Dependant, own: str, inner: Any, asked: str | None) -> DependencyScopeError:
    return DependencyScopeError(
        f'The dependency "{name_of(outer.call)}" has a scope of "{own}", it cannot depend on dependencies with'
        f' scope "{asked}": "{name_of(inner)}" would be closed first.\n  In {place_of(outer.call)}.'
        f' Give "{name_of(inner)}" at least the scope "{own}", or the outer one a shorter scope.'
    )


def add_field(dependant: Dependant, field: ModelField) -> None:
    """File the field under its place."""
    marker = field.field_info
    if isinstance(marker, params.Body):
        dependant.body_params.append(field)
    elif isinstance(marker, params.Param):
        getattr(dependant, f"{marker.in_.value}_params").append(field)
    else:
        raise ParameterError(
            f"{field.name!r} carries {type(marker).__name__}(), which says no place: use Query() or Body().\n"
            f"  In {place_of(dependant.call)}, parameter {field.name!r}."
        )


def path_names(path: str) -> set[str]:
    """The names of the parameters in a path template."""
    return {name for name, _ in PARAMETER.findall(path)}


def refuse_unknown_path_params(dependant: Dependant, path: str) -> None:
    """Refuse a parameter marked `Path()` that the path has no place for.

    Raises:
        ParameterError: naming the function, the parameter and the name that was probably meant.
    """
    known = path_names(path)
    for node in walk(dependant):
        for field in node.path_params:
            name = field.validation_alias or field.alias
            if name in known or models_in(field.field_info.annotation):
                continue
            close = get_close_matches(name, known, n=1)
            hint = f"Did you mean {close[0]!r}?" if close else f"Add {{{name}}} to the path, or use Query()."
            raise ParameterError(
                f"Parameter {field.name!r} is a path parameter, but the path {path!r} has no {{{name}}}.\n"
                f"  In {place_of(node.call)}.\n  {hint}"
            )


def with_dependencies(dependant: Dependant, dependencies: Sequence[params.Depends], path: str) -> Dependant:
    """The endpoint's node with these called before its own dependencies, in this order; another one in any case."""
    given: Any
    for given in dependencies:
        if not isinstance(given, params.Depends) or not callable(given.dependency):
            raise _no_dependency(dependant, given)
    nodes = [get_parameterless_sub_dependant(depends=depends, path=path) for depends in dependencies]
    return replace(dependant, dependencies=[*nodes, *dependant.dependencies])


def _no_dependency(dependant: Dependant, given: Any) -> FastLayerError:
    remedy = f"Depends({name_of(given)})" if callable(given) else "Depends(function)"
    return FastLayerError(
        f"dependencies=[...] takes only Depends() of a callable, and {given!r} is none.\n"
        f"  In {place_of(dependant.call)}.\n  Write {remedy}."
    )


def should_embed(fields: Sequence[ModelField]) -> bool:
    """Whether the body is an object with one key per parameter, rather than one parameter's value."""
    if not fields:
        return False
    first = fields[0]
    if len(set(body_keys(fields))) > 1:
        return True
    if getattr(first.field_info, "embed", None):
        return True
    # A part that holds JSON stands under its own name, as a field does.
    return isinstance(first.field_info, params.Form) and (
        declares_json(first) or not models_in(first.field_info.annotation)
    )


def get_body_field(dependant: Dependant, *, name: str, embed: bool) -> ModelField | None:
    """One field that describes the whole body; None where no parameter reads it."""
    fields = flat_body_params(dependant)
    if not fields:
        return None
    if not embed:
        return fields[0]
    marker = _body_marker(fields)
    is_json = not any(isinstance(field.field_info, params.Form) for field in fields)
    if is_json and len({field.name for field in fields}) < len(fields):
        fields = [*fields, *last_body_params(dependant)]  # of one name, FastAPI describes the last
    # In the document the keys are the aliases: the model carries each field under its own name and alias.
    model = body_model(f"Body_{name}", fields)
    required = any(field.field_info.is_required() for field in fields)
    return create_model_field(
        name="body",
        type_=model,
        alias="body",
        field_info=marker(annotation=model, default=... if required else None),
    )


def _body_marker(fields: Sequence[ModelField]) -> Callable[..., params.Body]:
    if any(isinstance(field.field_info, params.File) for field in fields):
        return params.File
    forms = {field.field_info.media_type for field in fields if isinstance(field.field_info, params.Form)}
    if forms:
        return lambda **options: params.Form(media_type=_form_media_type(forms), **options)
    media_types = {field.field_info.media_type for field in fields if isinstance(field.field_info, params.Body)}
    media_type = media_types.pop() if len(media_types) == 1 else "application/json"
    return lambda **options: params.Body(media_type=media_type, **options)


def _form_media_type(media_types: Collection[str]) -> str:
    """How a form is sent: in parts where one field asks for it, else as all its fields say, else urlencoded."""
    # A field that is JSON needs a part of its own.
    in_parts = [one for one in media_types if one.startswith(("multipart/", "application/json"))]
    if in_parts:
        return next((one for one in in_parts if one.startswith("multipart/")), "multipart/form-data")
    return next(iter(media_types)) if len(media_types) == 1 else params.Form.default_media_type
