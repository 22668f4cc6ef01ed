"""`solve_dependencies` for graphs of FastAPI's own making and of others'."""

import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from typing import Annotated, Any

import pytest
from pydantic import BaseModel
from starlette.background import BackgroundTasks
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response
from starlette.websockets import WebSocket

from fastlayer import APIRouter, Body, Depends, FastLayer, FastLayerError, Header, Security
from fastlayer.compat.dependencies.utils import (
    Dependant,
    SolvedDependency,
    get_dependant,
    get_parameterless_sub_dependant,
    solve_dependencies,
)
from fastlayer.security import OAuth2PasswordBearer, SecurityScopes

pytestmark = pytest.mark.anyio


def request_for(query: str = "", headers: dict[str, str] | None = None, **scope: Any) -> Request:
    raw = [(name.encode(), value.encode()) for name, value in (headers or {}).items()]
    return Request(
        {"type": "http", "method": "GET", "path": "/", "query_string": query.encode(), "headers": raw, **scope}
    )


async def solve(dependant: Dependant, request: Any = None, **options: Any) -> SolvedDependency:
    async with AsyncExitStack() as stack:
        return await solve_dependencies(
            request=request or request_for(),
            dependant=dependant,
            **{"async_exit_stack": stack, "embed_body_fields": False, **options},
        )


async def test_parameters_and_dependencies_are_solved() -> None:
    def doubled(number: int) -> int:
        return number * 2

    async def named(user_agent: Annotated[str, Header()]) -> str:
        return user_agent

    def endpoint(
        path: str, double: Annotated[int, Depends(doubled)], name: Annotated[str, Depends(named)], plain: int = 5
    ) -> None:
        raise NotImplementedError

    dependant = get_dependant(path="/{path}", call=endpoint)
    solved = await solve(dependant, request_for("number=4", {"user-agent": "me"}, path_params={"path": "here"}))
    assert solved.errors == []
    assert solved.values == {"path": "here", "double": 8, "name": "me", "plain": 5}


async def test_errors_come_depth_first_and_other_dependencies_still_run() -> None:
    ran: list[str] = []

    def broken(number: int) -> int:
        raise NotImplementedError

    def fine() -> None:
        ran.append("fine")

    def endpoint(own: int, first: Annotated[int, Depends(broken)], second: Annotated[None, Depends(fine)]) -> None: ...

    solved = await solve(get_dependant(path="/", call=endpoint), request_for("number=x"))
    assert [error["loc"] for error in solved.errors] == [("query", "number"), ("query", "own")]
    assert ran == ["fine"]


async def test_a_dependency_is_called_once_and_kept_for_the_next() -> None:
    calls: list[int] = []

    def counted() -> int:
        calls.append(1)
        return len(calls)

    def endpoint(
        one: Annotated[int, Depends(counted)],
        two: Annotated[int, Depends(counted)],
        new: Annotated[int, Depends(counted, use_cache=False)],
    ) -> None: ...

    dependant = get_dependant(path="/", call=endpoint)
    first = await solve(dependant)
    assert first.values == {"one": 1, "two": 1, "new": 2}
    second = await solve(dependant, dependency_cache=first.dependency_cache)
    assert second.values == {"one": 1, "two": 1, "new": 3}


async def test_what_yields_is_closed_with_the_stack_newest_first() -> None:
    log: list[str] = []

    async def outer() -> AsyncIterator[str]:
        yield "outer"
        log.append("outer closed")

    def inner(value: Annotated[str, Depends(outer)]) -> Iterator[str]:
        yield f"inner of {value}"
        log.append("inner closed")

    def endpoint(value: Annotated[str, Depends(inner)]) -> None: ...

    async with AsyncExitStack() as stack:
        solved = await solve(get_dependant(path="/", call=endpoint), async_exit_stack=stack)
        assert solved.values == {"value": "inner of outer"}
        assert log == []
    assert log == ["inner closed", "outer closed"]


