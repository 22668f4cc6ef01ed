"""One request from the route to the answer: bodies, content types, overrides, forms, handlers of one's own."""

from collections.abc import AsyncIterator, Iterator
from typing import Annotated, Any

import anyio
import anyio.lowlevel
import pytest
from pydantic import BaseModel, ConfigDict, Field
from starlette.background import BackgroundTask

from fastlayer import (
    APIRouter,
    BackgroundTasks,
    Body,
    Depends,
    FastLayer,
    File,
    Form,
    HTTPException,
    Request,
    Response,
    UploadFile,
    WebSocket,
)
from fastlayer.exceptions import RequestValidationError
from fastlayer.execution.handler import MAX_PLANS
from fastlayer.responses import PlainTextResponse
from fastlayer.routing import APIRoute

from ..in_memory import Answer, Socket, call, http_scope

pytestmark = pytest.mark.anyio


class Item(BaseModel):
    name: str
    price: float = 1.5


class StrictItem(BaseModel):
    model_config = ConfigDict(strict=True)
    name: str
    count: int = Field(gt=0)


def bodies() -> FastLayer:
    app = FastLayer()

    @app.post("/single")
    async def single(item: Item) -> Item:
        return item

    @app.post("/embedded")
    async def embedded(item: Annotated[Item, Body(embed=True)]) -> Item:
        return item

    @app.post("/several")
    async def several(item: Item, number: Annotated[int, Body()], other: Item | None = None) -> Any:
        return [item, number, other]

    @app.post("/optional")
    async def optional(item: Item | None = None) -> Any:
        return item

    @app.post("/strict")
    async def strict(item: StrictItem) -> StrictItem:
        return item

    @app.post("/bytes")
    async def raw(data: Annotated[bytes, Body(media_type="application/octet-stream")]) -> Any:
        return len(data)

    async def reads(item: Item) -> Item:
        return item

    @app.post("/shared")
    async def shared(item: Item, same: Annotated[Item, Depends(reads)]) -> Any:
        return [item, same]

    @app.post("/lax", strict_content_type=False)
    async def lax(item: Item) -> Item:
        return item

    return app


A = {"name": "a"}
FULL = {"name": "a", "price": 1.5}


@pytest.mark.parametrize(
    ("path", "data", "expected"),
    [
        ("/single", A, FULL),
        ("/embedded", {"item": A}, FULL),
        ("/several", {"item": A, "number": "3"}, [FULL, 3, None]),
        ("/several", {"item": A, "number": 3, "other": A}, [FULL, 3, FULL]),
        ("/optional", A, FULL),
        ("/optional", None, None),
        ("/strict", {"name": "a", "count": 3}, {"name": "a", "count": 3}),
    ],
)
async def test_a_json_body_reaches_its_parameters(path: str, data: Any, expected: Any) -> None:
    answer = await call(bodies(), path, "POST", data=data) if data is not None else await call(bodies(), path, "POST")
    assert answer.json() == expected


@pytest.mark.parametrize(
    ("path", "data", "locations"),
    [
        ("/single", {"price": "x"}, [["body", "name"], ["body", "price"]]),
        ("/single", [1], [["body"]]),
        ("/embedded", A, [["body", "item"]]),
        ("/several", {"item": {}}, [["body", "item", "name"], ["body", "number"]]),
        ("/several", 3, [["body", "item"], ["body", "number"], ["body", "other"]]),
        ("/strict", {"name": "a", "count": "3"}, [["body", "count"]]),
        ("/strict", {"name": "a", "count": 0}, [["body", "count"]]),
    ],
)
async def test_errors_of_a_json_body_name_their_place(path: str, data: Any, locations: Any) -> None:
    answer = await call(bodies(), path, "POST", data=data)
    assert answer.status == 422
    assert [error["loc"] for error in answer.json()["detail"]] == locations


async def test_a_missing_body_is_missing() -> None:
    answer = await call(bodies(), "/single", "POST", headers={"content-type": "application/json"})
    assert answer.json()["detail"] == [{"type": "missing", "loc": ["body"], "msg": "Field required", "input": None}]


async def test_invalid_json_is_an_error_at_its_position() -> None:
    headers = {"content-type": "application/json"}
    answer = await call(bodies(), "/single", "POST", headers=headers, body=b'{"name": nope}')
    (error,) = answer.json()["detail"]
    assert (answer.status, error["type"], error["loc"]) == (422, "json_invalid", ["body", 9])


