"""Routers: options, several paths, handlers, middleware, redirects, URLs, routers and routes that override methods."""

import re
from collections.abc import Callable
from copy import copy
from typing import Annotated, Any

import anyio
import pytest
import strawberry
from pydantic import BaseModel
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Host, Match, Mount, NoMatchFound, Route, Router, WebSocketRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL

from fastlayer import APIRouter, Body, FastLayer, HTTPException
from fastlayer.dependencies.callables import endpoint_context
from fastlayer.dispatch import Dispatcher
from fastlayer.exceptions import FastLayerError
from fastlayer.middleware.wsgi import WSGIMiddleware
from fastlayer.routing import APIRoute, APIWebSocketRoute, RouterError
from fastlayer.testclient import TestClient


def client(app: Any) -> TestClient:
    return TestClient(app, raise_server_exceptions=False, follow_redirects=False)


def endpoint() -> dict[str, str]:
    return {"from": "endpoint"}


# --- registration -----------------------------------------------------------------------------------------------


def test_an_endpoint_has_several_paths() -> None:
    app = FastLayer()
    app.get("/a", "/b")(endpoint)
    app.post(["/c", "/d"])(endpoint)

    assert [client(app).get(path).status_code for path in ("/a", "/b", "/c", "/d")] == [200, 200, 405, 405]
    assert [client(app).post(path).status_code for path in ("/a", "/b", "/c", "/d")] == [405, 405, 200, 200]


def test_query_is_a_method_with_a_body() -> None:
    app = FastLayer()

    @app.query("/search")
    def search(words: list[str]) -> int:
        return len(words)

    assert client(app).request("QUERY", "/search", json=["a", "b"]).json() == 2


@pytest.mark.parametrize("where", ["app", "router", "include", "route", "nowhere"])
def test_auto_head_answers_head_where_get_is_answered(where: str) -> None:
    def at(layer: str) -> dict[str, Any]:
        return {"auto_head": True} if layer == where else {}

    app = FastLayer(**at("app"))
    router = APIRouter(**at("router"))
    router.get("/got", **at("route"))(endpoint)
    router.get("/not", auto_head=False)(endpoint)
    router.post("/posted", **at("route"))(endpoint)
    app.include_router(router, **at("include"))

    answers = [client(app).head(path).status_code for path in ("/got", "/not", "/posted")]
    assert answers == [405 if where == "nowhere" else 200, 405, 405]
    answer = client(app).head("/got")
    assert (answer.content, answer.headers["allow" if where == "nowhere" else "content-length"]) == (
        b"",
        "GET" if where == "nowhere" else str(len(client(app).get("/got").content)),
    )


def test_an_implied_head_is_not_in_the_document_and_a_declared_one_is() -> None:
    app = FastLayer(auto_head=True)
    app.get("/implied")(endpoint)
    app.api_route("/declared", methods=["HEAD"])(endpoint)

    assert {path: list(item) for path, item in app.openapi()["paths"].items()} == {
        "/implied": ["get"],
        "/declared": ["head"],
    }


class Sparse(BaseModel):
    a: int | None = None


def test_response_defaults_of_layers_reach_the_route_and_the_nearest_wins() -> None:
    app = FastLayer(response_model_exclude_none=True)
    router = APIRouter(response_model_exclude_none=False)

    def answer() -> Sparse:
        return Sparse()

    app.get("/app")(answer)
    router.get("/router")(answer)
    router.get("/route", response_model_exclude_none=True)(answer)
    app.include_router(router)

    answers = [client(app).get(path).json() for path in ("/app", "/router", "/route")]
    assert answers == [{}, {"a": None}, {}]


def test_meta_of_all_layers_can_be_read_from_the_request() -> None:
    router = APIRouter(meta={"team": "shop", "public": False})

    @router.get("/", meta={"public": True})
    def read(request: Request) -> dict[str, Any]:
        return dict(request.scope["route"].meta)

    app = FastLayer(meta={"region": "eu"})
    app.include_router(router, prefix="/shop", meta={"included": 1})

    assert client(app).get("/shop/").json() == {"region": "eu", "included": 1, "team": "shop", "public": True}


