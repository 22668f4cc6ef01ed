"""`fastapi._form_limits`."""

from ..limits import FormLimits as _FormLimits

__all__ = ["_FormLimits"]
