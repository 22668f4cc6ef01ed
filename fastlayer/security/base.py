"""What every security scheme is: a callable that reads credentials and carries its OpenAPI description."""

from typing import Any


class SecurityBase:
    """Marks a dependency as a security scheme; `model` is its OpenAPI object, `scheme_name` its name there."""

    model: Any
    scheme_name: str
