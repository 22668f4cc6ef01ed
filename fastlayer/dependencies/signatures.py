"""A callable's signature with its annotations resolved: strings evaluated where the function was written."""

import inspect
import sys
from collections.abc import Callable, Mapping
from types import FunctionType
from typing import Any, ForwardRef, Literal, get_origin, get_type_hints

from ..exceptions import FastLayerError
from .callables import name_of, place_of, unpartial, unwrapped_call


class Unresolved:
    """An annotation whose name is not defined at run time; `name` is that name."""

    def __init__(self, source: str, name: str) -> None:
        self.source = source
        self.name = name

    def __repr__(self) -> str:
        return self.source


def _namespace(call: Any) -> dict[str, Any]:
    """The names an annotation of the callable can see: its module's, its closure's, its type parameters."""
    function = unwrapped_call(call)
    function = getattr(function, "__func__", function)
    if inspect.isclass(function):
        init = function.__dict__.get("__init__") or getattr(function, "__init__", None)
        names = dict(vars(sys.modules.get(function.__module__, object)))
        names.update(getattr(init, "__globals__", {}))
        function = init
    elif not inspect.isfunction(function):
        function = getattr(type(function), "__call__", None)  # noqa: B004  # the method itself is wanted
        names = dict(getattr(function, "__globals__", {}))
    else:
        names = dict(function.__globals__)
    if inspect.isfunction(function):
        for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=False):
            try:
                names[name] = cell.cell_contents
            except ValueError:  # not assigned yet
                continue
        for parameter in getattr(function, "__type_params__", ()):
            names[parameter.__name__] = parameter
    return names


def resolve(annotation: Any, names: Mapping[str, Any]) -> Any:
    """The annotation with strings evaluated, inner ones too; an `Unresolved` when a name is missing."""
    if isinstance(annotation, ForwardRef):
        annotation = annotation.__forward_arg__
    if isinstance(annotation, str):
        source = annotation
        try:
            annotation = eval(source, dict(names))  # noqa: S307  # the user's own annotation, as typing does
        except NameError as exc:
            return Unresolved(source, exc.name or source)
        except (SyntaxError, AttributeError, TypeError):
            return Unresolved(source, source)
        if isinstance(annotation, str):
            return resolve(annotation, names)
    return _resolve_inner(annotation, names)


def _resolve_inner(annotation: Any, names: Mapping[str, Any]) -> Any:
    """The annotation with the forward references inside it evaluated, e.g. of `list["Item"]`."""
    if not _has_forward_reference(annotation):
        return annotation
    holder: Any = type("_Holder", (), {"__annotations__": {"value": annotation}})
    try:
        return get_type_hints(holder, globalns=dict(names), include_extras=True)["value"]
    except NameError as exc:
        return Unresolved(str(annotation), exc.name or str(annotation))
    except Exception:  # not a typing construct that can be walked: leave it to Pydantic
        return annotation


def _has_forward_reference(annotation: Any) -> bool:
    """Whether there is a name in the annotation, itself one or not, that still has to be looked up."""
    if isinstance(annotation, (str, ForwardRef)):
        return True
    arguments = getattr(annotation, "__args__", None)
    if not arguments or get_origin(annotation) is Literal:
        return False
    return any(map(_has_forward_reference, arguments))


def get_typed_signature(call: Callable[..., Any]) -> inspect.Signature:
    """The signature with resolved annotations.

    Raises:
        FastLayerError: the callable has no signature.
    """
    try:
        signature = inspect.signature(call)
    except (TypeError, ValueError) as exc:
        raise FastLayerError(
            f"{name_of(call)} is not a callable with a readable signature, so it cannot be an endpoint or a dependency."
            " Wrap it in a function that declares its parameters."
        ) from exc
    parameters = list(signature.parameters.values())
    unresolved = [one for one in parameters if _has_forward_reference(one.annotation)]
    if not unresolved:
        return signature
    names = _namespace(call)
    resolved = {one.name: one.replace(annotation=resolve(one.annotation, names)) for one in unresolved}
    return signature.replace(parameters=[resolved.get(one.name, one) for one in parameters])


def get_typed_return_annotation(call: Callable[..., Any]) -> Any:
    """The resolved return annotation, or None where there is none, it is None or it cannot be resolved."""
    call = unpartial(call)
    try:
        annotation = _return_annotation(call)
    except (TypeError, ValueError):
        return None
    if annotation is inspect.Signature.empty or inspect.isclass(call):
        return None
    if _has_forward_reference(annotation):
        annotation = resolve(annotation, _namespace(call))
    return None if isinstance(annotation, Unresolved) else annotation


def _return_annotation(call: Any) -> Any:
    """The return annotation as it was written.

    A function on which nothing was set has no other signature than its own, which takes a while to make.
    """
    if type(call) is FunctionType and not vars(call):
        return call.__annotations__.get("return", inspect.Signature.empty)
    return inspect.signature(call).return_annotation


def unresolved_error(call: Any, parameter: str, annotation: Unresolved) -> FastLayerError:
    """The registration error for a parameter whose annotation names something undefined."""
    return FastLayerError(
        f"The annotation {annotation.source!r} of parameter {parameter!r} in {place_of(call)} uses the name"
        f" {annotation.name!r}, which is not defined at run time. Import it outside `if TYPE_CHECKING:` or define it"
        " before the route is registered."
    )
