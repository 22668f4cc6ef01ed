from fastlayer import FastLayer
from fastlayer.testclient import TestClient

from .dependencies import OpenTill, Till, get_till

office = FastLayer(inherit_overrides=True)


@office.get("/sold")
def count_sold(till: OpenTill) -> int:
    return len(till.sold)


app = FastLayer()
app.mount("/office", office)


def test_the_office_counts_what_was_sold() -> None:
    till, empty = Till(), Till()
    till.sold = ["sencha", "assam"]
    client = TestClient(app)
    with app.override({get_till: lambda: till}):
        assert client.get("/office/sold").json() == 2
        with app.override({get_till: lambda: empty}):
            assert client.get("/office/sold").json() == 0
        assert client.get("/office/sold").json() == 2
    assert app.dependency_overrides == {}