def test_an_unknown_option_is_refused_with_the_one_that_was_meant() -> None:
    options: Any = {"respons_model": int}
    with pytest.raises(TypeError, match="Did you mean 'response_model'"):
        APIRouter(**options)


def test_the_same_route_may_be_registered_twice_and_the_first_answers() -> None:
    app = FastLayer()
    app.get("/a")(lambda: 1)
    app.get("/a")(lambda: 2)

    assert client(app).get("/a").json() == 1


# --- handlers and middleware ------------------------------------------------------------------------------------


def answering(text: str) -> Callable[[Request, Exception], Response]:
    return lambda request, exc: PlainTextResponse(text, 400)


class OddError(LookupError):
    pass


def failing() -> None:
    raise OddError


def test_the_nearest_exception_handler_wins() -> None:
    inner, middle, bare = APIRouter(exception_handlers={OddError: answering("inner")}), APIRouter(), APIRouter()
    for router in (inner, middle, bare):
        router.get("/")(failing)
    middle.include_router(inner, prefix="/inner")
    middle.exception_handler(OddError)(answering("middle"))  # after the routes: it counts for them too
    app = FastLayer(exception_handlers={OddError: answering("app")})
    app.include_router(middle, prefix="/middle")
    app.include_router(bare, prefix="/bare")

    answers = [client(app).get(path).text for path in ("/middle/inner/", "/middle/", "/bare/")]
    assert answers == ["inner", "middle", "app"]


def test_a_router_handles_statuses_and_its_handlers_stay_its_own() -> None:
    router = APIRouter()

    @router.get("/gone")
    def gone() -> None:
        raise HTTPException(410)

    router.exception_handler(410)(answering("router"))
    app = FastLayer()
    app.include_router(router)
    app.get("/other")(gone)

    assert client(app).get("/gone").text == "router"
    assert client(app).get("/other").json() == {"detail": "Gone"}


def test_a_routers_handler_for_every_exception_is_for_those_nobody_expects() -> None:
    router = APIRouter(exception_handlers={Exception: answering("unexpected")})

    @router.get("/{number}")
    def fail(number: int) -> None:
        raise HTTPException(404) if number else OddError

    app = FastLayer()
    app.include_router(router)

    assert client(app).get("/0").text == "unexpected"
    assert client(app).get("/1").json() == {"detail": "Not Found"}
    assert client(app).get("/x").status_code == 422


class Counting:
    """Counts requests, and says so in a header."""

    def __init__(self, app: ASGIApp, name: str) -> None:
        self.app = app
        self.name = name
        self.count = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.count += 1

        async def counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"x-count", f"{self.name}{self.count}".encode())]
            await send(message)

        await self.app(scope, receive, counted)


def test_router_middleware_is_one_instance_around_all_routes_inside() -> None:
    inner = APIRouter(middleware=[Middleware(Counting, name="i")])
    inner.get("/a")(endpoint)
    inner.get("/b")(endpoint)
    inner.routes.append(Route("/plain", lambda request: PlainTextResponse("plain")))
    inner.mount("/mounted", Router([Route("/x", lambda request: PlainTextResponse("x"))]))
    outer = APIRouter(middleware=[Middleware(Counting, name="o")])
    outer.include_router(inner)
    app = FastLayer()
    app.include_router(outer)
    app.get("/outside")(endpoint)

    seen = [client(app).get(path).headers.get_list("x-count") for path in ("/a", "/b", "/plain", "/mounted/x")]
    assert seen == [["i1", "o1"], ["i2", "o2"], ["i3", "o3"], ["i4", "o4"]]
    assert "x-count" not in client(app).get("/outside").headers


def test_middleware_of_one_route_is_around_that_route() -> None:
    app = FastLayer()
    app.get("/a", middleware=[Middleware(Counting, name="r")])(endpoint)
    app.get("/b")(endpoint)

    assert client(app).get("/a").headers["x-count"] == "r1"
    assert "x-count" not in client(app).get("/b").headers


# --- redirects and URLs -----------------------------------------------------------------------------------------


