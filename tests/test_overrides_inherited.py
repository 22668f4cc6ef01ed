"""`inherit_overrides`: what is mounted in an application has that application's dependency overrides if it asks to."""

import warnings
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated, Any

import pytest
from starlette.applications import Starlette
from starlette.routing import Host, Mount

from fastlayer import APIRouter, Depends, FastLayer, WebSocket
from fastlayer.diagnostics import diagnose
from fastlayer.resolving import UnusedOverrideWarning
from fastlayer.routes import APIRoute
from fastlayer.routing import RouterError
from fastlayer.testclient import AsyncClient, TestClient

from .in_memory import Socket, call, running

pytestmark = pytest.mark.anyio


def name() -> str:
    return "original"


def other() -> str:
    return "other"


Name = Annotated[str, Depends(name)]


def mounted(**options: Any) -> FastLayer:
    app = FastLayer(**options)
    add_routes(app)
    return app


def mounted_router(**options: Any) -> APIRouter:
    router = APIRouter(**options)
    add_routes(router)
    return router


def add_routes(target: Any) -> None:
    @target.get("/name")
    async def read(value: Name) -> str:
        return value

    @target.get("/threaded")
    def read_threaded(value: Name) -> str:
        return value

    @target.websocket("/socket")
    async def socket(websocket: WebSocket, value: Name) -> None:
        await websocket.accept()
        await websocket.send_text(value)


def parent(inner: Any, **options: Any) -> FastLayer:
    app = FastLayer(**options)
    app.mount("/in", inner)
    return app


async def name_in(app: Any, path: str = "/in/name", **options: Any) -> Any:
    return (await call(app, path, **options)).json()


@pytest.mark.parametrize("make", [mounted, mounted_router])
@pytest.mark.parametrize(("options", "expected"), [({}, "original"), ({"inherit_overrides": True}, "other")])
async def test_what_is_mounted_inherits_only_if_it_asks_to(make: Any, options: Any, expected: str) -> None:
    app = parent(make(**options))
    app.dependency_overrides[name] = other
    assert await name_in(app) == expected
    assert await name_in(app, "/in/threaded") == expected
    assert (await Socket(app, "/in/socket").run()).sent == [expected]
    app.dependency_overrides.clear()
    assert await name_in(app) == "original"
    assert (await Socket(app, "/in/socket").run()).sent == ["original"]


async def test_an_override_of_its_own_comes_before_an_inherited_one() -> None:
    inner = mounted(inherit_overrides=True)
    app = parent(inner)
    inner.dependency_overrides[name] = lambda: "own"
    app.dependency_overrides[name] = other
    assert await name_in(app) == "own"
    inner.dependency_overrides.clear()
    assert await name_in(app) == "other"


async def test_an_application_that_does_not_inherit_lets_nothing_through() -> None:
    innermost = mounted(inherit_overrides=True)
    through, opaque = FastLayer(inherit_overrides=True), FastLayer()
    through.mount("/in", innermost)
    opaque.mount("/in", innermost)
    app = FastLayer()
    app.mount("/through", through)
    app.mount("/opaque", opaque)
    through.mount("/opaque", opaque)
    app.dependency_overrides[name] = other
    assert await name_in(app, "/through/in/name") == "other"
    assert await name_in(app, "/opaque/in/name") == "original"
    assert await name_in(app, "/through/opaque/in/name") == "original"
    opaque.dependency_overrides[name] = lambda: "opaque"
    through.dependency_overrides[name] = lambda: "through"
    assert await name_in(app, "/opaque/in/name") == "opaque"
    assert await name_in(app, "/through/in/name") == "through"


async def test_one_application_mounted_in_two_has_the_overrides_of_the_way_it_was_reached() -> None:
    inner = mounted(inherit_overrides=True)
    one, two = parent(inner), parent(inner)
    one.dependency_overrides[name] = lambda: "one"
    two.dependency_overrides[name] = lambda: "two"
    for _ in range(2):
        assert await name_in(one) == "one"
        assert await name_in(two) == "two"
        assert await name_in(inner, "/name") == "original"


async def test_a_set_of_overrides_is_compiled_once(monkeypatch: pytest.MonkeyPatch) -> None:
    from fastlayer.execution import handler

    compiled: list[Any] = []
    compile_plan = handler.compile_plan

    def counting(*args: Any) -> Any:
        compiled.append(args)
        return compile_plan(*args)

    inner = mounted(inherit_overrides=True)
    one, two = parent(inner), parent(inner)
    one.dependency_overrides[name] = lambda: "one"
    two.dependency_overrides[name] = lambda: "two"
    monkeypatch.setattr(handler, "compile_plan", counting)
    for _ in range(5):
        await name_in(one)
        await name_in(two)
    assert len(compiled) == 3  # the plan without any, and one for each set


@pytest.mark.parametrize(
    ("path", "headers"), [("/starlette/name", {}), ("/name", {"host": "inner.example"}), ("/included/in/name", {})]
)
async def test_it_does_not_matter_how_it_is_mounted(path: str, headers: dict[str, str]) -> None:
    inner = mounted(inherit_overrides=True)
    app = FastLayer()
    app.router.routes.append(Host("inner.example", inner))
    app.router.routes.append(Mount("/starlette", routes=[Mount("", inner)]))
    router = APIRouter()
    router.mount("/in", inner)
    app.include_router(router, prefix="/included")
    app.dependency_overrides[name] = other
    assert await name_in(app, path, headers=headers) == "other"


