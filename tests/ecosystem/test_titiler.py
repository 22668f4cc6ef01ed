"""titiler-core: routers made by factories, whose endpoints and dependencies are built dynamically."""

from fastapi import Depends, FastAPI, HTTPException
from fastapi.security import HTTPBasic
from fastapi.testclient import TestClient
from titiler.core.dependencies import BidxParams, PreviewParams
from titiler.core.factory import AlgorithmFactory, ColorMapFactory, TMSFactory
from titiler.core.utils import dependencies_to_openapi_params, deserialize_query_params


def make_client(**options) -> TestClient:
    app = FastAPI()
    app.include_router(TMSFactory(**options).router, tags=["tms"])
    app.include_router(AlgorithmFactory().router, prefix="/more")
    app.include_router(ColorMapFactory().router)
    return TestClient(app)


def test_factories_serve_their_routes():
    client = make_client()
    found = client.get("/tileMatrixSets").json()["tileMatrixSets"]
    assert "WebMercatorQuad" in [one["id"] for one in found]
    assert client.get("/tileMatrixSets/WebMercatorQuad").json()["id"] == "WebMercatorQuad"
    assert client.get("/tileMatrixSets/Nowhere").status_code == 422
    assert client.get("/more/algorithms").status_code == 200
    assert client.get("/colorMaps/viridis").json()["0"] == [68, 1, 84, 255]


def test_dependencies_are_added_to_routes_that_exist():
    def admins_only():
        raise HTTPException(403)

    client = make_client(route_dependencies=[([{"path": "/tileMatrixSets", "method": "GET"}], [Depends(admins_only)])])
    assert client.get("/tileMatrixSets").status_code == 403
    assert client.get("/tileMatrixSets/WebMercatorQuad").status_code == 200


def test_security_added_to_routes_is_in_the_document():
    basic = HTTPBasic()
    client = make_client(route_dependencies=[([{"path": "/tileMatrixSets", "method": "GET"}], [Depends(basic)])])
    document = client.get("/openapi.json").json()
    assert document["paths"]["/tileMatrixSets"]["get"]["security"] == [{"HTTPBasic": []}]


def test_query_parameters_of_a_dependency_are_read_without_a_request():
    chosen, errors = deserialize_query_params(BidxParams, {"bidx": [1, 2]})
    assert (chosen.indexes, errors) == ([1, 2], [])


def test_parameters_of_dependencies_are_described_without_a_route():
    described = {one["name"]: one for one in dependencies_to_openapi_params([PreviewParams])}
    assert set(described) == {"max_size", "height", "width"}
    assert described["height"]["in"] == "query"
    assert {"minimum", "exclusiveMinimum", "anyOf"} & set(described["height"]["schema"])
