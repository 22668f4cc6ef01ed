"""`fastapi.utils`."""

import re
from typing import Any

from ..datastructures import DefaultPlaceholder
from ..fields import create_model_field as create_model_field
from ..operation import is_body_allowed_for_status_code as is_body_allowed_for_status_code
from ..operation_ids import generate_unique_id as generate_unique_id


def get_path_param_names(path: str) -> set[str]:
    """The names in braces."""
    return set(re.findall("{(.*?)}", path))


def generate_operation_id_for_path(*, name: str, path: str, method: str) -> str:
    """The id of an operation, from three of its properties."""
    return re.sub(r"\W", "_", f"{name}{path}") + f"_{method.lower()}"


def deep_dict_update(main_dict: dict[Any, Any], update_dict: dict[Any, Any]) -> None:
    """Merge the second dict into the first; dicts are merged further, lists joined, all else replaced."""
    for key, value in update_dict.items():
        known = main_dict.get(key)
        if isinstance(known, dict) and isinstance(value, dict):
            deep_dict_update(known, value)
        elif isinstance(known, list) and isinstance(value, list):
            main_dict[key] = known + value
        else:
            main_dict[key] = value


def get_value_or_default(first_item: Any, *extra_items: Any) -> Any:
    """The first value that somebody wrote; if there is none, the first."""
    written = (item for item in (first_item, *extra_items) if not isinstance(item, DefaultPlaceholder))
    return next(written, first_item)
