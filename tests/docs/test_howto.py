"""The code of the how-to guides and of the concept pages does what they say."""

import hashlib
import importlib
import json
import re
import subprocess
import sys
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import anyio
import anyio.lowlevel
import jwt
import pytest

from docs_src.concepts import lifetimes, mistakes
from docs_src.howto import (
    background,
    behind_proxy,
    content_security,
    controllers,
    database,
    errors,
    graphql,
    jwt_auth,
    kettle,
    roles,
    settings,
    sockets,
    streaming,
    telemetry,
    typed_sockets,
    uploads,
    versioning,
    worker,
)
from fastlayer import Depends, FastLayer, WebSocketDisconnect
from fastlayer.diagnostics import diagnose
from fastlayer.testclient import AsyncClient, TestClient
from tests.cli.conftest import ROOT, in_process

MODULES = (
    background,
    behind_proxy,
    content_security,
    controllers,
    database,
    errors,
    graphql,
    jwt_auth,
    kettle,
    lifetimes,
    roles,
    settings,
    sockets,
    streaming,
    typed_sockets,
    uploads,
    versioning,
    worker,
)


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_no_example_has_a_finding(module: Any) -> None:
    assert diagnose(module.app) == []
    module.app.openapi()


def test_the_mistakes_in_the_picture_are_found() -> None:
    assert [finding.code for finding in diagnose(mistakes.app)] == ["FL103", "FL105", "FL102"]


# --- tokens -----------------------------------------------------------------------------------------------------


def logged_in(client: TestClient, name: str, password: str, scope: str = "") -> dict[str, str]:
    answer = client.post("/token", data={"username": name, "password": password, "scope": scope})
    return {"authorization": f"Bearer {answer.json().get('access_token')}"}


def test_a_token_says_who_asks_and_what_for() -> None:
    client = TestClient(jwt_auth.app)
    reader = logged_in(client, "ada", "lovelace")
    writer = logged_in(client, "ada", "lovelace", "teas:write")
    assert client.get("/me", headers=reader).json() == {"name": "ada", "roles": ["teas:read", "teas:write"]}
    assert client.put("/teas/sencha", headers=writer).json() == "ada wrote sencha"
    refused = client.put("/teas/sencha", headers=reader)
    assert (refused.status_code, refused.headers["www-authenticate"]) == (403, 'Bearer scope="teas:write"')


def test_nobody_gets_a_scope_that_is_not_theirs() -> None:
    client = TestClient(jwt_auth.app)
    assert client.put("/teas/sencha", headers=logged_in(client, "bob", "builder", "teas:write")).status_code == 403


@pytest.mark.parametrize(("name", "password"), [("ada", "wrong"), ("eve", ""), ("eve", "lovelace")])
def test_a_wrong_password_gives_no_token(name: str, password: str) -> None:
    answer = TestClient(jwt_auth.app).post("/token", data={"username": name, "password": password or "x"})
    assert answer.status_code == 401


def test_a_token_of_others_or_of_yesterday_is_refused() -> None:
    client = TestClient(jwt_auth.app)
    good = jwt_auth.make_token("ada", [])
    late = jwt_auth.make_token("ada", [], timedelta(seconds=-1))
    forged = jwt.encode({"sub": "ada", "exp": 9e9}, b"x" * 32, "HS256")
    unsigned = jwt.encode({"sub": "ada", "exp": 9e9}, None, "none")
    endless = jwt.encode({"sub": "ada"}, jwt_auth.SECRET, "HS256")
    statuses = [
        client.get("/me", headers={"authorization": f"Bearer {token}"}).status_code
        for token in (good, late, forged, unsigned, endless, "x")
    ]
    assert statuses == [200, 401, 401, 401, 401, 401]


# --- the others -------------------------------------------------------------------------------------------------


