"""What one request calls: how often, in which order, with what, and what it answers when parameters are invalid."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from functools import partial, wraps
from typing import Annotated, Any, NamedTuple

import pytest
from pydantic import BaseModel

from fastlayer import Body, Cookie, Depends, FastLayer, Header, HTTPException, Path, Query, Request, Response, Security
from fastlayer.security import SecurityScopes

from ..in_memory import call

pytestmark = pytest.mark.anyio


class Counter:
    """A dependency that counts its calls."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self) -> int:
        self.calls += 1
        return self.calls


async def test_a_shared_dependency_is_called_once() -> None:
    app, counter = FastLayer(), Counter()

    def left(n: int = Depends(counter)) -> int:
        return n

    async def right(n: int = Depends(counter)) -> int:
        return n

    @app.get("/")
    async def endpoint(a: int = Depends(left), b: int = Depends(right), c: int = Depends(counter)) -> list[int]:
        return [a, b, c]

    assert (await call(app)).json() == [1, 1, 1]
    assert (await call(app)).json() == [2, 2, 2]


async def test_without_cache_each_place_gets_a_call_of_its_own() -> None:
    app, counter = FastLayer(), Counter()

    @app.get("/")
    async def endpoint(
        a: int = Depends(counter), b: int = Depends(counter, use_cache=False), c: int = Depends(counter)
    ) -> list[int]:
        return [a, b, c]

    assert (await call(app)).json() == [1, 2, 1]


async def test_what_was_called_first_is_shared_even_if_that_place_asked_for_a_call_of_its_own() -> None:
    app, counter = FastLayer(), Counter()

    @app.get("/")
    async def endpoint(a: int = Depends(counter, use_cache=False), b: int = Depends(counter)) -> list[int]:
        return [a, b]

    assert (await call(app)).json() == [1, 1]


async def test_the_default_scope_and_its_name_are_the_same_dependency() -> None:
    app = FastLayer()

    async def session() -> AsyncIterator[object]:
        yield object()

    @app.get("/")
    async def endpoint(a: Any = Depends(session), b: Any = Depends(session, scope="response")) -> bool:
        return a is b

    assert (await call(app)).json() is True


async def test_other_scopes_are_other_dependencies() -> None:
    app = FastLayer()

    async def session() -> AsyncIterator[object]:
        yield object()

    @app.get("/")
    async def endpoint(
        a: Any = Depends(session, scope="function"),
        b: Any = Depends(session, scope="response"),
        c: Any = Depends(session, scope="request"),
    ) -> int:
        return len({id(a), id(b), id(c)})

    assert (await call(app)).json() == 3


async def test_a_diamond_of_twelve_levels_costs_one_call_a_level() -> None:
    app = FastLayer()
    calls: list[int] = []

    def level(number: int, below: Callable[..., Any] | None) -> Callable[..., Any]:
        if below is None:

            async def bottom(q: int) -> int:
                calls.append(number)
                return q

            return bottom

        async def diamond(a: int = Depends(below), b: int = Depends(below)) -> int:
            calls.append(number)
            return a + b

        return diamond

    dependency: Callable[..., Any] | None = None
    for number in range(13):
        dependency = level(number, dependency)

    @app.get("/")
    async def endpoint(value: int = Depends(dependency)) -> int:
        return value

    assert (await call(app, query="q=1")).json() == 2**12
    assert calls == list(range(13))
    # On the error path too: 4,096 ways lead to the one error, which is told 32 times.
    errors = (await call(app, query="q=x")).json()["detail"]
    assert len(errors) == 32
    assert {error["type"] for error in errors} == {"int_parsing"}


async def test_dependencies_are_called_depth_first_in_order_of_declaration() -> None:
    app = FastLayer()
    order: list[str] = []

    def named(name: str, *inner: Callable[..., Any]) -> Callable[..., Any]:
        async def with_two(a: Any = None, b: Any = None) -> None:
            order.append(name)

        with_two.__defaults__ = tuple(Depends(one) for one in inner)
        return with_two if inner else lambda: order.append(name)

    a1, a2, b1, b2 = (named(name) for name in ("a1", "a2", "b1", "b2"))
    a, b = named("a", a1, a2), named("b", b1, b2)

    @app.get("/", dependencies=[Depends(named("first"))])
    async def endpoint(x: Any = Depends(a), y: Any = Depends(b)) -> None:
        order.append("endpoint")

    await call(app)
    assert order == ["first", "a1", "a2", "a", "b1", "b2", "b", "endpoint"]


