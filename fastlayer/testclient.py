"""Starlette's, under the import path users expect. Importing it needs httpx2 or httpx; nothing else here does."""

from starlette.testclient import TestClient as TestClient
from starlette.testclient import WebSocketTestSession as WebSocketTestSession
