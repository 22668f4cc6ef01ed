"""FastLayer: typed Python functions as a validated, documented HTTP API."""

from starlette import status as status

from .applications import FastLayer as FastLayer
from .background import BackgroundTasks as BackgroundTasks
from .controllers import Controller as Controller
from .datastructures import UploadFile as UploadFile
from .error_policy import ErrorPolicy as ErrorPolicy
from .exceptions import FastLayerError as FastLayerError
from .exceptions import HTTPException as HTTPException
from .exceptions import WebSocketException as WebSocketException
from .outcome import Outcome as Outcome
from .param_functions import Body as Body
from .param_functions import Cookie as Cookie
from .param_functions import Depends as Depends
from .param_functions import File as File
from .param_functions import Form as Form
from .param_functions import Header as Header
from .param_functions import Path as Path
from .param_functions import Query as Query
from .param_functions import Security as Security
from .requests import Request as Request
from .responses import Response as Response
from .routing import APIRouter as APIRouter
from .typed_websockets import TypedWebSocket as TypedWebSocket
from .version import __version__ as __version__
from .websockets import WebSocket as WebSocket
from .websockets import WebSocketDisconnect as WebSocketDisconnect


def install_as_fastapi() -> None:
    """Make `import fastapi` and its submodules give FastLayer, in this process and from now on.

    Raises:
        FastLayerError: the real FastAPI is already imported.
    """
    from .compat import install

    install()
