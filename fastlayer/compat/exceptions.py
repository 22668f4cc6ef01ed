"""`fastapi.exceptions`."""

from ..exceptions import DependencyScopeError as DependencyScopeError
from ..exceptions import EndpointContext as EndpointContext
from ..exceptions import FastLayerDeprecationWarning as FastAPIDeprecationWarning
from ..exceptions import FastLayerError as FastAPIError
from ..exceptions import HTTPException as HTTPException
from ..exceptions import PydanticV1NotSupportedError as PydanticV1NotSupportedError
from ..exceptions import RequestErrorModel as RequestErrorModel
from ..exceptions import RequestValidationError as RequestValidationError
from ..exceptions import ResponseValidationError as ResponseValidationError
from ..exceptions import ValidationException as ValidationException
from ..exceptions import WebSocketErrorModel as WebSocketErrorModel
from ..exceptions import WebSocketException as WebSocketException
from ..exceptions import WebSocketRequestValidationError as WebSocketRequestValidationError

__all__ = ["FastAPIDeprecationWarning", "FastAPIError"]