@pytest.mark.parametrize(("body", "expected"), [(b'{"name": nope}', '{"name": nope}'), (b'{"name": 3}', {"name": 3})])
@pytest.mark.parametrize("path", ["/single", "/pair"])
async def test_a_handler_is_told_where_an_invalid_request_was_going(path: str, body: bytes, expected: Any) -> None:
    app = FastLayer()
    seen: list[RequestValidationError] = []

    @app.post("/single")
    @app.post("/pair")
    async def endpoint(item: Item, request: Request) -> None: ...

    @app.exception_handler(RequestValidationError)
    async def handler(request: Request, exc: RequestValidationError) -> Response:
        seen.append(exc)
        return Response(status_code=422)

    await call(app, path, "POST", headers={"content-type": "application/json"}, body=body)
    (error,) = seen
    assert (error.endpoint_function, error.endpoint_path, error.body) == ("endpoint", f"POST {path}", expected)
    assert __file__ in str(error)


@pytest.mark.parametrize("body", [b"[" * 100_000, b"\xff\xfe\xff", b'{"name": ' + b"1" * 5000 + b"}"])
async def test_a_body_that_cannot_be_read_is_refused(body: bytes) -> None:
    answer = await call(bodies(), "/single", "POST", headers={"content-type": "application/json"}, body=body)
    assert answer.raised is None
    assert answer.status in (400, 422)
    assert "detail" in answer.json()


async def test_a_body_may_come_in_parts() -> None:
    headers = {"content-type": "application/json"}
    answer = await call(bodies(), "/single", "POST", headers=headers, body=[b'{"na', b"", b'me": "a"}'])
    assert answer.json() == FULL


@pytest.mark.parametrize(
    ("path", "content_type", "ok"),
    [
        ("/single", "application/json", True),
        ("/single", "application/json; charset=utf-8", True),
        ("/single", "APPLICATION/JSON", True),
        ("/single", "application/vnd.api+json", True),
        ("/single", "text/plain", False),
        ("/single", "application/x-www-form-urlencoded", False),
        ("/single", "text/json", False),
        ("/single", None, False),
        ("/lax", None, True),
        ("/lax", "text/plain", False),
        ("/several", "text/plain", False),
        ("/shared", "application/json", True),
        ("/shared", "text/plain", False),
    ],
)
async def test_json_is_read_only_under_a_json_content_type(path: str, content_type: str | None, ok: bool) -> None:
    headers = {} if content_type is None else {"content-type": content_type}
    body = b'{"item": {"name": "a"}, "number": 1}' if path == "/several" else b'{"name": "a"}'
    answer = await call(bodies(), path, "POST", headers=headers, body=body)
    assert answer.status == (200 if ok else 422)


async def test_bytes_are_handed_over() -> None:
    headers = {"content-type": "application/octet-stream"}
    assert (await call(bodies(), "/bytes", "POST", headers=headers, body=b"\xff\0")).json() == 2


async def test_a_client_that_leaves_while_it_sends_gets_no_server_error() -> None:
    app = bodies()
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    from ..in_memory import http_scope

    await app(http_scope("POST", "/single", headers={"content-type": "application/json"}), receive, send)
    assert sent[0]["status"] == 400


async def test_an_exception_handler_finds_the_body_again() -> None:
    app = bodies()

    @app.exception_handler(RequestValidationError)
    async def handler(request: Request, exc: RequestValidationError) -> Response:
        return PlainTextResponse(f"{(await request.body()).decode()} {exc.body}", status_code=400)

    answer = await call(app, "/single", "POST", data=[1])
    assert answer.text == "[1] [1]"


async def test_an_endpoint_may_read_the_request_it_was_given() -> None:
    app = FastLayer()

    @app.post("/")
    async def endpoint(item: Item, request: Request) -> Any:
        return [item.name, await request.json()]

    assert (await call(app, method="POST", data=A)).json() == ["a", A]


# --- forms --------------------------------------------------------------------------------------------------------


FORM = {"content-type": "application/x-www-form-urlencoded"}
MULTIPART = {"content-type": "multipart/form-data; boundary=x"}


def part(name: str, content: str, filename: str | None = None) -> str:
    file = f'; filename="{filename}"' if filename is not None else ""
    return f'--x\r\nContent-Disposition: form-data; name="{name}"{file}\r\n\r\n{content}\r\n'