async def test_an_application_around_without_overrides_is_no_hindrance() -> None:
    assert await name_in(Starlette(routes=[Mount("/in", mounted(inherit_overrides=True))])) == "original"
    assert await name_in(mounted(inherit_overrides=True), "/name") == "original"


async def test_a_route_handler_of_ones_own_inherits_too() -> None:
    class Route(APIRoute):
        def get_route_handler(self) -> Any:
            handler = super().get_route_handler()

            async def around(request: Any) -> Any:
                response = await handler(request)
                response.headers["x-around"] = "yes"
                return response

            return around

    inner = FastLayer(inherit_overrides=True)
    inner.router.route_class = Route
    add_routes(inner)
    app = parent(inner)
    assert await name_in(app) == "original"
    app.dependency_overrides[name] = other
    answer = await call(app, "/in/name")
    assert (answer.json(), answer.headers["x-around"]) == ("other", "yes")


async def test_the_guard_of_a_frontend_inherits_too(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("page")
    seen: list[str] = []

    def guard() -> None:
        seen.append("guard")

    inner = FastLayer(inherit_overrides=True, dependencies=[Depends(guard)])
    inner.frontend("/", directory=tmp_path)
    app = parent(inner)
    app.dependency_overrides[guard] = lambda: seen.append("other")
    assert (await call(app, "/in/")).text == "page"
    assert seen == ["other"]


async def test_a_router_that_is_included_has_the_overrides_of_where_it_is_included() -> None:
    router = mounted_router(inherit_overrides=True)
    app, outer = FastLayer(), FastLayer()
    app.include_router(router, prefix="/in")
    outer.mount("/app", app)
    app.dependency_overrides[name] = other
    outer.dependency_overrides[name] = lambda: "outer"
    assert await name_in(app) == "other"
    app.dependency_overrides.clear()
    assert await name_in(outer, "/app/in/name") == "original"


async def test_a_router_included_in_a_mounted_one_follows_that() -> None:
    plain, asking = APIRouter(), APIRouter(inherit_overrides=True)
    plain.include_router(mounted_router(inherit_overrides=True), prefix="/in")
    asking.include_router(mounted_router(), prefix="/in")
    app = FastLayer()
    app.mount("/plain", plain)
    app.mount("/asking", asking)
    app.dependency_overrides[name] = other
    assert await name_in(app, "/plain/in/name") == "original"
    assert await name_in(app, "/asking/in/name") == "other"


def test_a_router_has_one_source_of_overrides() -> None:
    with pytest.raises(RouterError, match="choose where its overrides come from"):
        APIRouter(dependency_overrides_provider=FastLayer(), inherit_overrides=True)


async def test_the_scope_app_of_mounted_applications_is_opened_with_inherited_overrides() -> None:
    events: list[str] = []

    def pool(label: str) -> Any:
        async def opened() -> AsyncIterator[str]:
            events.append(f"open {label}")
            yield label
            events.append(f"close {label}")

        return opened

    real, fake = pool("real"), pool("fake")
    innermost = FastLayer(inherit_overrides=True)
    for one in (inner := FastLayer(inherit_overrides=True), innermost, alone := FastLayer()):

        @one.get("/pool")
        async def read(value: Annotated[str, Depends(real, scope="app")]) -> str:
            return value

    inner.mount("/in", innermost)
    app = parent(inner)
    app.mount("/alone", alone)
    with app.override({real: fake}):
        async with running(app):
            assert events == ["open fake", "open fake", "open real"]
            assert await name_in(app, "/in/in/pool") == "fake"
            assert await name_in(app, "/in/pool") == "fake"
            assert await name_in(app, "/alone/pool") == "real"
            async with inner.dependencies() as scope:

                def first(value: Annotated[str, Depends(name)]) -> str:
                    return value

                app.dependency_overrides[name] = other
                assert await scope.call(first) == "other"
    assert events[3:] == ["close real", "close fake", "close fake"]


def test_an_override_that_only_a_mounted_application_uses_is_reported_where_it_does_not_inherit() -> None:
    with pytest.warns(UnusedOverrideWarning, match="name is overridden"), parent(mounted()).override({name: other}):
        pass
    inner = FastLayer(inherit_overrides=True)
    inner.mount("/in", mounted(inherit_overrides=True))
    for using in (inner, mounted_router(inherit_overrides=True)):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            with parent(using).override({name: other}):
                pass


@pytest.mark.parametrize(("inherit", "codes"), [(True, []), (False, ["FL114"])])
def test_diagnostics_count_what_inherits(inherit: bool, codes: list[str]) -> None:
    app = parent(mounted(inherit_overrides=inherit))
    app.dependency_overrides[name] = other
    assert [finding.code for finding in diagnose(app)] == codes


async def test_overrides_of_a_test_client_are_inherited() -> None:
    app = parent(mounted(inherit_overrides=True))
    with TestClient(app, overrides={name: other}) as client:
        assert client.get("/in/name").json() == "other"
    async with AsyncClient(app, overrides={name: lambda: "async"}) as client:
        assert (await client.get("/in/name")).json() == "async"
    assert await name_in(app) == "original"


async def test_under_the_alias_it_is_the_same() -> None:
    from fastlayer.compat.applications import FastAPI

    inner = FastAPI(inherit_overrides=True)
    add_routes(inner)
    app = FastAPI()
    app.mount("/in", inner)
    app.dependency_overrides[name] = other
    assert await name_in(app) == "other"
    app.dependency_overrides.clear()
    assert await name_in(app) == "original"