def test_a_session_is_committed_or_rolled_back() -> None:
    with TestClient(database.app) as client:
        assert client.post("/teas", json={"name": "Sencha"}).json() == {"name": "Sencha", "id": 1}
        assert client.post("/teas", json={"name": "Sencha"}).status_code == 409
        assert client.get("/teas").json() == [{"name": "Sencha", "id": 1}]


def test_files_are_read_in_pieces() -> None:
    client = TestClient(uploads.app)
    answer = client.post("/pictures", files={"picture": ("a.png", b"x" * 200_000, "image/png")}, data={"note": "n"})
    digest = hashlib.sha256(b"x" * 200_000).hexdigest()
    assert answer.json() == {"filename": "a.png", "size": 200_000, "sha256": digest, "note": "n"}
    assert client.post("/pictures", files={"picture": ("a.txt", b"x", "text/plain")}).status_code == 415
    assert client.post("/pictures", files={"picture": ("a.png", b"x" * 5_000_001, "image/png")}).status_code == 413
    two = [("pictures", ("a", b"1")), ("pictures", ("b", b"2"))]
    assert client.post("/albums", files=two).json() == ["a", "b"]


def test_streams() -> None:
    client = TestClient(streaming.app)
    lines = client.get("/readings?count=2").text.splitlines()
    assert [json.loads(line) for line in lines] == [{"second": 0, "celsius": 100.0}, {"second": 1, "celsius": 99.5}]
    events = client.get("/events?count=1")
    assert events.headers["content-type"].startswith("text/event-stream")
    name, data, number = events.text.strip().splitlines()
    assert (name, number) == ("event: reading", "id: 0")
    assert json.loads(data.removeprefix("data: ")) == {"second": 0, "celsius": 100.0}
    assert client.get("/readings.csv?count=1").text == "second,celsius\n0,100.0\n"


@pytest.mark.anyio
async def test_a_room_hears_who_left() -> None:
    async with (
        AsyncClient(sockets.app) as client,
        client.websocket_connect("/rooms/tea?token=ada") as ada,
    ):
        async with client.websocket_connect("/rooms/tea?token=bob") as bob:
            await bob.send_text("hello")
            assert await ada.receive_text() == await bob.receive_text() == "Bob: hello"
        assert await ada.receive_text() == "Bob left"


def test_nobody_enters_without_a_name() -> None:
    with pytest.raises(WebSocketDisconnect) as caught, TestClient(sockets.app).websocket_connect("/rooms/tea"):
        pass
    assert (caught.value.code, caught.value.reason) == (1008, "Who are you?")


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_NAME", "Kettle")
    settings.get_settings.cache_clear()
    assert TestClient(settings.app).get("/about").json() == {"name": "Kettle", "workers": 1}
    settings.get_settings.cache_clear()


def test_tasks_run_after_the_answer() -> None:
    background.sent.clear()
    answer = TestClient(background.app).post("/orders/sencha?address=a@example.com")
    assert (answer.status_code, answer.json()) == (202, "accepted")
    assert background.sent == ["office@example.com: sencha was ordered", "a@example.com: Your sencha is on its way"]


def test_versions_by_path_and_by_header() -> None:
    client = TestClient(versioning.app)
    assert client.get("/v1/teas/sencha").json() == {"name": "sencha"}
    assert client.get("/v2/teas/sencha").json() == {"name": "sencha", "price": 4.5}
    old = client.get("/teas/sencha", headers={"api-version": "1"})
    assert (old.json(), old.headers["api-version"], old.headers["vary"]) == ({"name": "sencha"}, "1", "api-version")
    assert client.get("/teas/sencha").json() == {"name": "sencha", "price": 4.5}
    assert client.get("/teas/sencha", headers={"api-version": "3"}).status_code == 422


def test_lifetimes_end_in_the_order_the_page_shows() -> None:
    lifetimes.events.clear()
    TestClient(lifetimes.app).get("/")
    assert lifetimes.events == ["endpoint", "function closed", "response closed", "background task", "request closed"]


