"""Who is refused before the body is read: strangers to a scheme, and with `security_first` to everything behind one."""

from collections.abc import AsyncIterator, Callable, Iterator
from typing import Annotated, Any

import pytest
from pydantic import BaseModel

from fastlayer import (
    APIRouter,
    Body,
    Depends,
    FastLayer,
    File,
    Form,
    Header,
    HTTPException,
    Request,
    Security,
    UploadFile,
)
from fastlayer.requests import HTTPConnection
from fastlayer.responses import PlainTextResponse
from fastlayer.routing import APIRoute
from fastlayer.security import APIKeyHeader, HTTPBasic, HTTPBearer, OAuth2PasswordBearer, SecurityScopes
from fastlayer.security.base import SecurityBase
from fastlayer.testclient import TestClient

from ..in_memory import Answer, http_scope

pytestmark = pytest.mark.anyio

GUEST = {"authorization": "Bearer guest"}
IMPOSTOR = {"authorization": "Bearer impostor"}
LARGE = {"content-type": "application/json", "content-length": "104857600"}
bearer = OAuth2PasswordBearer(tokenUrl="token")


class Item(BaseModel):
    name: str


async def user(token: Annotated[str, Depends(bearer)]) -> str:
    if token != "guest":
        raise HTTPException(401, "Who are you?")
    return token


User = Annotated[str, Depends(user)]


async def knock(app: Any, path: str = "/", **headers: str) -> Answer:
    """The answer to a request whose body never comes: asking for it is what must not happen."""
    answer = Answer()

    async def receive() -> dict[str, Any]:
        raise EOFError("the body was asked for")

    async def send(message: dict[str, Any]) -> None:
        answer.messages.append(message)

    try:
        await app(http_scope("POST", path, headers={**LARGE, **headers}), receive, send)
    except Exception as exc:
        answer.raised = exc
    return answer


def with_item(**options: Any) -> FastLayer:
    app = FastLayer(**options)

    @app.post("/")
    async def create(item: Item, user: User) -> list[str]:
        return [item.name, user]

    return app