async def test_an_exception_reaches_what_yields_and_goes_on() -> None:
    seen: list[BaseException] = []

    async def watching() -> AsyncIterator[None]:
        try:
            yield
        except ValueError as exc:
            seen.append(exc)
            raise

    def endpoint(value: Annotated[None, Depends(watching)]) -> None: ...

    async def fail_after_solving() -> None:
        async with AsyncExitStack() as stack:
            await solve(get_dependant(path="/", call=endpoint), async_exit_stack=stack)
            raise ValueError("mine")

    with pytest.raises(ValueError, match="mine") as caught:
        await fail_after_solving()
    assert seen == [caught.value]


async def test_the_stacks_of_the_scope_are_used_by_lifetime() -> None:
    log: list[str] = []

    def short() -> Iterator[None]:
        yield
        log.append("function")

    def long() -> Iterator[None]:
        yield
        log.append("request")

    def endpoint(
        one: Annotated[None, Depends(short, scope="function")], two: Annotated[None, Depends(long)]
    ) -> None: ...

    async with AsyncExitStack() as request_stack:
        async with AsyncExitStack() as function_stack:
            scope: dict[str, Any] = {"fastapi_inner_astack": request_stack, "fastapi_function_astack": function_stack}
            await solve(get_dependant(path="/", call=endpoint), request_for(**scope))
        assert log == ["function"]
    assert log == ["function", "request"]


async def test_what_was_opened_before_a_failure_is_closed() -> None:
    log: list[str] = []

    def opened() -> Iterator[None]:
        try:
            yield
        finally:
            log.append("closed")

    def failing(value: Annotated[None, Depends(opened)]) -> None:
        raise KeyError("failed")

    def endpoint(value: Annotated[None, Depends(failing)]) -> None: ...

    with pytest.raises(KeyError):
        await solve(get_dependant(path="/", call=endpoint))
    assert log == ["closed"]


async def test_the_objects_of_the_request_are_handed_over() -> None:
    def endpoint(
        request: Request, connection: HTTPConnection, response: Response, tasks: BackgroundTasks, socket: WebSocket
    ) -> None: ...

    request = request_for()
    solved = await solve(get_dependant(path="/", call=endpoint), request)
    assert set(solved.values) == {"request", "connection", "response", "tasks"}
    assert solved.values["request"] is solved.values["connection"] is request
    assert solved.values["response"] is solved.response
    assert solved.values["tasks"] is solved.background_tasks


async def test_given_response_and_tasks_are_used() -> None:
    def endpoint(response: Response, tasks: BackgroundTasks) -> None: ...

    response, tasks = Response(), BackgroundTasks()
    solved = await solve(get_dependant(path="/", call=endpoint), response=response, background_tasks=tasks)
    assert solved.values == {"response": response, "tasks": tasks}


async def test_a_websocket_is_a_request_too() -> None:
    def endpoint(socket: WebSocket, name: str, request: Request) -> None: ...

    async def nothing(*message: Any) -> Any:
        raise NotImplementedError

    socket = WebSocket({"type": "websocket", "path": "/", "query_string": b"name=Ada", "headers": []}, nothing, nothing)
    solved = await solve(get_dependant(path="/", call=endpoint), socket)
    assert solved.values == {"socket": socket, "name": "Ada"}


async def test_scopes_of_security_are_handed_over() -> None:
    scheme = OAuth2PasswordBearer("token")

    def user(scopes: SecurityScopes, token: Annotated[str, Depends(scheme)]) -> str:
        return f"{token} {scopes.scopes}"

    def endpoint(who: Annotated[str, Security(user, scopes=["read"])]) -> None: ...

    solved = await solve(get_dependant(path="/", call=endpoint), request_for(headers={"authorization": "Bearer x"}))
    assert solved.values == {"who": "x ['read']"}


