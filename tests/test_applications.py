"""The application around its router: limits, frontends, errors inside middleware, what third parties replace."""

from pathlib import Path
from typing import Annotated, Any

import anyio
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fastlayer import APIRouter, BackgroundTasks, Body, Depends, FastLayer, Form, HTTPException
from fastlayer.testclient import TestClient

TOO_LARGE = {"detail": "Content Too Large"}


def client(app: Any) -> TestClient:
    return TestClient(app, raise_server_exceptions=False, follow_redirects=False)


# --- body limits ------------------------------------------------------------------------------------------------


async def read(request: Request) -> int:
    return len(await request.body())


async def parsed(data: Annotated[Any, Body()]) -> int:
    return len(str(data))


async def unread() -> int:
    return 0


def chunked(*chunks: bytes) -> Any:
    return iter(chunks)


@pytest.mark.parametrize("endpoint", [read, parsed, unread])
@pytest.mark.parametrize("where", ["app", "router", "include", "route"])
def test_a_body_that_says_it_is_too_large_is_413_as_json(endpoint: Any, where: str) -> None:
    def limit(place: str) -> dict[str, int]:
        return {"max_body_size": 5} if where == place else {}

    app = FastLayer(max_body_size=limit("app").get("max_body_size"))
    router = APIRouter(**limit("router"))  # type: ignore[arg-type]  # one of its options
    router.post("/", **limit("route"))(endpoint)  # type: ignore[arg-type]  # one of its options
    app.include_router(router, **limit("include"))  # type: ignore[arg-type]  # one of its options

    answer = client(app).post("/", content=b'"12345"', headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()) == (413, TOO_LARGE)
    answer = client(app).post("/", content=b'"12"', headers={"content-type": "application/json"})
    assert answer.status_code == 200


@pytest.mark.parametrize("endpoint", [read, parsed])
@pytest.mark.parametrize("declared", [None, "2", "many"])
def test_a_body_that_is_larger_than_it_says_is_413_as_json(endpoint: Any, declared: str | None) -> None:
    app = FastLayer(max_body_size=5)
    app.post("/")(endpoint)
    headers = {"content-type": "application/json", **({} if declared is None else {"content-length": declared})}

    answer = client(app).post("/", content=chunked(b'"123', b'456"'), headers=headers)
    assert (answer.status_code, answer.json()) == (413, TOO_LARGE)


def test_a_handler_for_413_answers_both_ways() -> None:
    app = FastLayer(max_body_size=5, exception_handlers={413: lambda request, exc: PlainTextResponse("mine", 413)})
    app.post("/")(read)

    assert client(app).post("/", content=b"123456").text == "mine"
    assert client(app).post("/", content=chunked(b"123456")).text == "mine"


def test_the_limit_nearest_to_the_route_wins_and_mounts_inherit() -> None:
    app = FastLayer(max_body_size=5)
    app.post("/wide", max_body_size=10)(read)
    app.post("/narrow", max_body_size=1)(read)
    sub = FastLayer()
    sub.post("/")(read)
    app.mount("/sub", sub)
    app.mount("/old", Starlette(routes=[Route("/", lambda request: PlainTextResponse("ok"), methods=["POST"])]))

    statuses = [
        client(app).post(path, content=b"123456").status_code for path in ("/wide", "/narrow", "/sub/", "/old/")
    ]
    assert statuses == [200, 413, 413, 413]


def test_an_answer_that_is_too_late_is_cut_short() -> None:
    app = FastLayer(max_body_size=1)

    @app.post("/")
    async def stream() -> Any:
        for number in range(3):
            yield number

    answer = client(app).post("/", content=b"1234")
    assert (answer.status_code, answer.json()) == (413, TOO_LARGE)


@pytest.mark.parametrize("limit", [-1, True, 1.5, "5"])
def test_a_limit_that_is_none_is_refused(limit: Any) -> None:
    with pytest.raises(ValueError, match="non-negative integer"):
        FastLayer(max_body_size=limit)


def test_form_limits_reach_mounted_applications_key_by_key() -> None:
    sub = FastLayer(form_limits={"max_fields": 2})

    @sub.post("/")
    def form(text: Annotated[str, Form()]) -> str:
        return text

    app = FastLayer(form_limits={"max_part_size": 3, "max_fields": 0})
    app.mount("/sub", sub)

    def post(**fields: Any) -> int:
        return client(app).post("/sub/", files={name: (None, value) for name, value in fields.items()}).status_code

    assert [post(text="abc"), post(text="abcd"), post(text="a", b="b", c="c")] == [200, 400, 400]


# --- frontends --------------------------------------------------------------------------------------------------


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    (tmp_path / "index.html").write_text("home")
    (tmp_path / "app.js").write_text("code")
    return tmp_path


def test_a_frontend_is_behind_the_layers_of_its_router(directory: Path) -> None:
    done: list[str] = []

    def key(response: Response, background: BackgroundTasks, key: str = "") -> None:
        if key != "yes":
            raise HTTPException(401)
        response.headers["x-key"] = "checked"
        background.add_task(done.append, "background")

    router = APIRouter(dependencies=[Depends(key)])
    router.frontend("/", directory=directory)
    router.exception_handler(401)(lambda request, exc: PlainTextResponse("who are you?", 401))
    app = FastLayer()
    app.include_router(router, prefix="/ui")
    app.get("/ui/api")(lambda: "api")

    assert client(app).get("/ui/app.js").text == "who are you?"
    answer = client(app).get("/ui/app.js?key=yes")
    assert (answer.text, answer.headers["x-key"], done) == ("code", "checked", ["background"])
    assert client(app).get("/ui/api").json() == "api"
    assert client(app).get("/elsewhere").status_code == 404


