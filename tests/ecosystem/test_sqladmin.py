"""sqladmin: an administration interface mounted below the application."""

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqladmin import Admin, ModelView
from sqlalchemy import create_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from sqlalchemy.pool import StaticPool


class Base(DeclarativeBase):
    pass


class User(Base):
    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


class UserAdmin(ModelView, model=User):
    column_list = (User.id, User.name)


@pytest.fixture
def client():
    engine = create_engine("sqlite://", connect_args={"check_same_thread": False}, poolclass=StaticPool)
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        session.add(User(name="Ada"))
        session.commit()
    app = FastAPI()
    Admin(app, engine).add_view(UserAdmin)

    @app.get("/")
    def index():
        return "the application itself"

    with TestClient(app) as client:
        yield client
    engine.dispose()


def test_the_admin_interface_lists_and_creates(client):
    assert "Ada" in client.get("/admin/user/list").text
    created = client.post("/admin/user/create", data={"name": "Grace"}, follow_redirects=False)
    assert created.status_code == 302
    assert "Grace" in client.get("/admin/user/list").text


def test_the_application_is_still_there(client):
    assert client.get("/").json() == "the application itself"
    assert client.get("/admin/statics/css/main.css").status_code == 200
