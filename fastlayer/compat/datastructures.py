"""`fastapi.datastructures`."""

from typing import Any

from ..datastructures import URL as URL
from ..datastructures import Address as Address
from ..datastructures import Default as Default
from ..datastructures import DefaultPlaceholder as DefaultPlaceholder
from ..datastructures import DefaultType as DefaultType
from ..datastructures import FormData as FormData
from ..datastructures import Headers as Headers
from ..datastructures import QueryParams as QueryParams
from ..datastructures import State as State
from ..datastructures import UploadFile as UploadFile

_Unset: Any = Default(None)
