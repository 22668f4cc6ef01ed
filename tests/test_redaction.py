"""Secrets are not repeated; error policies and problem details."""

from dataclasses import dataclass
from typing import Annotated, Any, get_origin

import pytest
from pydantic import BaseModel, Field, Json, SecretBytes, SecretStr
from pydantic.dataclasses import dataclass as pydantic_dataclass
from pydantic.fields import FieldInfo
from typing_extensions import TypedDict

from fastlayer import Body, ErrorPolicy, FastLayer, Form, HTTPException, Query
from fastlayer.fields import ModelField
from fastlayer.redaction import MASK, mask, redacted, secret_names
from fastlayer.testclient import TestClient


class Account(BaseModel):
    name: str
    password: SecretStr = Field(min_length=8)


class Team(BaseModel):
    title: str
    accounts: list[Account]
    token: Annotated[SecretBytes | None, Field(alias="api-token")] = None


def _app(**options: object) -> FastLayer:
    app = FastLayer(**options)  # type: ignore[arg-type]  # forwarded as they are

    @app.post("/accounts")
    def create(account: Account) -> None: ...

    @app.post("/teams")
    def create_team(team: Team) -> None: ...

    @app.post("/login")
    def login(name: Annotated[str, Form(min_length=2)], password: Annotated[SecretStr, Form(min_length=8)]) -> None: ...

    @app.get("/search")
    def search(limit: Annotated[int, Query(le=10)] = 5) -> None: ...

    @app.get("/missing")
    def missing() -> None:
        raise HTTPException(404, "No such thing", headers={"x-reason": "gone"})

    @app.get("/broken")
    def broken() -> None:
        raise ValueError("inner workings")

    return app


SECRET = "hunter2"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/accounts", {"name": "ada", "password": SECRET}),
        ("/accounts", {"password": SECRET}),
        ("/accounts", [{"password": SECRET}]),
        ("/teams", {"title": 3, "accounts": [{"name": "ada", "password": SECRET}], "api-token": SECRET}),
        ("/teams", {"accounts": [{"password": SECRET * 3}]}),
        ("/teams", {"title": "x", "accounts": {"0": {"password": SECRET}}}),
    ],
)
def test_a_secret_in_a_json_body_is_never_repeated(path: str, body: object) -> None:
    response = TestClient(_app()).post(path, json=body)

    assert response.status_code == 422
    assert SECRET not in response.text


@pytest.mark.parametrize("content_type", ["text/plain", "application/xml", ""])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_secret_in_a_body_of_another_type_is_never_repeated(content_type: str, encoding: str) -> None:
    body = f'{{"name": "ada", "password": "{SECRET}"}}'.encode(encoding)
    response = TestClient(_app()).post("/accounts", content=body, headers={"content-type": content_type})

    assert response.status_code == 422
    assert [(error["loc"], error["input"]) for error in response.json()["detail"]] == [(["body"], MASK)]


@pytest.mark.parametrize(
    "value", ['{"name": "ada", "password": "SECRET"', '{"password": "SECRET"}', '[{"password": "SECRET"}]']
)
def test_a_secret_in_json_text_is_never_repeated(value: str) -> None:
    app = FastLayer()

    @app.get("/")
    def endpoint(account: Json[Account] | None = None) -> None: ...

    @app.post("/secret")
    def secret(password: Annotated[SecretStr, Body(min_length=99)]) -> None: ...

    response = TestClient(app).get("/", params={"account": value})
    assert response.status_code == 422
    assert "SECRET" not in response.text

    response = TestClient(app).post("/secret", json=value)
    assert response.status_code == 422
    assert "SECRET" not in response.text


def test_a_secret_form_field_is_never_repeated() -> None:
    response = TestClient(_app()).post("/login", data={"name": "a", "password": SECRET})

    assert response.status_code == 422
    assert SECRET not in response.text
    assert [error["loc"] for error in response.json()["detail"]] == [["body", "name"], ["body", "password"]]


def test_what_is_not_secret_is_still_repeated() -> None:
    detail = TestClient(_app()).post("/accounts", json={"name": 7, "password": "long enough"}).json()["detail"]

    assert detail == [
        {"type": "string_type", "loc": ["body", "name"], "msg": "Input should be a valid string", "input": 7}
    ]


def test_a_policy_decides_status_and_what_is_shown() -> None:
    policy = ErrorPolicy(status_code=400, include_input=False, include_context=False)

    response = TestClient(_app(validation_errors=policy)).get("/search?limit=11")

    assert response.status_code == 400
    assert response.json() == {
        "detail": [
            {
                "type": "less_than_equal",
                "loc": ["query", "limit"],
                "msg": "Input should be less than or equal to 10",
            }
        ]
    }


def test_a_policy_can_make_the_whole_body() -> None:
    policy = ErrorPolicy(shape=lambda errors: {"count": len(errors)})

    assert TestClient(_app(validation_errors=policy)).get("/search?limit=x").json() == {"count": 1}