def location(app: ASGIApp, path: str, query: bytes = b"", host: bytes | None = b"shop.example") -> str:
    """Where a GET request is redirected to."""
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request"}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "GET",
        "path": path,
        "query_string": query,
        "headers": [] if host is None else [(b"host", host)],
        "scheme": "http",
        "server": None,
        "root_path": "",
    }
    anyio.run(app, scope, receive, send)
    assert sent[0]["status"] == 307
    return dict(sent[0]["headers"])[b"location"].decode()


def slashed() -> FastLayer:
    app = FastLayer()
    app.get("/items/")(endpoint)
    app.get("/{anything:path}/")(endpoint)
    return app


def test_a_slash_is_added_or_taken_away() -> None:
    app = FastLayer()
    app.get("/with/")(endpoint)
    app.get("/without")(endpoint)

    assert location(app, "/with") == "http://shop.example/with/"
    assert location(app, "/without/") == "http://shop.example/without"


def test_raw_bytes_in_a_query_string_survive_the_redirect() -> None:
    assert location(slashed(), "/items", b"q=\xff\xfe&b=%20c") == "http://shop.example/items/?q=%FF%FE&b=%20c"


@pytest.mark.parametrize("path", ["//evil.example", "//evil.example/x", "///evil.example"])
@pytest.mark.parametrize("host", [b"shop.example", None])
def test_a_redirect_never_leaves_the_host(path: str, host: bytes | None) -> None:
    found = location(slashed(), path, host=host)

    assert found.startswith("http://shop.example/" if host else "/")
    assert not found.startswith("//")


def test_redirects_can_be_switched_off() -> None:
    app = FastLayer(redirect_slashes=False)
    app.get("/items/")(endpoint)

    assert client(app).get("/items").status_code == 404


def test_urls_are_made_from_names_and_from_endpoints() -> None:
    sub = FastLayer()

    @sub.get("/things/{thing}")
    def thing(thing: str) -> str:
        return thing

    router = APIRouter(prefix="/items")

    @router.get("/{id}")
    def item(id: int, request: Request) -> list[str]:
        find: Any = request.url_for
        return [str(find(item, id=3)), str(find("item", id=4))]

    app = FastLayer()
    app.include_router(router, prefix="/v1")
    app.mount("/sub/{tenant}", sub)

    assert app.url_path_for(item, id=3) == "/v1/items/3"
    assert app.url_path_for(thing, tenant="a", thing="b") == "/sub/a/things/b"
    assert client(app).get("/v1/items/1").json() == ["http://testserver/v1/items/3", "http://testserver/v1/items/4"]
    with pytest.raises(NoMatchFound):
        app.url_path_for(item, wrong=3)
    with pytest.raises(NoMatchFound):
        app.url_path_for(endpoint)


# --- dispatch ---------------------------------------------------------------------------------------------------


def test_path_parameters_are_not_shared_between_requests() -> None:
    app = FastLayer()

    @app.get("/fixed")
    @app.get("/open/{name}")
    def keep(request: Request) -> dict[str, Any]:
        before = dict(request.path_params)
        request.path_params["leak"] = "secret"
        return before

    for path, expected in (("/fixed", {}), ("/open/x", {"name": "x"})):
        assert [client(app).get(path).json() for _ in range(2)] == [expected, expected]


def test_a_method_no_route_has_is_405_with_the_methods_of_all_routes() -> None:
    app = FastLayer()
    app.get("/a")(endpoint)
    app.put("/a")(endpoint)

    answer = client(app).delete("/a")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, PUT")


def test_a_route_added_after_the_first_request_is_served() -> None:
    app = FastLayer()
    assert client(app).get("/late").status_code == 404
    app.get("/late")(endpoint)
    assert client(app).get("/late").status_code == 200


class RefusingRoute(APIRoute):
    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        if (b"x-key", b"yes") not in scope["headers"]:
            return Match.NONE, {}
        return super().matches(scope)


class TrackingRoute(APIRoute):
    calls = 0

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.calls += 1
        await super().handle(scope, receive, send)