async def test_a_form_reaches_its_parameters_and_its_files_are_closed() -> None:
    app = FastLayer()
    uploads: list[UploadFile] = []

    @app.post("/")
    async def endpoint(name: Annotated[str, Form()], data: Annotated[bytes, File()], upload: UploadFile) -> Any:
        uploads.append(upload)
        return [name, data, upload.filename, await upload.read()]

    body = part("name", "a") + part("data", "b", "b.txt") + part("upload", "c", "c.txt") + "--x--\r\n"
    answer = await call(app, method="POST", headers=MULTIPART, body=body.encode())
    assert answer.json() == ["a", "b", "c.txt", "c"]
    assert uploads[0].file.closed
    wrong = await call(app, method="POST", headers=MULTIPART, body=(part("name", "a") + "--x--\r\n").encode())
    assert [error["loc"] for error in wrong.json()["detail"]] == [["body", "data"], ["body", "upload"]]


async def test_a_model_may_be_a_form() -> None:
    app = FastLayer()

    @app.post("/")
    async def endpoint(item: Annotated[Item, Form()]) -> Item:
        return item

    assert (await call(app, method="POST", headers=FORM, body=b"name=a&price=2")).json() == {"name": "a", "price": 2}
    assert (await call(app, method="POST", headers=FORM, body=b"price=x")).status == 422


@pytest.mark.parametrize("body", [b"--x\r\nbroken", b"", b"--y--"])
async def test_a_broken_form_is_refused(body: bytes) -> None:
    app = FastLayer()

    @app.post("/")
    async def endpoint(upload: UploadFile) -> None: ...

    answer = await call(app, method="POST", headers=MULTIPART, body=body)
    assert answer.raised is None
    assert answer.status in (400, 422)


# --- overrides ------------------------------------------------------------------------------------------------------


def original() -> str:
    return "original"


async def replacement(q: str = "default") -> str:
    return f"replaced {q}"


async def test_an_override_is_called_instead_everywhere_and_as_long_as_it_is_set() -> None:
    app = FastLayer()

    def nested(value: Annotated[str, Depends(original)]) -> str:
        return value

    @app.get("/")
    async def endpoint(a: Annotated[str, Depends(original)], b: Annotated[str, Depends(nested)]) -> list[str]:
        return [a, b]

    @app.websocket("/socket")
    async def socket(websocket: WebSocket, a: Annotated[str, Depends(original)]) -> None:
        await websocket.accept()
        await websocket.send_text(a)

    assert (await call(app)).json() == ["original"] * 2
    app.dependency_overrides[original] = replacement
    assert (await call(app, query="q=x")).json() == ["replaced x"] * 2
    assert (await Socket(app, "/socket", "q=y").run()).sent == ["replaced y"]
    app.dependency_overrides[original] = lambda: "again"
    assert (await call(app)).json() == ["again"] * 2
    app.dependency_overrides.clear()
    assert (await call(app)).json() == ["original"] * 2


async def test_an_override_with_yield_is_closed() -> None:
    app = FastLayer()
    closed: list[str] = []

    async def yielding() -> AsyncIterator[str]:
        yield "yielded"
        closed.append("closed")

    @app.get("/")
    async def endpoint(a: Annotated[str, Depends(original)]) -> str:
        return a

    app.dependency_overrides[original] = yielding
    assert (await call(app)).json() == "yielded"
    assert closed == ["closed"]


async def test_an_override_of_a_dependency_that_yields_need_not_yield() -> None:
    app = FastLayer()

    def yielding() -> Iterator[str]:
        yield "yielded"

    @app.get("/")
    async def endpoint(a: Annotated[str, Depends(yielding)]) -> str:
        return a

    app.dependency_overrides[yielding] = original
    assert (await call(app)).json() == "original"


async def test_an_override_need_not_be_hashable() -> None:
    class Unhashable:
        __hash__ = None  # type: ignore[assignment]  # what a class with __eq__ has

        def __call__(self, q: str) -> str:
            return f"unhashable {q}"

    app = FastLayer()

    @app.get("/")
    async def endpoint(a: Annotated[str, Depends(original)]) -> str:
        return a

    app.dependency_overrides[original] = Unhashable()
    assert (await call(app, query="q=x")).json() == "unhashable x"


async def test_a_route_keeps_the_plans_of_a_few_sets_of_overrides() -> None:
    app = FastLayer()

    @app.get("/")
    async def endpoint(a: Annotated[str, Depends(original)]) -> str:
        return a

    (route,) = [route for route in app.routes if isinstance(route, APIRoute)]
    execution = route.compile()
    sets: list[dict[Any, Any]] = [{original: lambda number=number: number} for number in range(MAX_PLANS)]
    plans = [execution.plan_for(one) for one in sets]
    assert [execution.plan_for(one) for one in sets] == plans
    for number in range(3 * MAX_PLANS):
        execution.plan_for({original: lambda number=number: number})
        assert len(execution.overridden) <= MAX_PLANS


