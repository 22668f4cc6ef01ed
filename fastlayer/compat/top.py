"""`fastapi` itself. Its submodules are attributes without an import, as they are of the real one."""

from types import ModuleType

from starlette import status as status

from ..background import BackgroundTasks as BackgroundTasks
from ..datastructures import UploadFile as UploadFile
from ..exceptions import HTTPException as HTTPException
from ..exceptions import WebSocketException as WebSocketException
from ..param_functions import Body as Body
from ..param_functions import Cookie as Cookie
from ..param_functions import Depends as Depends
from ..param_functions import File as File
from ..param_functions import Form as Form
from ..param_functions import Header as Header
from ..param_functions import Path as Path
from ..param_functions import Query as Query
from ..param_functions import Security as Security
from ..requests import Request as Request
from ..responses import Response as Response
from ..websockets import WebSocket as WebSocket
from ..websockets import WebSocketDisconnect as WebSocketDisconnect
from . import FASTAPI_VERSION
from .applications import FastAPI as FastAPI
from .finder import submodule
from .routing import APIRouter as APIRouter

__version__ = FASTAPI_VERSION
# A package, whose modules only the finder finds.
__path__ = ()  # pyright: ignore[reportAssignmentType]  # empty, and nobody appends to it


def __getattr__(name: str) -> ModuleType:
    return submodule("fastapi", name)
