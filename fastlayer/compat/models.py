"""`fastapi._compat`: what is asked of Pydantic."""

from pydantic import VERSION

from ..fields import ModelField as ModelField

PYDANTIC_VERSION_MINOR_TUPLE = tuple(int(part) for part in VERSION.split(".")[:2])
