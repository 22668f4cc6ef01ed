"""The applications on the page about mounting answer as the page says."""

from docs_src.howto.mounting import app, existing, office
from fastlayer.diagnostics import diagnose
from fastlayer.testclient import TestClient


def test_the_existing_application_answers_as_alone_and_knows_where_it_stands() -> None:
    assert TestClient(existing).get("/menu").text == "The menu of /menu"
    assert TestClient(app).get("/old/menu").text == "The menu of /old/menu"
    assert TestClient(app).get("/old/nothing").text == "Not Found"


def test_the_wsgi_application_answers() -> None:
    assert TestClient(app).get("/till/anything").text == "The till of 1999"


def test_the_inner_application_has_its_own_document_and_page() -> None:
    client = TestClient(app)
    assert client.get("/office/staff").json() == TestClient(office).get("/staff").json() == ["Ada"]
    document = client.get("/office/openapi.json").json()
    assert (document["info"]["title"], document["servers"], list(document["paths"])) == (
        "Office",
        [{"url": "/office"}],
        ["/staff"],
    )
    assert "/office/openapi.json" in client.get("/office/docs").text
    assert list(client.get("/openapi.json").json()["paths"]) == ["/teas"]
    assert client.get("/teas").json() == ["Sencha"]


def test_nothing_about_it_is_suspicious() -> None:
    assert diagnose(app) == []