async def test_a_step_with_invalid_parameters_does_not_stop_the_others() -> None:
    app = FastLayer()
    called: list[str] = []

    async def invalid(number: int) -> None:
        called.append("invalid")

    async def above(value: Any = Depends(invalid)) -> None:
        called.append("above")

    async def effect() -> None:
        called.append("effect")

    def sync_effect() -> None:
        called.append("sync effect")

    @app.get("/")
    async def endpoint(a: Any = Depends(above), b: Any = Depends(effect), c: Any = Depends(sync_effect)) -> None:
        called.append("endpoint")

    answer = await call(app, query="number=x")
    assert answer.status == 422
    assert called == ["effect", "sync effect"]


async def test_errors_come_depth_first_and_by_place() -> None:
    app = FastLayer()

    async def inner(inner_query: int, inner_header: Annotated[int, Header()]) -> None: ...

    @app.post("/{path}")
    async def endpoint(
        body: Annotated[int, Body()],
        cookie: Annotated[int, Cookie()],
        header: Annotated[int, Header()],
        query: int,
        path: int,
        value: Any = Depends(inner),
    ) -> None: ...

    answer = await call(app, "/x", "POST", data="x")
    assert [tuple(error["loc"]) for error in answer.json()["detail"]] == [
        ("query", "inner_query"),
        ("header", "inner-header"),
        ("path", "path"),
        ("query", "query"),
        ("header", "header"),
        ("cookie", "cookie"),
        ("body",),
    ]


async def test_the_errors_of_a_shared_dependency_repeat_for_each_visit() -> None:
    app = FastLayer()

    async def shared(number: int) -> int:
        return number

    async def left(value: int = Depends(shared)) -> int:
        return value

    async def right(value: int = Depends(shared)) -> int:
        return value

    @app.get("/")
    async def endpoint(a: int = Depends(left), b: int = Depends(right)) -> None: ...

    assert len((await call(app)).json()["detail"]) == 2


# --- what can be a dependency --------------------------------------------------------------------------------


def plain(q: str) -> str:
    return f"plain {q}"


async def coroutine(q: str) -> str:
    return f"coroutine {q}"


def generator(q: str) -> Iterator[str]:
    yield f"generator {q}"


async def async_generator(q: str) -> AsyncIterator[str]:
    yield f"async_generator {q}"


class Class:
    def __init__(self, q: str) -> None:
        self.q = q

    def __str__(self) -> str:
        return f"Class {self.q}"

    @classmethod
    def made(cls, q: str) -> str:
        return f"made {q}"

    @staticmethod
    def static(q: str) -> str:
        return f"static {q}"


class Callable_:
    def __call__(self, q: str) -> str:
        return f"callable {q}"

    def method(self, q: str) -> str:
        return f"method {q}"


class AsyncCallable:
    async def __call__(self, q: str) -> str:
        return f"async callable {q}"


class GeneratorCallable:
    def __call__(self, q: str) -> Iterator[str]:
        yield f"generator callable {q}"


class AsyncGeneratorCallable:
    async def __call__(self, q: str) -> AsyncIterator[str]:
        yield f"async generator callable {q}"

    async def method(self, q: str) -> AsyncIterator[str]:
        yield f"async generator method {q}"


@dataclass
class Data:
    q: str

    def __str__(self) -> str:
        return f"Data {self.q}"


class Named(NamedTuple):
    q: str

    def __str__(self) -> str:
        return f"Named {self.q}"


class Model(BaseModel):
    q: str

    def __str__(self) -> str:
        return f"Model {self.q}"


