"""Every diagnostic: an application that triggers it, and one close to it that does not."""

import logging
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from functools import wraps
from pathlib import Path as FilePath
from typing import Annotated, Any, TypedDict
from uuid import UUID

import pytest
from pydantic import BaseModel, Json
from starlette.routing import Mount

from fastlayer import (
    APIRouter,
    Body,
    Depends,
    FastLayer,
    File,
    Form,
    Path,
    Query,
    Request,
    Response,
    UploadFile,
    WebSocket,
)
from fastlayer.compat.applications import FastAPI
from fastlayer.diagnostics import CODES, DiagnosticsError, diagnose
from fastlayer.diagnostics.matching import sample_paths
from fastlayer.paths import parse_path
from fastlayer.testclient import TestClient

DOCS = FilePath(__file__).parents[1] / "docs" / "reference" / "diagnostics.md"


class Item(BaseModel):
    price: float


class Special(Item):
    discount: float = 0


def nothing() -> None: ...


def one() -> int:
    return 1


def item() -> Item:
    return Special(price=1)


def optional_item() -> Item | None:
    return None


def items() -> Iterator[Item]:
    yield Item(price=1)


async def nap() -> None:
    time.sleep(0)  # noqa: ASYNC251  # the mistake to find


def sync_nap() -> None:
    time.sleep(0)