def test_the_plan_on_the_page_is_the_one_that_is_printed() -> None:
    printed = in_process("plan", "/office/teas/assam", "shop", folder=ROOT / "docs_src" / "tutorial")
    assert printed.out == (ROOT / "docs_src" / "concepts" / "plan.txt").read_text()


def test_a_controllers_methods_are_operations() -> None:
    client = TestClient(controllers.app, overrides={controllers.get_shelf: lambda: shelf})
    shelf: controllers.Shelf = {}
    with client:
        tea = client.call(controllers.Teas.write, name="sencha", tea=controllers.Tea(name="Sencha", price=4.5))
        assert tea == shelf["sencha"] == client.call(controllers.Teas.read, name="sencha")
        assert client.get("/teas/assam").status_code == 404
    assert controllers.app.openapi()["paths"]["/teas/{name}"]["get"]["tags"] == ["teas"]


def test_a_typed_socket_takes_orders_and_nothing_else() -> None:
    client = TestClient(typed_sockets.app)
    with client.websocket_connect("/orders") as socket:
        socket.send_json({"tea": "sencha", "cups": 2})
        assert socket.receive_json() == {"total": 5.0}
        socket.send_json({"tea": "sencha"})
        with pytest.raises(WebSocketDisconnect) as caught:
            socket.receive_text()
    assert caught.value.code == 1007


@pytest.mark.parametrize(
    "name",
    [
        "bookshop/example_test.py",
        "howto/database_test.py",
        "howto/sockets_test.py",
        "howto/telemetry_test.py",
        "howto/testing.py",
        "tutorial/testing_async.py",
    ],
)
def test_the_tests_on_the_pages_pass(name: str) -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"docs_src/{name}"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, "passed" in done.stdout) == (0, True), done.stdout


def asking(name: str) -> TestClient:
    return TestClient(roles.app, headers={"x-key": f"{name}'s key"})


