"""fastapi-filter: query parameters from a model of filters, applied to a SQLAlchemy query."""

from fastapi import FastAPI
from fastapi.testclient import TestClient
from fastapi_filter import FilterDepends, with_prefix
from fastapi_filter.contrib.sqlalchemy import Filter
from pydantic import Field
from sqlalchemy import ForeignKey, create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship
from sqlalchemy.pool import StaticPool


class Base(DeclarativeBase):
    pass


class Address(Base):
    __tablename__ = "addresses"
    id: Mapped[int] = mapped_column(primary_key=True)
    city: Mapped[str]


class User(Base):
    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    age: Mapped[int]
    address_id: Mapped[int] = mapped_column(ForeignKey("addresses.id"))
    address: Mapped[Address] = relationship()


class AddressFilter(Filter):
    city: str | None = None

    class Constants(Filter.Constants):
        model = Address


class UserFilter(Filter):
    name__in: list[str] | None = None
    age__gte: int | None = Field(default=None, ge=0)
    order_by: list[str] | None = None
    address: AddressFilter | None = FilterDepends(with_prefix("address", AddressFilter))

    class Constants(Filter.Constants):
        model = User


def make_client() -> TestClient:
    engine = create_engine("sqlite://", connect_args={"check_same_thread": False}, poolclass=StaticPool)
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        for name, age, city in (("Ada", 36, "London"), ("Grace", 85, "New York"), ("Alan", 41, "London")):
            session.add(User(name=name, age=age, address=Address(city=city)))
        session.commit()
    app = FastAPI()

    @app.get("/users")
    def users(chosen: UserFilter = FilterDepends(UserFilter)) -> list[str]:
        query = chosen.sort(chosen.filter(select(User).join(Address)))
        with Session(engine) as session:
            return [user.name for user in session.scalars(query)]

    return TestClient(app)


def test_filters_are_read_from_the_query():
    client = make_client()
    assert client.get("/users", params={"age__gte": 40, "order_by": "-age"}).json() == ["Grace", "Alan"]
    assert client.get("/users", params={"name__in": "Ada,Grace", "order_by": "name"}).json() == ["Ada", "Grace"]
    assert client.get("/users", params={"address__city": "London", "order_by": "name"}).json() == ["Ada", "Alan"]


def test_a_filter_that_is_not_valid_is_an_error_of_the_query():
    response = make_client().get("/users", params={"age__gte": -1})
    assert response.status_code == 422
    assert response.json()["detail"][0]["loc"] == ["query", "age__gte"]