def test_a_frontend_of_a_router_without_layers_is_just_served(directory: Path) -> None:
    router = APIRouter()
    router.frontend("/", directory=directory)
    served = TestClient(Starlette(routes=[Mount("/ui", router)]))
    assert [served.get(f"/ui/{path}").text for path in ("", "app.js")] == ["home", "code"]


def test_a_frontend_added_to_an_included_router_later_is_served(directory: Path) -> None:
    router, app = APIRouter(), FastLayer()
    app.include_router(router, prefix="/ui")
    assert client(app).get("/ui/app.js").status_code == 404

    router.frontend("/", directory=directory)
    assert client(app).get("/ui/app.js").text == "code"


# --- errors and middleware --------------------------------------------------------------------------------------


class OddError(Exception):
    pass


@pytest.mark.parametrize("inside", [False, True])
def test_unhandled_errors_can_be_answered_inside_cors(*, inside: bool) -> None:
    app = FastLayer(
        errors_inside_middleware=inside,
        middleware=[Middleware(CORSMiddleware, allow_origins=["https://shop.example"])],
    )

    @app.get("/")
    def fail() -> None:
        raise OddError

    answer = client(app).get("/", headers={"origin": "https://shop.example"})
    assert answer.status_code == 500
    assert answer.headers.get("access-control-allow-origin") == ("https://shop.example" if inside else None)
    with pytest.raises(OddError):
        TestClient(app).get("/")  # the server still hears of it


@pytest.mark.parametrize("path", ["/raw/", "/plain"])
def test_an_error_after_the_start_of_a_response_is_not_answered_again(path: str) -> None:
    app = FastLayer()
    app.mount("/raw", HalfwayResponse())
    app.routes.append(Route("/plain", halfway))
    sent: list[str] = []

    async def receive() -> Message:
        return {"type": "http.request"}

    async def send(message: Message) -> None:
        sent.append(message["type"])

    scope = {"type": "http", "method": "GET", "path": path, "headers": [], "query_string": b"", "root_path": ""}
    with pytest.raises(OddError):
        anyio.run(app, scope, receive, send)
    assert sent == ["http.response.start"]


class HalfwayResponse(Response):
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise OddError


async def halfway(request: Request) -> Response:
    return HalfwayResponse()


def test_programs_may_wrap_the_stack_or_what_builds_it() -> None:
    seen: list[str] = []

    def noting(app: ASGIApp, name: str) -> ASGIApp:
        async def noted(scope: Scope, receive: Receive, send: Send) -> None:
            seen.append(name)
            await app(scope, receive, send)

        return noted

    app = FastLayer()
    app.get("/")(lambda: 1)
    build = app.build_middleware_stack
    app.build_middleware_stack = lambda: noting(build(), "built")  # type: ignore[method-assign]  # as packages do
    client(app).get("/")
    stack = app.middleware_stack
    assert stack is not None
    app.middleware_stack = noting(stack, "wrapped")

    assert client(app).get("/").json() == 1
    assert seen == ["built", "wrapped", "built"]


def test_middleware_added_last_is_outermost() -> None:
    app = FastLayer()
    seen: list[str] = []
    app.get("/")(lambda: seen.append("endpoint"))

    @app.middleware("http")
    async def inner(request: Request, call_next: Any) -> Response:
        seen.append("inner")
        return await call_next(request)

    @app.middleware("http")
    async def outer(request: Request, call_next: Any) -> Response:
        seen.append("outer")
        return await call_next(request)

    client(app).get("/")
    assert seen == ["outer", "inner", "endpoint"]


# --- frontends of the application itself, and its root path -----------------------------------------------------


def test_an_application_serves_several_frontends_of_its_own(directory: Path) -> None:
    (directory / "other").mkdir()
    (directory / "other" / "app.js").write_text("other code")
    app = FastLayer()
    app.frontend("/", directory=directory)
    app.frontend("/other", directory=directory / "other")
    app.get("/api")(lambda: "api")

    texts = [client(app).get(path).text for path in ("/app.js", "/other/app.js", "/api")]
    assert texts == ["code", "other code", '"api"']
    assert client(app).get("/missing.js").status_code == 404


def test_a_frontend_of_a_router_is_served_with_nothing_around_it(directory: Path) -> None:
    router = APIRouter(prefix="/ui")
    router.frontend("/", directory=directory)

    assert client(router).get("/ui/app.js").text == "code"
    assert client(router).head("/ui/app.js").status_code == 200
    assert client(router).get("/app.js").status_code == 404


def test_the_applications_root_path_wins_over_the_servers() -> None:
    app = FastLayer(root_path="/proxied")

    @app.get("/where")
    def where(request: Request) -> list[str]:
        return [str(request.scope["root_path"]), str(request.url_for("where"))]

    answer = TestClient(app, root_path="/server").get("/where")
    assert answer.json() == ["/proxied", "http://testserver/proxied/where"]
