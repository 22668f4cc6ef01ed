"""`fastapi` itself. Its submodules are attributes without an import, as they are of the real one."""

from types import ModuleType

from .. import BackgroundTasks as BackgroundTasks
from .. import Body as Body
from .. import Cookie as Cookie
from .. import Depends as Depends
from .. import File as File
from .. import Form as Form
from .. import Header as Header
from .. import HTTPException as HTTPException
from .. import Path as Path
from .. import Query as Query
from .. import Request as Request
from .. import Response as Response
from .. import Security as Security
from .. import UploadFile as UploadFile
from .. import WebSocket as WebSocket
from .. import WebSocketDisconnect as WebSocketDisconnect
from .. import WebSocketException as WebSocketException
from .. import status as status
from . import FASTAPI_VERSION
from .applications import FastAPI as FastAPI
from .finder import submodule
from .routing import APIRouter as APIRouter

__version__ = FASTAPI_VERSION
# A package, whose modules only the finder finds.
__path__: list[str] = []


def __getattr__(name: str) -> ModuleType:
    return submodule("fastapi", name)
