"""`fastapi.utils`."""

from ..fields import create_model_field as create_model_field
from ..operation import is_body_allowed_for_status_code as is_body_allowed_for_status_code
from ..operation_ids import generate_unique_id as generate_unique_id