def test_problem_details_answer_every_kind_of_error() -> None:
    client = TestClient(_app(problem_details=True), raise_server_exceptions=False)

    invalid = client.get("/search?limit=11")
    assert invalid.status_code == 422
    assert invalid.headers["content-type"] == "application/problem+json"
    assert invalid.json()["title"] == "Unprocessable Content"
    assert [error["loc"] for error in invalid.json()["errors"]] == [["query", "limit"]]

    missing = client.get("/missing")
    assert (missing.status_code, missing.headers["x-reason"]) == (404, "gone")
    assert missing.json() == {"type": "about:blank", "title": "Not Found", "status": 404, "detail": "No such thing"}

    unknown = client.get("/nowhere")
    assert unknown.json() == {"type": "about:blank", "title": "Not Found", "status": 404}

    broken = client.get("/broken")
    assert broken.status_code == 500
    assert "inner workings" not in broken.text
    assert broken.headers["content-type"] == "application/problem+json"


@dataclass
class Login:
    name: str
    password: SecretStr


@pydantic_dataclass
class Access:
    name: str
    password: SecretStr


class Pair(TypedDict):
    user: str
    password: SecretStr


@pytest.mark.parametrize("kind", [Login, Access, Pair, dict[str, Login], list[Pair], list[Access | Pair]])
def test_a_secret_in_a_dataclass_or_a_typed_dict_is_never_repeated(kind: Any) -> None:
    app = FastLayer()

    @app.post("/")
    def create(body: kind) -> None: ...

    sent: Any = {"other": "shown", "password": SECRET}
    if get_origin(kind) is not None:
        sent = [sent] if get_origin(kind) is list else {"first": sent}
    response = TestClient(app).post("/", json=sent)

    assert response.status_code == 422
    assert SECRET not in response.text
    assert "shown" in response.text


def test_annotations_that_only_type_checkers_know_hold_no_secrets() -> None:
    class Hidden(TypedDict):
        password: "OnlyForTypeCheckers"  # type: ignore[name-defined]  # noqa: F821  # the point

    assert secret_names([ModelField(FieldInfo(annotation=Hidden), "body")]) == frozenset()


def test_values_are_masked_in_models_and_sequences_and_errors_without_input_stay_as_they_are() -> None:
    names = frozenset({"password"})
    account = Account(name="ada", password=SecretStr("long enough"))

    assert mask((account, 1), names) == [{"name": "ada", "password": MASK}, 1]
    plain = {"type": "too_many_errors", "loc": ("body", "password"), "msg": "Too many"}
    assert redacted([plain], names) == [plain]


def test_around_an_absent_secret_only_the_other_secrets_are_masked() -> None:
    sent = {"name": "shown", "token": SECRET}
    absent = [(("query", "password"), None), (("body", "password"), sent), (("body", "token", "password"), sent)]
    errors = [{"type": "missing", "loc": loc, "msg": "", "input": value} for loc, value in absent]

    shown = [error["input"] for error in redacted(errors, frozenset({"password", "token"}))]

    assert shown == [None, {"name": "shown", "token": MASK}, MASK]


def test_what_many_errors_repeat_is_copied_once() -> None:
    shared = {"password": SECRET, "items": [{"password": SECRET}]}
    errors = [{"type": "missing", "loc": ("body", name), "msg": "", "input": shared} for name in "abc"]
    first, *others = [error["input"] for error in redacted([*errors, {**errors[0], "input": shared["items"]}], SECRETS)]
    assert first == {"password": MASK, "items": [{"password": MASK}]}
    assert [one is first for one in others] == [True, True, False]
    assert others[-1] is first["items"]
    assert shared["password"] == SECRET


def test_values_are_masked_at_any_depth() -> None:
    deep: Any = {"password": SECRET}
    for _ in range(5_000):
        deep = [deep]
    masked = mask(deep, SECRETS)
    for _ in range(5_000):
        (masked,) = masked
    assert masked == {"password": MASK}


SECRETS = frozenset({"password"})


@pytest.mark.parametrize("status", [204, 205, 304])
def test_problem_details_have_no_body_where_http_allows_none(status: int) -> None:
    app = FastLayer(problem_details=True)

    @app.get("/")
    def nothing() -> None:
        raise HTTPException(status, headers={"x-reason": "none"})

    response = TestClient(app).get("/")
    assert (response.status_code, response.content, response.headers["x-reason"]) == (status, b"", "none")


def test_a_detail_that_is_data_stands_among_the_errors_of_the_problem() -> None:
    app = FastLayer(problem_details=True)

    @app.get("/")
    def refuse() -> None:
        raise HTTPException(409, {"taken": ["name"]})

    assert TestClient(app).get("/").json() == {
        "type": "about:blank",
        "title": "Conflict",
        "status": 409,
        "errors": {"taken": ["name"]},
    }


class Login(TypedDict):
    password: Annotated[SecretStr, Field(alias="pass-word", min_length=8)]
    name: Annotated[str, Field(min_length=5)]


def test_a_secret_of_a_typed_dict_is_masked_under_its_name_on_the_wire() -> None:
    app = FastLayer()

    @app.post("/")
    def create(login: Login) -> None: ...

    response = TestClient(app).post("/", json={"pass-word": SECRET, "name": "x", "password": SECRET})

    assert response.status_code == 422
    assert SECRET not in response.text