def test_the_office_is_for_clerks_and_removing_for_owners(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(roles, "ORDERS", {1: "bob", 2: "cem"})
    assert TestClient(roles.app).get("/office/orders").status_code == 401
    assert asking("bob").get("/office/orders").json() == {"detail": "This takes the role clerk"}
    assert asking("ada").get("/office/orders").json() == {"1": "bob", "2": "cem"}
    assert asking("ada").delete("/office/orders/2").status_code == 204
    assert roles.ORDERS == {1: "bob"}


def test_what_belongs_to_somebody_else_is_not_found() -> None:
    assert asking("bob").get("/orders/1").json() == {"number": 1, "customer": "bob"}
    assert [asking(name).get(f"/orders/{number}").status_code for name, number in (("bob", 2), ("bob", 3))] == [
        404,
        404,
    ]
    assert asking("ada").get("/orders/2").status_code == 200


def test_equal_dependencies_with_a_parameter_run_once() -> None:
    calls = []

    @dataclass(frozen=True)
    class Count:
        what: str

        async def __call__(self) -> None:
            calls.append(self.what)

    app = FastLayer()
    app.get("/", dependencies=[Depends(Count("a")), Depends(Count("a")), Depends(Count("b"))])(lambda: None)
    TestClient(app).get("/")
    assert calls == ["a", "b"]


PROBLEM = {"type": "about:blank", "title": "Not Found", "status": 404, "detail": "There is no sencha."}


def test_errors_as_problem_details() -> None:
    client = TestClient(errors.app)
    answer = client.get("/teas/sencha")
    assert (answer.json(), answer.headers["content-type"]) == (PROBLEM, "application/problem+json")
    assert client.get("/nowhere").json() == {"type": "about:blank", "title": "Not Found", "status": 404}
    assert [error["loc"] for error in client.post("/teas", json={"price": 1}).json()["errors"]] == [["body", "name"]]


def test_errors_by_a_policy() -> None:
    answer = TestClient(errors.forms).post("/teas", json={"name": "", "price": 1})
    assert (answer.status_code, answer.json()) == (400, {"fields": {"name": "String should have at least 1 character"}})
    described = errors.forms.openapi()["paths"]["/teas"]["post"]["responses"]["400"]
    assert described["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/FieldErrors"}


def test_errors_of_the_programs_own() -> None:
    answer = TestClient(errors.shop).post("/orders/sencha")
    assert (answer.status_code, answer.json()) == (409, {"detail": "sencha is sold out."})
    assert answer.headers["retry-after"] == "3600"


def test_the_pages_errors_are_those_of_the_program() -> None:
    page = (ROOT / "docs" / "howto" / "errors.md").read_text()
    assert json.loads(page.partition("```json\n")[2].partition("```")[0]) == PROBLEM


def test_both_interfaces_of_a_shop_answer() -> None:
    page = (ROOT / "docs" / "howto" / "graphql.md").read_text()
    query, answer = re.findall(r"-d '(.*)'\n(.*)\n", page)[0]
    client = TestClient(graphql.app)
    asked = client.post("/graphql/", content=query, headers={"content-type": "application/json"})
    assert asked.json() == json.loads(answer)
    assert client.get("/teas/sencha").json() == {"price": 4.5}
    assert client.get("/teas/coffee").status_code == 404


@pytest.mark.anyio
async def test_work_goes_on_as_long_as_the_application() -> None:
    kettle.kettle.celsius = 20.0
    async with AsyncClient(kettle.app) as client:
        before = (await client.get("/kettle")).json()
        while (await client.get("/kettle")).json() == before:
            await anyio.lowlevel.checkpoint()
    after = kettle.kettle.celsius
    await anyio.wait_all_tasks_blocked()
    assert kettle.kettle.celsius == after > before


@pytest.mark.parametrize(("address", "prefix"), [("10.0.0.2", "/shop"), ("10.0.0.9", "")])
def test_links_have_the_prefix_that_the_proxy_says(address: str, prefix: str) -> None:
    client = TestClient(behind_proxy.app, client=(address, 50000))
    answer = client.get("/teas", headers={"X-Forwarded-Prefix": "/shop"})
    assert answer.json() == {"sencha": f"http://testserver{prefix}/teas/sencha"}


def test_every_page_has_a_nonce_of_its_own() -> None:
    client = TestClient(content_security.app)
    first, second = (client.get("/docs") for _ in range(2))
    nonces = [re.findall(r"nonce-([^']+)", answer.headers["content-security-policy"])[0] for answer in (first, second)]
    assert nonces[0] != nonces[1]
    assert f'nonce="{nonces[0]}"' in first.text


@pytest.mark.usefixtures("current_loop")
def test_lambda_gets_its_answers() -> None:
    event = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": "/v2/teas/sencha",
        "rawQueryString": "",
        "headers": {"host": "example.com"},
        "requestContext": {"http": {"method": "GET", "path": "/v2/teas/sencha", "sourceIp": "127.0.0.1"}},
        "isBase64Encoded": False,
    }
    # Mangum looks for the thread's event loop when it is made, and leaves one open that it had to make itself.
    serverless = importlib.import_module("docs_src.howto.serverless")
    answer = serverless.handler(event, {})
    assert (answer["statusCode"], json.loads(answer["body"])) == (200, {"name": "sencha", "price": 4.5})


def test_the_application_of_the_telemetry_page_is_a_factory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRACES", "http://127.0.0.1:9/v1/traces")
    assert TestClient(telemetry.main()).get("/health").status_code == 200


# --- workers ----------------------------------------------------------------------------------------------------


@pytest.mark.anyio
async def test_a_worker_uses_the_dependencies_of_the_application(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "ledger", ledger := [])
    async with AsyncClient(worker.app) as client:
        assert (await client.post("/entries/tea")).status_code == 200
    await worker.main()
    assert ledger == ["tea", "2026 is closed"]
    with pytest.raises(ZeroDivisionError):
        async with worker.app.dependencies() as scope:
            await scope.call(worker.add_entry, text="never")
            raise ZeroDivisionError
    assert ledger == ["tea", "2026 is closed"]
