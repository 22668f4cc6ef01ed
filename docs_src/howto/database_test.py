from collections.abc import Iterator

import pytest
from sqlalchemy import create_engine
from sqlalchemy.orm import Session
from sqlalchemy.pool import StaticPool

from fastlayer.testclient import TestClient

from .database import Base, app, get_session


@pytest.fixture
def session() -> Iterator[Session]:
    """A session of a database that nobody else has."""
    engine = create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        yield session
    engine.dispose()


@pytest.fixture
def client(session: Session) -> Iterator[TestClient]:
    with TestClient(app, overrides={get_session: lambda: session}) as client:
        yield client


@pytest.mark.parametrize("run", ["first", "second"])
def test_every_test_begins_with_an_empty_table(client: TestClient, run: str) -> None:
    assert client.post("/teas", json={"name": "Sencha"}).status_code == 201
    assert [tea["name"] for tea in client.get("/teas").json()] == ["Sencha"]