async def test_a_plan_is_found_by_the_overrides_of_its_route_alone() -> None:
    app = FastLayer()

    def other() -> str:
        return "other"

    def deeper() -> str:
        return "deeper"

    def through(value: Annotated[str, Depends(other)]) -> str:
        return value

    @app.get("/")
    async def endpoint(a: Annotated[str, Depends(original)]) -> str:
        return a

    (route,) = [route for route in app.routes if isinstance(route, APIRoute)]
    execution = route.compile()
    plan = execution.plan_for({other: deeper})  # which this route does not use
    assert execution.plan_for({other: deeper, deeper: other}) is plan
    replaced = execution.plan_for({original: through})
    assert replaced is not plan
    assert execution.plan_for({original: through, deeper: other}) is replaced
    assert execution.plan_for({original: through, other: deeper}) is not replaced  # now one of its dependencies


# --- background ------------------------------------------------------------------------------------------------------


async def test_background_tasks_run_after_a_plain_answer_and_their_errors_reach_the_server() -> None:
    app = FastLayer()

    def fails() -> None:
        raise KeyError("task")

    @app.get("/")
    async def endpoint(tasks: BackgroundTasks) -> str:
        tasks.add_task(fails)
        return "sent"

    answer = await call(app)
    assert answer.json() == "sent"
    assert isinstance(answer.raised, KeyError)


# --- routes of the user's own class ---------------------------------------------------------------------------------


class Upper(APIRoute):
    def get_route_handler(self) -> Any:
        handler = super().get_route_handler()

        async def shouting(request: Request) -> Response:
            try:
                response = await handler(OwnRequest(request.scope, request.receive))
            except RequestValidationError as exc:
                raise HTTPException(400, len(exc.errors())) from exc
            response.headers["x-own"] = "1"
            return response

        return shouting


class OwnRequest(Request):
    async def body(self) -> bytes:
        return (await super().body()).replace(b"'", b'"')


async def test_an_overridden_route_handler_wraps_every_request() -> None:
    router = APIRouter(route_class=Upper)
    events: list[str] = []

    async def session() -> AsyncIterator[None]:
        events.append("open")
        try:
            yield
        finally:
            events.append("close")

    @router.post("/")
    async def endpoint(
        item: Item, request: Request, response: Response, tasks: BackgroundTasks, s: Annotated[None, Depends(session)]
    ) -> Item:
        assert isinstance(request, OwnRequest)
        response.status_code = 201
        response.headers["x-injected"] = "1"
        tasks.add_task(events.append, "background")
        return item

    app = FastLayer()
    app.include_router(router)
    headers = {"content-type": "application/json"}
    answer = await call(app, method="POST", headers=headers, body=b"{'name': 'a'}")
    assert (answer.status, answer.json()) == (201, FULL)
    assert answer.headers["x-own"] + answer.headers["x-injected"] == "11"
    assert events == ["open", "close", "background"]
    refused = await call(app, method="POST", headers=headers, body=b"{}")
    assert (refused.status, refused.json()) == (400, {"detail": 1})
    assert events[3:] == ["open", "close"]


# --- exceptions ---------------------------------------------------------------------------------------------------


class Own(Exception):
    pass


def failing(**options: Any) -> FastLayer:
    app = FastLayer(**options)

    @app.get("/own")
    async def own() -> None:
        raise Own

    @app.get("/group")
    async def group() -> None:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(raise_own)
            await anyio.lowlevel.checkpoint()

    @app.get("/http")
    async def http() -> None:
        raise HTTPException(418, ["tea"], {"x-tea": "yes"})

    async def raise_own() -> None:
        raise Own

    return app


async def answered(request: Request, exc: Exception) -> Response:
    return PlainTextResponse(f"{type(exc).__name__} at {request.url.path}", status_code=499)


def answered_in_thread(request: Request, exc: Exception) -> Response:
    return PlainTextResponse(f"{type(exc).__name__} at {request.url.path}", status_code=499)


class AnsweredByObject:
    async def __call__(self, request: Request, exc: Exception) -> Response:
        return await answered(request, exc)


async def by(app: FastLayer, path: str) -> Answer:
    return await call(app, path)


@pytest.mark.parametrize("handler", [answered, answered_in_thread, AnsweredByObject()])
@pytest.mark.parametrize("path", ["/own", "/group"])
async def test_a_handler_answers_its_exception_and_that_of_a_group_of_one(handler: Any, path: str) -> None:
    app = failing(exception_handlers={Own: handler})
    answer = await call(app, path)
    assert (answer.status, answer.text) == (499, f"Own at {path}")
    assert answer.raised is None


