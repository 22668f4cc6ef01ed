"""a2wsgi: a WSGI application below an ASGI one."""

from a2wsgi import WSGIMiddleware
from fastapi import FastAPI
from fastapi.testclient import TestClient


def wsgi(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [f"{environ['SCRIPT_NAME']} {environ['PATH_INFO']}".encode()]


def test_a_wsgi_application_is_mounted():
    app = FastAPI()

    @app.get("/v2")
    def v2():
        return "new"

    app.mount("/v1", WSGIMiddleware(wsgi))
    client = TestClient(app)
    assert client.get("/v2").json() == "new"
    assert client.get("/v1/old").text == "/v1 /old"