def undecorated(function: Callable[..., Any]) -> Callable[..., Any]:
    def replaced(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    return replaced


def decorated(function: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(function)
    def replaced(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    return replaced


def by_id(item_id: int) -> int:
    return item_id


# --- what triggers a code ---------------------------------------------------------------------------------------


def twice(app: FastLayer) -> None:
    app.get("/items/{item_id}")(by_id)

    @app.get("/items/{other}")
    def again(other: int) -> int:
        return other


def own_docs_page(app: FastLayer) -> None:
    app.get("/docs")(nothing)


def included_twice(app: FastLayer) -> None:
    router = APIRouter()
    router.get("/x")(nothing)
    app.include_router(router)
    app.include_router(router)


def socket_twice(app: FastLayer) -> None:
    async def accept(websocket: WebSocket) -> None: ...

    app.websocket("/ws")(accept)
    app.websocket("/ws")(accept)


def shadowed(app: FastLayer) -> None:
    app.get("/items/{item_id}")(by_id)
    app.get("/items/mine")(nothing)


def shadowed_by_a_wider_parameter(app: FastLayer) -> None:
    @app.get("/{path:path}")
    def anything(path: str) -> None: ...

    app.get("/items/{item_id:int}")(by_id)


def shadowed_by_a_mount(app: FastLayer) -> None:
    app.router.routes.append(Mount("/files", app=FastLayer()))
    app.get("/files/{item_id}")(by_id)


def misspelt_path(app: FastLayer) -> None:
    @app.get("/items/{item_id}")
    def read(itemid: int) -> int:
        return itemid


def path_nobody_takes(app: FastLayer) -> None:
    app.get("/items/{item_id}")(nothing)


def body_on_get(app: FastLayer) -> None:
    @app.get("/search")
    def search(item: Item) -> Item:
        return item


def body_without_a_status_for_it(app: FastLayer) -> None:
    @app.delete("/x", status_code=204, response_model=None)
    def remove() -> dict[str, int]:
        return {}


def stream_without_a_status_for_it(app: FastLayer) -> None:
    @app.get("/x", status_code=204)
    async def stream() -> AsyncIterator[int]:
        yield 1


def stars(app: FastLayer) -> None:
    app.get("/x")(undecorated(nothing))


def sync_socket(app: FastLayer) -> None:
    @app.websocket("/ws")
    def accept(websocket: WebSocket) -> None: ...


def sleep_on_the_loop(app: FastLayer) -> None:
    app.get("/x")(nap)


def sync_work_inline(app: FastLayer) -> None:
    app.get("/x", dependencies=[Depends(sync_nap, thread=False)])(nothing)


def same_operation_id(app: FastLayer) -> None:
    app.get("/x", operation_id="x")(nothing)
    app.get("/y", operation_id="x")(nothing)


def contradiction(app: FastLayer) -> None:
    @app.get("/x")
    def read(item: Annotated[Item, Depends(one)]) -> None: ...


def contradiction_of_what_is_yielded(app: FastLayer) -> None:
    @app.get("/x")
    def read(item: Annotated[str | None, Depends(items)]) -> None: ...


def contradiction_of_a_class(app: FastLayer) -> None:
    @app.get("/x")
    def read(item: int = Depends(Item)) -> None: ...


def model_beside_a_file(app: FastLayer) -> None:
    @app.post("/x")
    def upload(item: Item, file: UploadFile) -> None: ...


def dict_beside_a_form(app: FastLayer) -> None:
    @app.post("/x")
    def upload(item: dict[str, int], name: Annotated[str, Form()]) -> None: ...


def unknown_status(app: FastLayer) -> None:
    app.get("/x", status_code=209)(nothing)


def unknown_response(app: FastLayer) -> None:
    app.get("/x", responses={"4XY": {"description": "?"}})(nothing)


def override_of_nothing(app: FastLayer) -> None:
    app.dependency_overrides[one] = lambda: 2


def silence_of_nothing(app: FastLayer) -> None:
    app.silence = frozenset({"FL999"})


TRIGGERS: list[tuple[str, Callable[[FastLayer], None], str]] = [
    ("FL101", twice, "GET /items/{other} is registered twice: by_id (FILE"),
    ("FL101", own_docs_page, "GET /docs is registered twice"),
    ("FL101", included_twice, "GET /x is registered twice"),
    ("FL101", socket_twice, "WEBSOCKET /ws is registered twice"),
    ("FL102", shadowed, "GET /items/mine is hidden by /items/{item_id}, registered earlier: by_id (FILE"),
    ("FL102", shadowed_by_a_wider_parameter, "GET /items/{item_id:int} is hidden by /{path:path}"),
    ("FL102", shadowed_by_a_mount, "GET /files/{item_id} is hidden by /files, registered earlier: Mount /files"),
    ("FL103", misspelt_path, "Nothing takes the path parameter 'item_id' of '/items/{item_id}'"),
    ("FL103", path_nobody_takes, "Nothing takes the path parameter 'item_id'"),
    ("FL105", body_on_get, "GET /search reads a body ('item')"),
    ("FL106", body_without_a_status_for_it, "Status 204 has no body, and the function returns dict"),
    ("FL106", stream_without_a_status_for_it, "Status 204 has no body, and the function returns "),
    ("FL107", stars, "*args and **kwargs cannot be filled"),
    ("FL108", sync_socket, "The WebSocket endpoint accept is a plain def"),
    ("FL109", sleep_on_the_loop, "nap runs on the event loop and calls time.sleep"),
    ("FL109", sync_work_inline, "sync_nap runs on the event loop and calls time.sleep"),
    ("FL110", same_operation_id, "The operation id 'x' stands for GET /x of nothing"),
    ("FL111", contradiction, "'item' is annotated as Item, and one returns int"),
    ("FL111", contradiction_of_what_is_yielded, "'item' is annotated as str | None, and items returns Item"),
    ("FL111", contradiction_of_a_class, "'item' is annotated as int, and Item returns Item"),
    ("FL112", model_beside_a_file, "'item' is a JSON body beside form fields or files ('item', 'file')"),
    ("FL112", dict_beside_a_form, "'item' is a JSON body beside form fields or files"),
    ("FL113", unknown_status, "209 is not a registered HTTP status"),
    ("FL113", unknown_response, "'4XY' is not a registered HTTP status"),
    ("FL114", override_of_nothing, "dependency_overrides replaces one"),
    ("FL115", silence_of_nothing, "'FL999' is not the code of a diagnostic"),
]


@pytest.mark.parametrize(("code", "register", "message"), TRIGGERS, ids=lambda value: getattr(value, "__name__", None))
def test_a_mistake_is_found(code: str, register: Callable[[FastLayer], None], message: str) -> None:
    app = FastLayer()
    register(app)

    found = [finding for finding in diagnose(app) if finding.code == code]

    assert len(found) == 1
    assert found[0].message.replace(__file__, "FILE").startswith(message)
    assert found[0].remedy
    if code != "FL115":
        assert __file__ in found[0].place or "fastlayer" in found[0].place


def test_a_misspelt_name_is_suggested() -> None:
    app = FastLayer()
    misspelt_path(app)
    assert diagnose(app)[0].remedy.startswith("Did you mean 'itemid'?")


def test_both_places_of_a_hidden_route_are_named() -> None:
    app = FastLayer()
    shadowed(app)
    (finding,) = [finding for finding in diagnose(app) if finding.code == "FL102"]
    assert f"{__file__}:{by_id.__code__.co_firstlineno}" in finding.message
    assert f"{__file__}:{nothing.__code__.co_firstlineno}" in finding.message


# --- what is close to it and right ------------------------------------------------------------------------------


def narrow_before_wide(app: FastLayer) -> None:
    app.get("/items/mine")(nothing)
    app.get("/items/{item_id:int}", operation_id="read_number")(by_id)
    app.get("/items/{item_id:uuid}/x")(by_id)
    app.get("/items/{item_id}")(by_id)
    app.post("/items/{item_id}")(by_id)

    @app.get("/items/{path:path}")
    def rest(path: str) -> None: ...


def narrow_int_before_word(app: FastLayer) -> None:
    app.get("/items/{item_id:int}")(by_id)
    app.get("/items/mine")(nothing)

    @app.get("/items/{key:uuid}")
    def by_key(key: UUID) -> None: ...


def own_matches(app: FastLayer) -> None:
    class Never(Mount):
        def matches(self, scope: Any) -> Any:
            raise NotImplementedError

    app.router.routes.append(Never("/files", app=FastLayer()))
    app.get("/files")(nothing)


def socket_beside_get(app: FastLayer) -> None:
    @app.websocket("/x")
    async def accept(websocket: WebSocket) -> None: ...

    app.get("/x")(nothing)


def path_taken_by_a_dependency(app: FastLayer) -> None:
    app.get("/items/{item_id}", dependencies=[Depends(by_id)])(nothing)


def path_taken_by_its_alias(app: FastLayer) -> None:
    @app.get("/items/{item_id}")
    def read(number: Annotated[int, Path(alias="item_id")]) -> int:
        return number


def path_read_from_the_request(app: FastLayer) -> None:
    @app.get("/items/{item_id}")
    def read(request: Request) -> str:
        return str(request.path_params["item_id"])


def model_from_the_query(app: FastLayer) -> None:
    @app.get("/search")
    def search(item: Annotated[Item, Query()]) -> Item:
        return item


def body_on_post(app: FastLayer) -> None:
    @app.post("/search")
    @app.delete("/search")
    def search(item: Item) -> Item:
        return item


def no_content(app: FastLayer) -> None:
    app.delete("/x", status_code=204)(nothing)

    @app.put("/x", status_code=304)
    def same() -> Response:
        return Response(status_code=304)


def wrapped_properly(app: FastLayer) -> None:
    app.get("/x")(decorated(nothing))


def async_socket(app: FastLayer) -> None:
    @app.websocket("/ws/{room}")
    async def accept(websocket: WebSocket, room: str) -> None: ...


def sync_work_in_a_thread(app: FastLayer) -> None:
    app.get("/x", dependencies=[Depends(sync_nap)])(sync_nap)


def the_time_on_the_loop(app: FastLayer) -> None:
    import asyncio

    @app.get("/x")
    async def wait() -> float:
        await asyncio.sleep(0)
        return time.time()


def ids_in_and_out_of_the_document(app: FastLayer) -> None:
    app.get("/x", operation_id="x")(nothing)
    app.get("/y", operation_id="x", include_in_schema=False)(nothing)


def fitting_types(app: FastLayer) -> None:
    @app.get("/x")
    def read(
        number: Annotated[float, Depends(one)],
        narrower: Annotated[Special, Depends(item)],
        wider: Annotated[Item, Depends(Special)],
        optional: Annotated[Item, Depends(optional_item)],
        yielded: Annotated[Item, Depends(items)],
        unsaid: Annotated[Item, Depends(lambda: None)],
        anything: Annotated[Any, Depends(one)],
        unannotated=Depends(one),
    ) -> None: ...


class Shape(TypedDict):
    sides: int


def make_shape() -> Shape:
    return {"sides": 3}


def typed_dict_for_a_dict(app: FastLayer) -> None:
    @app.get("/x")
    def read(shape: Annotated[dict[str, int], Depends(make_shape)]) -> None: ...


def strings_beside_a_file(app: FastLayer) -> None:
    @app.post("/x")
    def upload(
        name: Annotated[str, Body()], item: Annotated[Json[Item], Form()], file: Annotated[bytes, File()]
    ) -> None: ...


def model_as_a_form(app: FastLayer) -> None:
    @app.post("/x")
    def upload(item: Annotated[Item, Form()]) -> None: ...


def known_statuses(app: FastLayer) -> None:
    app.get("/x", status_code=201, responses={404: {}, "4XX": {}, "default": {}, "503": {}})(nothing)


def used_overrides(app: FastLayer) -> None:
    def other(item: Annotated[Item, Depends(item)]) -> int:
        return 2

    app.get("/x", dependencies=[Depends(one)])(nothing)
    app.dependency_overrides[item] = optional_item  # only the override of `one` asks for it
    app.dependency_overrides[one] = other


def silence_of_what_exists(app: FastLayer) -> None:
    app.silence = frozenset(CODES)


# What each code is near to, and must leave alone.
RIGHT: list[tuple[str, Callable[[FastLayer], None]]] = [
    ("FL101", narrow_before_wide),
    ("FL101", socket_beside_get),
    ("FL102", narrow_int_before_word),
    ("FL102", own_matches),
    ("FL103", path_taken_by_a_dependency),
    ("FL103", path_taken_by_its_alias),
    ("FL103", path_read_from_the_request),
    ("FL105", model_from_the_query),
    ("FL105", body_on_post),
    ("FL106", no_content),
    ("FL107", wrapped_properly),
    ("FL108", async_socket),
    ("FL109", sync_work_in_a_thread),
    ("FL109", the_time_on_the_loop),
    ("FL110", ids_in_and_out_of_the_document),
    ("FL111", fitting_types),
    ("FL111", typed_dict_for_a_dict),
    ("FL112", strings_beside_a_file),
    ("FL112", model_as_a_form),
    ("FL113", known_statuses),
    ("FL114", used_overrides),
    ("FL115", silence_of_what_exists),
]


@pytest.mark.parametrize(("code", "register"), RIGHT)
def test_what_is_right_is_left_alone(code: str, register: Callable[[FastLayer], None]) -> None:
    app = FastLayer()
    register(app)
    assert diagnose(app) == []


def test_a_path_with_a_convertor_of_the_users_is_not_judged() -> None:
    template = parse_path("/items/{item_id}")
    custom = type("Custom", (type(template.convertors["item_id"]),), {})()
    assert sample_paths(template._replace(convertors={"item_id": custom})) == ()


# --- when and how it is said -----------------------------------------------------------------------------------


def test_findings_are_logged_once_by_the_first_request(caplog: pytest.LogCaptureFixture) -> None:
    app = FastLayer()
    body_on_get(app)
    client = TestClient(app)

    with caplog.at_level(logging.WARNING, logger="fastlayer"):
        assert caplog.records == []
        client.get("/")
        client.get("/")

    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert caplog.records[0].getMessage().startswith("FL105 GET /search reads a body ('item')")
    assert f"{__file__}:" in caplog.records[0].getMessage()


def test_an_application_without_findings_says_nothing(caplog: pytest.LogCaptureFixture) -> None:
    app = FastLayer()
    body_on_post(app)
    with TestClient(app), caplog.at_level(logging.WARNING, logger="fastlayer"):
        pass
    assert caplog.records == []


def test_a_strict_application_does_not_start() -> None:
    started = []

    @asynccontextmanager
    async def lifespan(app: FastLayer) -> AsyncIterator[None]:
        started.append(app)
        yield

    app = FastLayer(strict=True, lifespan=lifespan)
    body_on_get(app)

    with pytest.raises(DiagnosticsError, match="FL105 GET /search") as caught, TestClient(app):
        pass

    assert [finding.code for finding in caught.value.findings] == ["FL105"]
    assert started == []


@pytest.mark.anyio
@pytest.mark.parametrize("kind", [FastLayer, FastAPI])
async def test_a_strict_application_tells_the_server_that_it_does_not_start(kind: type[FastLayer]) -> None:
    app = kind(strict=True)
    body_on_get(app)
    sent: list[Any] = []

    async def receive() -> dict[str, str]:
        return {"type": "lifespan.startup"}

    async def send(message: Any) -> None:
        sent.append(message)

    for scope in ({"type": "lifespan", "app": app}, {"type": "http", "method": "GET", "path": "/search"}):
        with pytest.raises(DiagnosticsError):
            await app(scope, receive, send)
    (message,) = sent
    assert message["type"] == "lifespan.startup.failed"
    assert message["message"].startswith("FL105 GET /search")


@pytest.mark.parametrize(("code", "register"), [(code, register) for code, register, _ in TRIGGERS])
def test_every_code_can_be_silenced(code: str, register: Callable[[FastLayer], None]) -> None:
    app = FastLayer()
    register(app)
    app.silence = app.silence | {code}
    assert code not in {finding.code for finding in diagnose(app)}


def test_a_silenced_code_is_neither_said_nor_an_error() -> None:
    app = FastLayer(strict=True, silence={"FL105"})
    body_on_get(app)
    assert diagnose(app) == []
    with TestClient(app) as client:
        assert client.request("GET", "/search", json={"price": 1}).json() == {"price": 1.0}


def test_a_diagnosis_that_fails_keeps_no_application_from_serving(caplog: pytest.LogCaptureFixture) -> None:
    app = FastLayer()
    body_on_post(app)
    app.routes[-1].responses = None  # type: ignore[attr-defined]  # what a careless library may do
    assert TestClient(app).request("POST", "/search", json={"price": 1}).status_code == 200
    assert [record.getMessage() for record in caplog.records] == ["The application could not be diagnosed"]


def test_a_diagnosis_changes_nothing() -> None:
    app = FastLayer()
    for _, register, _ in TRIGGERS[:20]:
        register(app)
    before = [dict(vars(route)) for route in app.routes]
    assert diagnose(app) == diagnose(app)
    assert [dict(vars(route)) for route in app.routes] == before


def test_every_code_has_a_trigger_and_something_near_it_that_is_right() -> None:
    assert {code for code, _, _ in TRIGGERS} == {code for code, _ in RIGHT} == set(CODES)


def test_every_code_has_a_section_on_the_docs_page() -> None:
    headings = [line[3:].partition(" ")[0] for line in DOCS.read_text().splitlines() if line.startswith("## FL")]
    assert headings == list(CODES)


def test_an_override_that_cannot_work_is_no_finding_of_its_own() -> None:
    app = FastLayer()
    app.get("/x", dependencies=[Depends(one)])(nothing)
    app.dependency_overrides[one] = lambda absent=Depends(3): None  # type: ignore[arg-type]  # refused when it is used
    assert diagnose(app) == []


def test_a_strict_application_that_cannot_be_diagnosed_does_not_serve() -> None:
    app = FastLayer(strict=True)
    body_on_post(app)
    app.routes[-1].responses = None  # type: ignore[attr-defined]
    with pytest.raises(TypeError):
        TestClient(app).get("/")
