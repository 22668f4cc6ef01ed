"""Names of operations, unique in a document, made from the endpoint's name, the path and the method."""

import re
from typing import Any


def generate_unique_id(route: Any) -> str:
    """The id of a route's operation: its name, path and first method, in word characters."""
    method = sorted(route.methods)[0].lower() if route.methods else "get"
    base = re.sub(r"\W", "_", f"{route.name}{route.path_format}")
    return f"{base}_{method}"