async def test_a_stranger_is_refused_by_a_scheme_before_the_body_is_read() -> None:
    answer = await knock(with_item())
    assert (answer.status, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert answer.json() == {"detail": "Not authenticated"}


async def test_with_the_option_so_is_who_carries_a_worthless_token() -> None:
    answer = await knock(with_item(security_first=True), **IMPOSTOR)
    assert (answer.status, answer.json()) == (401, {"detail": "Who are you?"})


@pytest.mark.parametrize("headers", [{}, IMPOSTOR], ids=["no token", "a worthless token"])
@pytest.mark.parametrize("security_first", [None, False, True])
def test_the_body_is_judged_in_the_order_that_was_asked_for(
    security_first: bool | None, headers: dict[str, str]
) -> None:
    client = TestClient(with_item(security_first=security_first))
    answer = client.post("/", content=b'{"name": ', headers={"content-type": "application/json", **headers})
    if security_first or (security_first is None and not headers):
        assert answer.status_code == 401
    else:
        assert (answer.status_code, answer.json()["detail"][0]["type"]) == (422, "json_invalid")


def test_a_guest_is_served_whatever_the_order() -> None:
    for option in (None, False, True):
        answer = TestClient(with_item(security_first=option)).post("/", json={"name": "tea"}, headers=GUEST)
        assert answer.json() == ["tea", "guest"]


@pytest.mark.parametrize("where", ["app", "router", "include", "route"])
async def test_the_option_holds_from_each_layer_inwards_and_the_innermost_wins(where: str) -> None:
    def at(layer: str) -> dict[str, bool]:
        return {"security_first": True} if layer == where else {}

    app = FastLayer(**at("app"))  # type: ignore[arg-type]  # no keyword but the option
    router = APIRouter(**at("router"))  # type: ignore[arg-type]  # the same

    async def create(item: Item, user: User) -> None:
        """Does nothing."""

    router.post("/on", **at("route"))(create)  # type: ignore[arg-type]  # the same
    router.post("/off", security_first=False)(create)
    app.include_router(router, prefix="/api", **at("include"))  # type: ignore[arg-type]  # the same

    assert (await knock(app, "/api/on", **IMPOSTOR)).status == 401
    # Reading the body failed, which is answered with 400: it was asked for.
    assert (await knock(app, "/api/off", **IMPOSTOR)).status == 400
    assert (await knock(app, "/api/off")).status == 400


def forbidding() -> None:
    raise HTTPException(403, "Not today.")


def forbidding_generator() -> Iterator[None]:
    raise HTTPException(403, "Not today.")
    yield


async def with_scopes(scopes: SecurityScopes) -> None:
    raise HTTPException(403, " ".join(scopes.scopes))


@pytest.mark.parametrize(
    ("depends", "detail"),
    [
        (Security(forbidding), "Not today."),
        (Security(forbidding_generator), "Not today."),
        (Security(with_scopes, scopes=["write"]), "write"),
    ],
)
async def test_what_security_asks_for_is_a_security_dependency_whatever_it_is(depends: Any, detail: str) -> None:
    app = FastLayer(security_first=True)

    @app.post("/", dependencies=[depends])
    async def create(item: Item) -> None:
        """Never runs."""

    assert (await knock(app)).json() == {"detail": detail}


async def test_without_the_option_only_schemes_go_first() -> None:
    app = FastLayer()

    @app.post("/", dependencies=[Security(forbidding)])
    async def create(item: Item) -> None:
        """Never runs."""

    assert (await knock(app)).status == 400


class CookieOrHeader(HTTPBearer):
    async def __call__(self, request: Request) -> Any:  # type: ignore[override]  # as programs written for FastAPI do
        return await super().__call__(request)


class WithDatabase(SecurityBase):
    def __init__(self) -> None:
        self.model = HTTPBearer().model
        self.scheme_name = "own"

    async def __call__(self, connection: HTTPConnection, database: Annotated[str, Depends(lambda: "db")]) -> None:
        raise HTTPException(401, database)


class WithBody(WithDatabase):
    async def __call__(self, signature: Annotated[str, Body()]) -> None:  # type: ignore[override]  # a scheme of its own
        raise HTTPException(401, signature)


class InThread(WithDatabase):
    def __call__(self, connection: HTTPConnection) -> None:  # type: ignore[override]  # a scheme of its own
        raise HTTPException(401)


@pytest.mark.parametrize(
    ("scheme", "by_default", "with_option"),
    [
        (HTTPBearer(), True, True),
        (HTTPBasic(realm="shop"), True, True),
        (APIKeyHeader(name="x-key"), True, True),
        (CookieOrHeader(), False, True),  # who asks for the request may read the body
        (WithDatabase(), False, True),
        (InThread(), False, True),
        (WithBody(), False, False),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, SecurityBase) else "",
)
async def test_a_scheme_goes_first_as_far_as_it_can_do_without_the_body(
    scheme: Any, by_default: bool, with_option: bool
) -> None:
    for option, expected in ((None, by_default), (True, with_option)):
        app = FastLayer(security_first=option)

        @app.post("/", dependencies=[Depends(scheme)])
        async def create(item: Item) -> None:
            """Never runs."""

        assert ((await knock(app)).status == 401) is expected


async def test_an_invalid_parameter_of_a_security_dependency_is_answered_without_the_body() -> None:
    app = FastLayer(security_first=True)

    async def tenant(x_tenant: Annotated[int, Header()]) -> int:
        return x_tenant

    @app.post("/", dependencies=[Security(tenant)])
    async def create(item: Item, q: int) -> None:
        """Never runs."""

    answer = await knock(app, **{"x-tenant": "many"})
    assert answer.status == 422
    assert [error["loc"] for error in answer.json()["detail"]] == [["header", "x-tenant"]]


def recording() -> tuple[FastLayer, list[str]]:
    """An app whose dependencies say when they are called, and when they are closed."""
    app = FastLayer(security_first=True)
    calls: list[str] = []

    async def connect() -> AsyncIterator[str]:
        calls.append("connect")
        try:
            yield "db"
        finally:
            calls.append("disconnect")

    def log() -> None:
        calls.append("log")

    def who(db: Annotated[str, Depends(connect)], token: Annotated[str, Depends(bearer)]) -> str:
        calls.append("who")
        return token

    async def signed(item: Item, who: Annotated[str, Depends(who)]) -> None:
        calls.append(f"signed {item.name} by {who}")

    @app.post("/", dependencies=[Depends(log), Depends(signed)])
    async def create(
        item: Item, who: Annotated[str, Depends(who)], db: Annotated[str, Depends(connect)], number: int = 1
    ) -> list[Any]:
        calls.append("endpoint")
        return [item.name, who, db, number]

    return app, calls


def test_each_dependency_is_called_once_and_what_it_opened_is_closed() -> None:
    app, calls = recording()
    answer = TestClient(app).post("/?number=2", json={"name": "tea"}, headers=GUEST)
    assert answer.json() == ["tea", "guest", "db", 2]
    assert calls == ["connect", "who", "log", "signed tea by guest", "endpoint", "disconnect"]


def test_what_security_opened_is_closed_when_the_body_turns_out_wrong() -> None:
    app, calls = recording()
    answer = TestClient(app).post("/?number=x", json={}, headers=GUEST)
    # Errors keep their order, depth-first, whatever ran when.
    assert [error["loc"] for error in answer.json()["detail"]] == [
        ["body", "name"],
        ["query", "number"],
        ["body", "name"],
    ]
    assert calls == ["connect", "who", "log", "disconnect"]


def test_uncached_security_dependencies_are_called_as_often_as_asked_for() -> None:
    app = FastLayer(security_first=True)
    calls: list[str] = []

    async def who(token: Annotated[str, Depends(bearer)]) -> int:
        calls.append(token)
        return len(calls)

    @app.post("/")
    async def create(
        item: Item,
        one: Annotated[int, Depends(who, use_cache=False)],
        two: Annotated[int, Depends(who, use_cache=False)],
    ) -> list[int]:
        return [one, two]

    assert TestClient(app).post("/", json={"name": "tea"}, headers=GUEST).json() == [1, 2]


@pytest.mark.parametrize("security_first", [None, True])
def test_every_kind_of_body_is_read_after_the_credentials(security_first: bool | None) -> None:
    app = FastLayer(security_first=security_first, dependencies=[Depends(user)])

    @app.post("/form")
    async def form(name: Annotated[str, Form()], request: Request) -> list[Any]:
        return [name, (await request.form())["name"]]

    @app.post("/upload")
    async def upload(file: Annotated[UploadFile, File()], request: Request) -> list[Any]:
        return [file.filename, (await file.read()).decode(), len(await request.form())]

    @app.post("/bytes")
    async def raw(data: Annotated[bytes, Body(media_type="text/plain")], request: Request) -> list[Any]:
        return [data.decode(), (await request.body()).decode()]

    client = TestClient(app, headers=GUEST)
    assert client.post("/form", data={"name": "tea"}).json() == ["tea", "tea"]
    assert client.post("/form", data={"name": "t" * 70_000}).json()[0] == "t" * 70_000
    assert client.post("/upload", files={"file": ("a.txt", b"leaves")}).json() == ["a.txt", "leaves", 1]
    assert client.post("/bytes", content=b"leaves", headers={"content-type": "text/plain"}).json() == ["leaves"] * 2


def test_a_dependency_may_read_the_body_of_the_request_itself() -> None:
    app = FastLayer(security_first=True)

    async def signed(request: Request, _: User) -> bytes:
        return await request.body()

    @app.post("/")
    async def create(item: Item, raw: Annotated[bytes, Depends(signed)]) -> list[str]:
        return [item.name, raw.decode()]

    assert TestClient(app).post("/", content=b'{"name":"tea"}', headers=GUEST | LARGE).json() == [
        "tea",
        '{"name":"tea"}',
    ]


def test_a_handler_of_errors_still_finds_the_body() -> None:
    app = with_item()

    @app.exception_handler(HTTPException)
    async def handle(request: Request, exc: HTTPException) -> Any:
        return PlainTextResponse(await request.body(), 401)

    answer = TestClient(app).post("/", content=b'{"name":"tea"}', headers=LARGE | IMPOSTOR)
    assert (answer.status_code, answer.text) == (401, '{"name":"tea"}')
    assert TestClient(app).post("/", content=b"[]", headers=LARGE).text == "[]"


def test_overrides_are_placed_as_what_they_stand_for_would_be() -> None:
    app = with_item(security_first=True)
    client = TestClient(app)
    app.dependency_overrides[bearer] = lambda: "guest"
    assert client.post("/", json={"name": "tea"}).json() == ["tea", "guest"]
    app.dependency_overrides = {user: lambda: "somebody"}
    assert client.post("/", json={"name": "tea"}).json() == ["tea", "somebody"]
    assert client.post("/", content=b"{", headers=LARGE).json()["detail"][0]["type"] == "json_invalid"


async def test_a_route_of_another_class_reads_the_body_late_too() -> None:
    class Logged(APIRoute):
        def get_route_handler(self) -> Callable[..., Any]:
            inner = super().get_route_handler()

            async def handler(request: Request) -> Any:
                answer = await inner(request)
                answer.headers["x-logged"] = "yes"
                return answer

            return handler

    app = FastLayer(security_first=True)
    app.router.route_class = Logged

    @app.post("/")
    async def create(item: Item, user: User) -> str:
        return item.name

    assert (await knock(app, **IMPOSTOR)).status == 401
    answer = TestClient(app).post("/", json={"name": "tea"}, headers=GUEST)
    assert (answer.json(), answer.headers["x-logged"]) == ("tea", "yes")


def test_a_plan_shows_where_the_body_is_read() -> None:
    def calls(**options: Any) -> list[Any]:
        (route,) = (one for one in with_item(**options).routes if isinstance(one, APIRoute))
        plan = route.plan
        names = [getattr(step.call, "__name__", "bearer") for step in plan.steps]
        assert plan.reads_body is ("read" in names)
        return names

    assert calls() == ["bearer", "read", "user", "create"]
    assert calls(security_first=True) == ["bearer", "user", "read", "create"]
    assert calls(security_first=False) == ["bearer", "user", "create"]


def test_a_plan_without_a_body_keeps_its_order() -> None:
    app = FastLayer(security_first=True)

    async def first() -> None:
        """Does nothing."""

    @app.get("/", dependencies=[Depends(first)])
    async def look(user: User) -> None:
        """Does nothing."""

    (route,) = (one for one in app.routes if isinstance(one, APIRoute))
    assert [step.call for step in route.plan.steps] == [first, bearer, user, look]
    assert not route.plan.reads_body