def decorated(function: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    return wrapper


def async_decorated(function: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(function)
    async def wrapper(*args: Any, **kwargs: Any) -> Any:
        return await function(*args, **kwargs)

    return wrapper


def given(prefix: str, q: str) -> str:
    return f"{prefix} {q}"


async def given_later(prefix: str, q: str) -> str:
    return f"{prefix} {q}"


@pytest.mark.parametrize(
    ("dependency", "expected"),
    [
        (plain, "plain 1"),
        (coroutine, "coroutine 1"),
        (generator, "generator 1"),
        (async_generator, "async_generator 1"),
        (Class, "Class 1"),
        (Class.made, "made 1"),
        (Class.static, "static 1"),
        (Callable_(), "callable 1"),
        (Callable_().method, "method 1"),
        (AsyncCallable(), "async callable 1"),
        (GeneratorCallable(), "generator callable 1"),
        (AsyncGeneratorCallable(), "async generator callable 1"),
        (AsyncGeneratorCallable().method, "async generator method 1"),
        (Data, "Data 1"),
        (Named, "Named 1"),
        (Model, "Model 1"),
        (partial(given, "partial"), "partial 1"),
        (partial(given_later, "partial"), "partial 1"),
        (partial(partial(given), "twice"), "twice 1"),
        (partial(generator), "generator 1"),
        (partial(async_generator), "async_generator 1"),
        (partial(Class), "Class 1"),
        (partial(AsyncCallable()), "async callable 1"),
        (decorated(plain), "plain 1"),
        (decorated(coroutine), "coroutine 1"),
        (decorated(generator), "generator 1"),
        (decorated(async_generator), "async_generator 1"),
        (async_decorated(coroutine), "coroutine 1"),
        (decorated(decorated(generator)), "generator 1"),
        (decorated(Class), "Class 1"),
        (lambda q: f"lambda {q}", "lambda 1"),
    ],
)
async def test_any_kind_of_callable_can_be_a_dependency(dependency: Any, expected: str) -> None:
    app = FastLayer()

    @app.get("/")
    async def endpoint(value: Any = Depends(dependency)) -> str:
        return str(value)

    assert (await call(app, query="q=1")).json() == expected
    assert (await call(app)).json()["detail"][0]["loc"] == ["query", "q"]


async def test_depends_without_argument_calls_the_annotated_class() -> None:
    app = FastLayer()

    @app.get("/")
    async def endpoint(a: Annotated[Class, Depends()], b: Data = Depends()) -> list[str]:
        return [str(a), str(b)]

    assert (await call(app, query="q=1")).json() == ["Class 1", "Data 1"]


# --- what is handed over --------------------------------------------------------------------------------------


async def test_security_scopes_are_collected_down_the_tree() -> None:
    app = FastLayer()
    seen: list[list[str]] = []

    def check(scopes: SecurityScopes) -> str:
        seen.append(scopes.scopes)
        return scopes.scope_str

    def user(value: str = Security(check, scopes=["read", "own"])) -> str:
        return value

    @app.get("/", dependencies=[Security(check, scopes=["first"])])
    async def endpoint(a: str = Security(user, scopes=["write", "read"]), b: str = Depends(check)) -> list[str]:
        return [a, b]

    assert (await call(app)).json() == ["write read own", ""]
    assert seen == [["first"], ["write", "read", "own"], []]


async def test_securities_of_different_scopes_are_two_calls_even_where_nothing_reads_the_scopes() -> None:
    app, counter = FastLayer(), Counter()

    @app.get("/")
    async def endpoint(a: int = Security(counter, scopes=["a"]), b: int = Security(counter, scopes=["b"])) -> list[int]:
        return [a, b]

    assert (await call(app)).json() == [1, 2]


async def test_the_request_is_one_object_for_all_who_ask() -> None:
    app = FastLayer()

    async def user(request: Request) -> Request:
        request.state.name = "Ada"
        return request

    @app.get("/{item}")
    async def endpoint(item: str, request: Request, other: Request = Depends(user)) -> Any:
        return [request is other, request.state.name, request.path_params, request.url.path]

    assert (await call(app, "/x")).json() == [True, "Ada", {"item": "x"}, "/x"]


async def test_headers_cookies_and_status_of_the_injected_response_are_sent() -> None:
    app = FastLayer()

    async def session(response: Response) -> None:
        response.set_cookie("session", "1")
        response.headers["x-inner"] = "a"
        response.status_code = 207

    @app.get("/", status_code=201, dependencies=[Depends(session)])
    async def endpoint(response: Response) -> str:
        response.headers["x-outer"] = "b"
        return "x"

    answer = await call(app)
    assert answer.status == 207
    assert answer.headers["x-inner"] + answer.headers["x-outer"] == "ab"
    assert answer.headers["set-cookie"].startswith("session=1")
    assert answer.headers["content-length"] == "3"
    assert answer.json() == "x"


# --- values ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", {"number": 7, "items": [], "maybe": None, "made": ["new"]}),
        ("number=3&items=1&items=2&maybe=x&made=a", {"number": 3, "items": [1, 2], "maybe": "x", "made": ["a"]}),
        ("number=1&number=2", {"number": 2, "items": [], "maybe": None, "made": ["new"]}),
        ("maybe=", {"number": 7, "items": [], "maybe": "", "made": ["new"]}),
        ("maybe=a%20b+c&number=5", {"number": 5, "items": [], "maybe": "a b c", "made": ["new"]}),
    ],
)
async def test_query_parameters_are_read_with_their_defaults(query: str, expected: Any) -> None:
    app = FastLayer()

    @app.get("/")
    async def endpoint(
        made: Annotated[list[str], Query(default_factory=lambda: ["new"])],
        number: int = 7,
        items: Annotated[list[int], Query()] = [],  # noqa: B006  # what users write
        maybe: str | None = None,
    ) -> Any:
        values = {"number": number, "items": list(items), "maybe": maybe, "made": list(made)}
        items.append(99)  # must not be the default of the next request
        made.append("old")
        return values

    assert (await call(app, query=query)).json() == expected
    assert (await call(app, query=query)).json() == expected