def test_the_routes_a_user_made_are_called_where_they_are_included() -> None:
    router = APIRouter(route_class=TrackingRoute)
    router.get("/tracked")(endpoint)
    refusing = APIRouter(route_class=RefusingRoute)
    refusing.get("/guarded")(endpoint)
    app = FastLayer()
    app.include_router(router, prefix="/v1")
    app.include_router(refusing, prefix="/v1")

    assert client(app).get("/v1/tracked").status_code == 200
    assert router.routes[0].calls == 1  # type: ignore[attr-defined]  # a TrackingRoute
    assert client(app).get("/v1/guarded").status_code == 404
    assert client(app).get("/v1/guarded", headers={"x-key": "yes"}).status_code == 200


class TrackingRouter(APIRouter):
    calls = 0
    open = True

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        return super().matches(scope) if self.open else (Match.NONE, {})

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.calls += 1
        await super().handle(scope, receive, send)


def test_routers_that_override_handle_or_matches_have_their_say() -> None:
    parent, child = TrackingRouter(), TrackingRouter()
    child.get("/a")(endpoint)
    parent.include_router(child, prefix="/child")
    app = FastLayer()
    app.include_router(parent, prefix="/parent")

    assert client(app).get("/parent/child/a").status_code == 200
    assert (parent.calls, child.calls) == (1, 1)
    child.open = False
    assert client(app).get("/parent/child/a").status_code == 404


# --- mounting ---------------------------------------------------------------------------------------------------


