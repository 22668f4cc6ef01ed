"""cadwyn: several versions of an API from one set of routes, which it copies and rewrites."""

from cadwyn import Cadwyn, HeadVersion, Version, VersionBundle, VersionChange, VersionedAPIRouter, schema
from fastapi.testclient import TestClient
from pydantic import BaseModel


class User(BaseModel):
    id: int
    addresses: list[str]


class RenameAddresses(VersionChange):
    description = "Addresses have another name"
    instructions_to_migrate_to_previous_version = (schema(User).field("addresses").had(name="old_addresses"),)


def test_each_version_has_its_own_answers_and_document():
    router = VersionedAPIRouter()

    @router.get("/users/{user_id}", response_model=User)
    async def user(user_id: int):
        return {"id": user_id, "addresses": ["new"], "old_addresses": ["old"]}

    versions = VersionBundle(HeadVersion(), Version("2002-01-01", RenameAddresses), Version("2000-01-01"))
    app = Cadwyn(versions=versions)
    app.generate_and_include_versioned_routers(router)
    with TestClient(app) as client:
        answers = [
            client.get("/users/3", headers={"x-api-version": version}).json()
            for version in ("2002-01-01", "2000-01-01")
        ]
        document = client.get("/openapi.json", params={"version": "2000-01-01"}).json()
    assert answers == [{"id": 3, "addresses": ["new"]}, {"id": 3, "old_addresses": ["old"]}]
    assert list(document["components"]["schemas"]["User"]["properties"]) == ["id", "old_addresses"]
