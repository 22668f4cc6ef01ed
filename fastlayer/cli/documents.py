"""The OpenAPI document of an application as text, in any version and in JSON or YAML."""

import json
import re
from typing import Any, Literal

from .. import FastLayer
from .problems import Problem

Format = Literal["json", "yaml"]


def document(app: FastLayer, version: str | None) -> dict[str, Any]:
    """The document, as `app.openapi()` makes it, in another version where one is given.

    Raises:
        Problem: the version is unknown, or the app's own `openapi` does not follow it.
    """
    if version is None:
        return app.openapi()
    if not re.fullmatch(r"3\.[012]\.\d+", version):
        raise Problem(f"there is no OpenAPI {version}: 3.0.x, 3.1.x and 3.2.x are known")
    app.openapi_schema, app.openapi_version = None, version
    made = app.openapi()
    if made.get("openapi") != version:
        raise Problem(f"the application replaces openapi(), which gives version {made.get('openapi')} only")
    return made


def text(made: dict[str, Any], kind: Format) -> str:
    """The document as text, its keys in their order.

    Raises:
        Problem: YAML is wanted, and PyYAML is not installed.
    """
    if kind == "json":
        return json.dumps(made, indent=2, ensure_ascii=False) + "\n"
    try:
        import yaml
    except ImportError as exc:
        raise Problem("YAML needs pyyaml: pip install 'fastlayer-api[standard]'") from exc
    # Through JSON: plain values only, whatever the application put in.
    return str(yaml.safe_dump(json.loads(json.dumps(made)), sort_keys=False, allow_unicode=True))