def existing_starlette() -> Starlette:
    """An application as somebody may have it already."""

    async def home(request: Request) -> Response:
        return PlainTextResponse(f"{request.url_for('home')} {request.path_params}")

    async def crash(request: Request) -> Response:
        raise OddError

    async def socket(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.send_text("hello")
        await websocket.close()

    return Starlette(
        routes=[Route("/", home, name="home"), Route("/crash", crash), WebSocketRoute("/ws", socket)],
        exception_handlers={OddError: answering("starlette's")},
    )


def test_an_existing_starlette_application_is_mounted_unchanged() -> None:
    app = FastLayer()
    app.get("/api")(endpoint)
    app.mount("/old", existing_starlette())

    assert client(app).get("/old/").text == "http://testserver/old/ {}"
    assert client(app).get("/old/crash").text == "starlette's"
    assert client(app).get("/api").json() == {"from": "endpoint"}
    with client(app).websocket_connect("/old/ws") as socket:
        assert socket.receive_text() == "hello"


def test_a_wsgi_application_is_mounted() -> None:
    def wsgi(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [f"{environ['SCRIPT_NAME']} {environ['PATH_INFO']}".encode()]

    app = FastLayer()
    mounted: Any = WSGIMiddleware(wsgi)  # type: ignore[arg-type]  # a2wsgi spells out what environ is
    app.mount("/wsgi", mounted)

    assert client(app).get("/wsgi/a/b").text == "/wsgi /a/b"


def test_a_graphql_application_is_mounted() -> None:
    @strawberry.type
    class Query:
        @strawberry.field
        def hello(self, info: strawberry.Info, name: str = "world") -> str:
            return f"Hello {name} from {info.context['request'].scope['root_path']}"

    app = FastLayer()
    app.get("/api")(endpoint)
    app.mount("/graphql", GraphQL[Any, Any](strawberry.Schema(Query)))

    answer = client(app).post("/graphql/", json={"query": '{ hello(name: "you") }'})
    assert answer.json() == {"data": {"hello": "Hello you from /graphql"}}
    assert "graphiql" in client(app).get("/graphql/", headers={"accept": "text/html"}).text.lower()
    with client(app).websocket_connect("/graphql/", subprotocols=["graphql-transport-ws"]) as socket:
        socket.send_json({"type": "connection_init"})
        assert socket.receive_json()["type"] == "connection_ack"
    assert client(app).get("/api").json() == {"from": "endpoint"}
    assert list(app.openapi()["paths"]) == ["/api"]


def test_an_error_in_a_mounted_application_is_answered_once() -> None:
    async def crash(request: Request) -> Response:
        raise OddError

    app = FastLayer()
    app.mount("/old", Starlette(routes=[Route("/crash", crash)]))

    assert client(app).get("/old/crash").text == "Internal Server Error"


def test_mounts_and_hosts_of_included_routers_are_served_below_the_prefix() -> None:
    inner = Starlette(routes=[Route("/x", lambda request: PlainTextResponse("x"), name="x")])
    router = APIRouter(routes=[Mount("/m", inner, name="m"), Host("api.example", inner, name="h")])
    app = FastLayer()
    app.include_router(router, prefix="/v1")

    assert client(app).get("/v1/m/x").text == "x"
    assert TestClient(app, base_url="http://api.example").get("/v1/x").text == "x"
    assert app.url_path_for("m:x") == "/v1/m/x"


def test_a_mounted_fastlayer_has_its_own_document_and_root_path() -> None:
    sub = FastLayer(title="Sub")
    sub.get("/a")(endpoint)
    app = FastLayer(title="Main")
    app.mount("/sub", sub)

    document = client(app).get("/sub/openapi.json").json()
    assert (document["info"]["title"], document["servers"]) == ("Sub", [{"url": "/sub"}])
    assert "/sub/a" not in client(app).get("/openapi.json").json()["paths"]
    assert "'/sub/openapi.json'" in client(app).get("/sub/docs").text.replace('"', "'")


# --- mistakes ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("prefix", ["api", "/api/"])
def test_a_prefix_that_cannot_work_is_refused(prefix: str) -> None:
    with pytest.raises(RouterError, match="prefix"):
        APIRouter(prefix=prefix)


def test_routers_cannot_contain_themselves() -> None:
    parent, child = APIRouter(), APIRouter()
    parent.include_router(child, prefix="/child")
    with pytest.raises(RouterError, match="itself"):
        parent.include_router(parent)
    with pytest.raises(RouterError, match="already includes"):
        child.include_router(parent, prefix="/parent")


def test_an_empty_path_needs_a_prefix_where_it_is_included() -> None:
    router, app = APIRouter(), FastLayer()
    router.get("", name="root")(endpoint)
    with pytest.raises(FastLayerError, match=r"cannot be both empty \(path operation: root\)"):
        app.include_router(router)

    app.include_router(router, prefix="/items")
    assert client(app).get("/items").json() == {"from": "endpoint"}


# --- what the dispatcher and third parties may do with routers and routes ---------------------------------------


class Last(APIRouter):
    """A router with routes that come after all others, as an extension may have."""

    def low_priority_routes(self) -> Any:
        yield Route("/{anything:path}", lambda request: PlainTextResponse("last"))
        yield BaseRoute()  # of a kind that cannot be included


def test_routes_of_low_priority_come_last_wherever_their_router_is_included() -> None:
    app, last = FastLayer(), Last()
    app.include_router(last, prefix="/v1")
    app.get("/v1/first")(endpoint)

    assert client(app).get("/v1/first").json() == {"from": "endpoint"}
    assert client(app).get("/v1/other/things").text == "last"
    assert client(app).get("/other").status_code == 404


def test_a_dispatcher_answers_from_its_routes_alone() -> None:
    dispatcher = Dispatcher([Route("/a", lambda request: PlainTextResponse("a"))])

    assert client(dispatcher).get("/a").text == "a"
    assert client(dispatcher).get("/b").status_code == 404


@pytest.mark.parametrize("behind", [False, True])
def test_a_copy_of_a_router_has_routes_of_its_own_and_keeps_its_middleware(*, behind: bool) -> None:
    layers = [Middleware(HeaderMiddleware)] if behind else []
    router = Dispatcher([Route("/a", lambda request: PlainTextResponse("a"))], middleware=layers)
    copied = copy(router)
    copied.routes.append(Route("/b", lambda request: PlainTextResponse("b")))

    assert [client(router).get(path).status_code for path in ("/a", "/b")] == [200, 404]
    assert client(copied).get("/a").headers.get("x-seen") == ("yes" if behind else None)
    if not behind:
        assert client(copied).get("/b").text == "b"


class HeaderMiddleware:
    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"].append((b"x-seen", b"yes"))
            await send(message)

        await self.app(scope, receive, sending)


class Picky(Route):
    """A route that decides for itself, and so is asked."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        return super().matches(scope)


def test_routes_that_are_asked_answer_405_when_only_their_path_matches() -> None:
    app = FastLayer(openapi_url=None)
    app.routes.append(Picky("/a", lambda request: PlainTextResponse("first"), methods=["PUT"]))
    app.routes.append(Picky("/a", lambda request: PlainTextResponse("second"), methods=["POST"]))

    assert [client(app).put("/a").text, client(app).post("/a").text] == ["first", "second"]
    answer = client(app).delete("/a")
    assert (answer.status_code, answer.headers["allow"]) == (405, "PUT")  # those of the first, as Starlette does


@pytest.mark.parametrize("kind", [Match.PARTIAL, Match.NONE])
def test_plain_sockets_and_unknown_routes_of_included_routers(kind: Match) -> None:
    class Odd(BaseRoute):
        def matches(self, scope: Scope) -> tuple[Match, Scope]:
            return kind, {}

    async def hello(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.send_text("hello")
        await websocket.close()

    router, app = APIRouter(routes=[Odd(), WebSocketRoute("/hello", hello, name="hello")]), FastLayer()
    app.include_router(router, prefix="/v1")

    with client(app).websocket_connect("/v1/hello") as socket:
        assert socket.receive_text() == "hello"
    assert app.url_path_for("hello") == "/v1/hello"
    assert not any(isinstance(route, Odd) for route in app.routes)


def test_a_route_alone_is_a_starlette_route() -> None:
    """In another framework's router, without an application around."""
    answered = APIRoute("/a", endpoint, methods=["POST"])
    starlette_client = client(Router([answered]))

    assert starlette_client.post("/a").json() == {"from": "endpoint"}
    answer = starlette_client.get("/a")
    assert (answer.status_code, answer.text, answer.headers["allow"]) == (405, "Method Not Allowed", "POST")


def test_a_websocket_route_alone_is_a_starlette_route() -> None:
    async def hello(websocket: WebSocket, name: str = "you") -> None:
        await websocket.accept()
        await websocket.send_text(f"hello {name} at {websocket.scope['route'].path}")
        await websocket.close()

    app = Starlette(routes=[APIWebSocketRoute("/hello", hello)])
    with client(app).websocket_connect("/hello?name=me") as socket:
        assert socket.receive_text() == "hello me at /hello"


def test_a_path_regex_that_somebody_sets_decides() -> None:
    app = FastLayer()

    @app.get("/items")
    def items() -> str:
        return "items"

    route: Any = app.routes[-1]
    route.path_regex = re.compile("^/(items|things)$")
    assert [client(app).get(path).status_code for path in ("/items", "/things", "/others")] == [200, 200, 404]


def test_an_app_taken_from_a_route_compiles_it_once_and_leaves_an_app_of_others_in_place() -> None:
    route = APIRoute("/a", endpoint)
    taken = route.app
    assert client(Router([Mount("/", taken)])).get("/a").json() == {"from": "endpoint"}
    assert route.app is route.compiled

    other = APIRoute("/a", endpoint)
    inner = other.app
    other.app = HeaderMiddleware(inner)
    app = client(Router([other]))
    for _ in range(2):
        answer = app.get("/a")
        assert (answer.json(), answer.headers["x-seen"]) == ({"from": "endpoint"}, "yes")
    assert isinstance(other.app, HeaderMiddleware)
    assert other.compiled is None


def test_an_endpoint_without_code_of_its_own_has_only_its_path_for_messages() -> None:
    class Operations:
        async def __call__(self) -> str:
            return "called"

    assert endpoint_context(dict, "/a", ("POST", "GET")) == {"path": "GET POST /a"}
    assert endpoint_context(endpoint, "/a", None)["function"] == "endpoint"
    app = FastLayer()
    app.get("/a")(Operations())
    assert client(app).get("/a").json() == "called"


def test_the_body_field_of_a_route_can_be_replaced_by_another() -> None:
    def create(item: Annotated[dict[str, int], Body()]) -> dict[str, int]:
        return item

    route, other = (APIRoute(path, create, methods=["POST"]) for path in ("/a", "/b"))
    assert route.body_field is not other.body_field
    route.body_field = other.body_field
    assert route.body_field is other.body_field


def test_a_websocket_route_alone_leaves_other_paths_to_others() -> None:
    async def hello(websocket: WebSocket) -> None:
        await websocket.close()

    scope = {"type": "websocket", "path": "/other", "root_path": ""}
    assert APIWebSocketRoute("/hello", hello).matches(scope) == (Match.NONE, {})
