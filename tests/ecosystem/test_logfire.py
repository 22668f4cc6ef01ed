"""logfire: spans with the arguments of endpoints, taken by replacing functions of `fastapi.routing`."""

import json

import logfire
import pytest
from fastapi import Depends, FastAPI
from fastapi.testclient import TestClient
from logfire.testing import SimpleSpanProcessor, TestExporter


@pytest.fixture
def exporter():
    exporter = TestExporter()
    logfire.configure(send_to_logfire=False, console=False, additional_span_processors=[SimpleSpanProcessor(exporter)])
    return exporter


def doubled(item_id: int):
    yield item_id * 2


def make_app() -> FastAPI:
    app = FastAPI()

    @app.get("/items/{item_id}")
    def item(item_id: int, double: int = Depends(doubled)):
        return {"double": double}

    return app


def test_the_arguments_of_an_endpoint_are_recorded(exporter):
    app = make_app()
    logfire.instrument_fastapi(app)
    client = TestClient(app)
    assert client.get("/items/4").json() == {"double": 8}
    [span] = [span for span in exporter.exported_spans_as_dict() if span["name"] == "GET /items/{item_id}"]
    assert json.loads(span["attributes"]["fastapi.arguments.values"]) == {"item_id": 4, "double": 8}
    assert "fastapi.endpoint_function.start_timestamp" in span["attributes"]


def test_the_errors_of_a_request_are_recorded(exporter):
    app = make_app()
    logfire.instrument_fastapi(app)
    assert TestClient(app).get("/items/x").status_code == 422
    [span] = [span for span in exporter.exported_spans_as_dict() if span["name"] == "GET /items/{item_id}"]
    assert "int_parsing" in span["attributes"]["fastapi.arguments.errors"]
