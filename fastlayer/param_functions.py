"""The markers of `params`, typed so that `q: int = Query(gt=0)` passes type checkers. The same objects at run time."""

from collections.abc import Callable
from typing import Any, ParamSpec

from . import params

P = ParamSpec("P")


def as_default(marker: Callable[P, Any]) -> Callable[P, Any]:
    """The marker itself, typed as returning Any: it stands where a default of any type may stand."""
    return marker


Path = as_default(params.Path)
Query = as_default(params.Query)
Header = as_default(params.Header)
Cookie = as_default(params.Cookie)
Body = as_default(params.Body)
Form = as_default(params.Form)
File = as_default(params.File)
Depends = as_default(params.Depends)
Security = as_default(params.Security)
