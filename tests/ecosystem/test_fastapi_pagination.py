"""fastapi-pagination: pages of a list, by routes that it changes after they are registered."""

from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.testclient import TestClient
from fastapi_pagination import LimitOffsetPage, Page, add_pagination, paginate
from fastapi_pagination.utils import disable_installed_extensions_check
from pydantic import BaseModel

disable_installed_extensions_check()


class User(BaseModel):
    name: str


USERS = [User(name=f"user {number}") for number in range(25)]


def test_a_page_and_its_parameters():
    app = FastAPI()

    @app.get("/users")
    async def users() -> Page[User]:
        return paginate(USERS)

    add_pagination(app)
    with TestClient(app) as client:
        page = client.get("/users", params={"page": 2, "size": 10}).json()
        assert page["items"][0] == {"name": "user 10"}
        assert (page["total"], page["page"], page["pages"]) == (25, 2, 3)
        assert client.get("/users", params={"size": 0}).status_code == 422
        operation = client.get("/openapi.json").json()["paths"]["/users"]["get"]
        assert [parameter["name"] for parameter in operation["parameters"]] == ["page", "size"]


def test_pages_of_an_included_router():
    router = APIRouter()

    @router.get("/users", response_model=LimitOffsetPage[User])
    def users() -> Any:
        return paginate(USERS)

    app = FastAPI()
    app.include_router(router, prefix="/api")
    add_pagination(app)
    with TestClient(app) as client:
        page = client.get("/api/users", params={"limit": 2, "offset": 5}).json()
    assert page == {"items": [{"name": "user 5"}, {"name": "user 6"}], "total": 25, "limit": 2, "offset": 5}
