from collections.abc import Iterator

import pytest

from fastlayer.diagnostics import diagnose
from fastlayer.testclient import TestClient

from .dependencies import Till, app, get_till, sell


@pytest.fixture
def till() -> Till:
    return Till()


@pytest.fixture
def client(till: Till) -> Iterator[TestClient]:
    with TestClient(app, overrides={get_till: lambda: till}) as client:
        yield client


def test_a_sale_is_written_down(client: TestClient, till: Till) -> None:
    answer = client.post("/sales/sencha", headers={"x-seller": "ada"})
    assert answer.status_code == 200
    assert answer.json() == {"seller": "Ada", "sold": 1}
    assert till.sold == ["sencha"]


def test_the_same_by_calling_the_function(client: TestClient) -> None:
    assert client.call(sell, tea="sencha", x_seller="ada") == {"seller": "Ada", "sold": 1}


def test_nothing_is_registered_that_cannot_work() -> None:
    assert diagnose(app) == []
