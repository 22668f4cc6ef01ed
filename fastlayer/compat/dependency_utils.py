"""`fastapi.dependencies.utils`: analysis and solving under the names third parties call."""

from ..dependencies.analysis import get_dependant as get_dependant
from ..dependencies.analysis import get_parameterless_sub_dependant as get_parameterless_sub_dependant
from ..dependencies.signatures import get_typed_return_annotation as get_typed_return_annotation
from ..dependencies.signatures import get_typed_signature as get_typed_signature