async def test_a_handler_by_status_comes_before_one_by_class() -> None:
    app = failing(exception_handlers={418: answered})
    assert (await call(app, "/http")).status == 499
    assert (await call(failing(), "/http")).headers["x-tea"] == "yes"


async def test_without_handler_the_exception_reaches_the_server_after_a_500() -> None:
    answer = await call(failing(), "/own")
    assert (answer.status, answer.text) == (500, "Internal Server Error")
    assert isinstance(answer.raised, Own)
    assert "Own" in (await call(failing(debug=True), "/own", headers={"accept": "text/html"})).text


async def test_the_handler_of_everything_answers_and_the_exception_still_reaches_the_server() -> None:
    answer = await call(failing(exception_handlers={Exception: answered}), "/own")
    assert answer.status == 499
    assert isinstance(answer.raised, Own)


async def test_the_nearest_handler_wins() -> None:
    async def nearer(request: Request, exc: Exception) -> Response:
        return PlainTextResponse("router")

    router = APIRouter(prefix="/r", exception_handlers={Own: nearer})

    @router.get("/own")
    async def own() -> None:
        raise Own

    app = failing(exception_handlers={Own: answered})
    app.include_router(router)
    assert (await call(app, "/r/own")).text == "router"
    assert (await call(app, "/own")).text == "Own at /own"


async def test_a_handler_may_close_a_websocket() -> None:
    app = FastLayer()

    @app.exception_handler(Own)
    async def close(websocket: WebSocket, exc: Exception) -> None:
        await websocket.close(4000)

    @app.websocket("/")
    async def socket(websocket: WebSocket) -> None:
        await websocket.accept()
        raise Own

    socket_ = await Socket(app, "/").run()
    assert socket_.closed == 4000
    assert socket_.raised is None


async def test_an_exception_after_the_response_began_is_too_late_for_a_handler() -> None:
    app = FastLayer(exception_handlers={Own: answered})

    @app.get("/")
    async def endpoint() -> AsyncIterator[int]:
        yield 1
        raise Own

    answer = await call(app)
    assert answer.status == 200
    assert isinstance(answer.raised, RuntimeError)
    assert "already started" in str(answer.raised)


class FormFirst(APIRoute):
    """Looks at the form before it is read for the endpoint."""

    def get_route_handler(self) -> Any:
        handler = super().get_route_handler()

        async def counted(request: Request) -> Response:
            count = len(await request.form())
            response: Response = await handler(request)
            response.headers["x-count"] = str(count)
            return response

        return counted


async def test_a_form_that_the_route_handler_has_read_is_read_once() -> None:
    router = APIRouter(route_class=FormFirst)

    @router.post("/")
    async def endpoint(a: Annotated[str, Form()], b: Annotated[bytes, File()]) -> Response:
        return PlainTextResponse(f"{a}{b.decode()}")

    app = FastLayer()
    app.include_router(router)
    body = (part("a", "x") + part("b", "y", "y.txt") + "--x--\r\n").encode()
    answer = await call(app, "/", "POST", headers=MULTIPART, body=body)
    assert (answer.status, answer.text, answer.headers["x-count"]) == (200, "xy", "2")


async def test_a_route_handler_may_be_called_with_a_request_of_ones_own() -> None:
    app = FastLayer()

    @app.get("/items/{number}")
    async def endpoint(number: int, response: Response) -> int:
        response.headers["x-injected"] = "1"
        return number

    route = next(route for route in app.routes if isinstance(route, APIRoute))

    async def receive() -> Any:
        return {"type": "http.request", "body": b""}

    scope = {**http_scope("GET", "/items/3"), "path_params": {"number": "3"}, "app": app}
    response = await route.get_route_handler()(Request(scope, receive))
    assert (response.status_code, response.body, response.headers["x-injected"]) == (200, b"3", "1")


@pytest.mark.parametrize("injected", [False, True])
async def test_a_single_task_of_a_returned_response_runs_after_what_was_closed(injected: bool) -> None:
    app = FastLayer()
    events: list[str] = []

    async def session() -> AsyncIterator[None]:
        yield
        events.append("closed")

    @app.get("/", dependencies=[Depends(session, scope="function")])
    async def endpoint(tasks: BackgroundTasks) -> Response:
        if injected:
            tasks.add_task(events.append, "injected")
        return PlainTextResponse("x", background=BackgroundTask(events.append, "own"))

    assert (await call(app)).text == "x"
    assert events == ["closed", *["injected"] * injected, "own"]