async def test_a_default_is_validated_where_the_marker_says_so() -> None:
    app = FastLayer()

    @app.get("/")
    async def endpoint(a: Annotated[int, Query(validate_default=True)] = "5", b: int = "6") -> Any:  # type: ignore[assignment]  # on purpose
        return [a, b]

    @app.get("/wrong")
    async def wrong(a: Annotated[int, Query(validate_default=True)] = "x") -> Any:  # type: ignore[assignment]  # on purpose
        return a

    assert (await call(app)).json() == [5, "6"]
    assert (await call(app, "/wrong")).json()["detail"][0]["loc"] == ["query", "a"]


async def test_headers_and_cookies_are_read_by_their_names() -> None:
    app = FastLayer()

    @app.get("/")
    async def endpoint(
        user_agent: Annotated[str, Header()],
        x_token: Annotated[list[str], Header()],
        kept: Annotated[str, Header(convert_underscores=False, alias="Kept_Name")],
        session: Annotated[int, Cookie()],
    ) -> Any:
        return [user_agent, x_token, kept, session]

    headers = {"User-Agent": "me", "X-Token": "a", "kept_name": "k", "Cookie": "other=1; session=5"}
    assert (await call(app, headers=headers)).json() == ["me", ["a"], "k", 5]


async def test_of_a_repeated_header_the_first_value_counts_and_of_a_cookie_the_last() -> None:
    app = FastLayer()

    @app.get("/")
    async def endpoint(x: Annotated[str, Header()], c: Annotated[str, Cookie()]) -> Any:
        return [x, c]

    headers = [(b"x", b"1"), (b"cookie", b"c=1"), (b"x", b"2"), (b"cookie", b"c=2")]
    assert (await call(app, scope={"headers": headers})).json() == ["1", "2"]


class Filters(BaseModel):
    limit: int = 10
    tags: list[str] = []


@pytest.mark.parametrize("marker", [Query(), Header(), Cookie()])
async def test_a_model_takes_one_parameter_for_each_field(marker: Any) -> None:
    app = FastLayer()

    @app.get("/")
    async def endpoint(filters: Annotated[Filters, marker]) -> Filters:
        return filters

    headers = {"limit": "3", "cookie": "limit=3"}
    answer = await call(app, query="limit=3", headers=headers)
    assert answer.json()["limit"] == 3
    wrong = await call(app, query="limit=x", headers={"limit": "x", "cookie": "limit=x"})
    assert wrong.json()["detail"][0]["loc"] == [marker.in_.value, "limit"]


async def test_the_path_gives_converted_values() -> None:
    app = FastLayer()

    @app.get("/{number:int}/{rest:path}")
    async def endpoint(number: str, rest: Annotated[str, Path(min_length=2)]) -> Any:
        return [number, rest]

    # The converter already made an int of it, which is no string.
    assert (await call(app, "/1/a/b")).json()["detail"][0]["type"] == "string_type"


async def test_a_context_variable_set_by_a_dependency_is_seen_by_what_runs_after_it() -> None:
    app = FastLayer()
    variable: ContextVar[str] = ContextVar("variable", default="unset")

    async def sets() -> None:
        variable.set("async")

    def reads() -> str:
        seen = variable.get()
        variable.set("sync")
        return seen

    @app.get("/async")
    async def endpoint(a: None = Depends(sets), b: str = Depends(reads)) -> list[str]:
        return [b, variable.get()]

    @app.get("/sync")
    def sync_endpoint(a: None = Depends(sets), b: str = Depends(reads)) -> list[str]:
        return [b, variable.get()]

    assert (await call(app, "/async")).json() == ["async", "sync"]
    assert (await call(app, "/sync")).json() == ["async", "sync"]


async def test_an_http_exception_in_a_dependency_stops_the_request() -> None:
    app = FastLayer()
    called: list[str] = []

    async def guard() -> None:
        raise HTTPException(401, {"why": ["no token"]}, {"WWW-Authenticate": "Bearer"})

    async def later() -> None:
        called.append("later")

    @app.get("/")
    async def endpoint(a: None = Depends(guard), b: None = Depends(later)) -> None: ...

    answer = await call(app)
    assert (answer.status, answer.json()) == (401, {"detail": {"why": ["no token"]}})
    assert answer.headers["www-authenticate"] == "Bearer"
    assert called == []
