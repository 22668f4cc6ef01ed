"""gradio: an interface mounted below an application."""

import gradio
from fastapi import FastAPI
from fastapi.testclient import TestClient


def make_app() -> FastAPI:
    app = FastAPI()

    @app.get("/")
    def index():
        return {"message": "the application itself"}

    interface = gradio.Interface(lambda text: f"Hello {text}", "textbox", "textbox", api_name="greet")
    return gradio.mount_gradio_app(app, interface, path="/gradio")


def test_the_interface_and_the_application_are_both_there():
    with TestClient(make_app()) as client:
        assert client.get("/").json() == {"message": "the application itself"}
        assert client.get("/gradio/config").json()["components"]
        assert client.get("/gradio").status_code == 200


def test_its_api_calls_the_function():
    with TestClient(make_app()) as client:
        answer = client.post("/gradio/gradio_api/run/greet", json={"data": ["world"]})
    assert answer.json()["data"] == ["Hello world"]