@pytest.mark.parametrize(("embed", "body"), [(False, 5), (True, {"number": 5})])
async def test_the_body_that_is_given_is_validated(embed: bool, body: Any) -> None:
    def endpoint(number: Annotated[int, Body()]) -> None: ...

    dependant = get_dependant(path="/", call=endpoint)
    assert (await solve(dependant, body=body, embed_body_fields=embed)).values == {"number": 5}
    missing = await solve(dependant, embed_body_fields=embed)
    assert [error["type"] for error in missing.errors] == ["missing"]


async def test_overrides_of_a_provider_are_called_instead() -> None:
    def original() -> str:
        raise NotImplementedError

    def other(q: str) -> str:
        return q

    def endpoint(value: Annotated[str, Depends(original)]) -> None: ...

    class Provider:
        dependency_overrides = {original: other}  # as an application has it

    solved = await solve(
        get_dependant(path="/", call=endpoint), request_for("q=x"), dependency_overrides_provider=Provider()
    )
    assert solved.values == {"value": "x"}


async def test_a_provider_may_inherit_the_overrides_of_the_application_around() -> None:
    def original() -> str:
        return "original"

    def endpoint(value: Annotated[str, Depends(original)]) -> None: ...

    outer, inner = FastLayer(), FastLayer(inherit_overrides=True)
    outer.dependency_overrides[original] = lambda: "other"
    for provider, expected in [
        (APIRouter(inherit_overrides=True).dependency_overrides_provider, "other"),
        (inner, "other"),
        (FastLayer(), "original"),
    ]:
        solved = await solve(
            get_dependant(path="/", call=endpoint), request_for(app=outer), dependency_overrides_provider=provider
        )
        assert solved.values == {"value": expected}


async def test_an_override_that_asks_for_what_it_replaces_is_refused() -> None:
    def original() -> str:
        return "original"

    def wrapping(value: Annotated[str, Depends(original)]) -> str:
        return value

    app = FastLayer()
    app.dependency_overrides[original] = wrapping
    with pytest.raises(FastLayerError, match="form a cycle"):
        await solve(get_dependant(path="/", call=wrapping), dependency_overrides_provider=app)


async def test_a_dependant_built_by_hand_is_solved() -> None:
    def effect(q: int = 1) -> int:
        return q

    dependant = Dependant(path="/")
    dependant.dependencies.append(get_parameterless_sub_dependant(depends=Depends(effect), path="/"))
    solved = await solve(dependant, request_for("q=9"))
    assert solved.values == {}
    assert list(solved.dependency_cache.values()) == [9]


async def test_bounded_dependencies_are_entered_one_after_another() -> None:
    def bounded() -> Iterator[int]:
        yield 1

    def endpoint(value: Annotated[int, Depends(bounded, max_concurrency=1)]) -> None: ...

    dependant = get_dependant(path="/", call=endpoint)
    assert [(await solve(dependant)).values for _ in range(2)] == [{"value": 1}, {"value": 1}]


async def test_a_dependency_may_raise_something_else_when_it_is_closed() -> None:
    async def translated() -> AsyncIterator[int]:
        try:
            yield 1
        except OSError as error:
            raise LookupError("translated") from error

    def endpoint(one: Annotated[int, Depends(translated)]) -> None: ...

    with pytest.raises(LookupError, match="translated"):
        async with AsyncExitStack() as stack:
            await solve(get_dependant(path="/", call=endpoint), async_exit_stack=stack)
            raise OSError


async def test_a_model_is_made_on_the_loop_and_a_function_in_a_thread() -> None:
    made: list[int] = []

    class Stored(BaseModel):
        number: int

        def model_post_init(self, context: Any) -> None:
            made.append(threading.get_ident())

    def threaded() -> int:
        return threading.get_ident()

    def endpoint(one: Annotated[Stored, Depends()], two: Annotated[int, Depends(threaded)]) -> None: ...

    solved = await solve(get_dependant(path="/", call=endpoint), request_for("number=4"))
    assert solved.values["one"].number == 4
    assert made == [threading.get_ident()]
    assert solved.values["two"] != threading.get_ident()
