"""What registration refuses, and that it says what, where and the remedy; what the graph looks like when it accepts."""

from collections.abc import AsyncIterator, Iterator
from typing import Annotated, Any, Literal, Optional

import pytest
from pydantic import BaseModel, Field, Json
from typing_extensions import TypeAliasType

from fastlayer import (
    APIRouter,
    BackgroundTasks,
    Body,
    Cookie,
    Depends,
    FastLayer,
    FastLayerError,
    File,
    Form,
    Header,
    Path,
    Query,
    Request,
    Security,
    UploadFile,
    WebSocket,
)
from fastlayer.compat.applications import FastAPI
from fastlayer.dependencies.analysis import get_dependant, get_parameterless_sub_dependant
from fastlayer.dependencies.models import flat_body_params, walk
from fastlayer.exceptions import DependencyScopeError
from fastlayer.params import Param


class Item(BaseModel):
    name: str


class Other(BaseModel):
    name: str


def refused(endpoint: Any, path: str = "/", **options: Any) -> str:
    """What registering the endpoint is refused with."""
    with pytest.raises(FastLayerError) as info:
        FastLayer().post(path, **options)(endpoint)
    return str(info.value)


def refused_by(registration: Any) -> str:
    with pytest.raises(FastLayerError) as info:
        registration()
    return str(info.value)


def test_a_mistake_names_function_parameter_file_and_line() -> None:
    def endpoint(q: Annotated[int, Query(default=3)]) -> None: ...

    message = refused(endpoint)
    line = endpoint.__code__.co_firstlineno
    assert f"In endpoint ({__file__}:{line}), parameter 'q'." in message
    assert "`Query` default value cannot be set in `Annotated`" in message
    assert "Set the default value with `=` instead." in message


def test_a_mistake_in_a_dependency_names_the_dependency() -> None:
    def broken(item: Annotated[Item, Query()] | list[Item] = Query()) -> None: ...

    def endpoint(value: Any = Depends(broken)) -> None: ...

    assert f"In broken ({__file__}:" in refused(endpoint)


def in_annotated_and_default(q: Annotated[int, Query()] = Query()) -> None: ...


def depends_in_both(q: Annotated[int, Depends(int)] = Depends(int)) -> None: ...


def marker_and_depends(q: Annotated[int, Query()] = Depends(int)) -> None: ...


def marker_on_request(request: Annotated[Request, Query()]) -> None: ...


def path_as_query(item: Annotated[int, Query()]) -> None: ...


def path_as_model(item: Item) -> None: ...


def path_as_list(item: list[int]) -> None: ...


def path_with_default(item: Annotated[int, Path()] = 3) -> None: ...


def query_of_models(q: Annotated[list[Item], Query()]) -> None: ...


def query_of_dict(q: Annotated[dict[str, str], Query()]) -> None: ...


def query_of_two_models(q: Annotated[Item | Other, Query()]) -> None: ...


def depends_on_nothing(q=Depends()) -> None: ...


def depends_on_any(q: Any = Depends()) -> None: ...


def depends_on_a_union(q: Item | None = Depends()) -> None: ...


def depends_on_an_optional(q: Optional[Item] = Depends()) -> None: ...  # noqa: UP045  # the older spelling


def field_without_place(q: int = Field()) -> None: ...


def depends_on_a_result(q: Any = Depends(3)) -> None: ...  # type: ignore[arg-type]  # the mistake


def positional_only(q: int, /) -> None: ...


def undefined_name(q: "Undefined_") -> None: ...  # type: ignore[name-defined]  # noqa: F821  # the mistake


@pytest.mark.parametrize(
    ("endpoint", "path", "words"),
    [
        (in_annotated_and_default, "/", ["`Annotated` and default value together for 'q'", "Keep one of them."]),
        (depends_in_both, "/", ["Cannot specify `Depends` in `Annotated` and default value together for 'q'"]),
        (marker_and_depends, "/", ["`Annotated` and `Depends` as a default value together for 'q'"]),
        (marker_on_request, "/", ["Cannot specify FastAPI annotation for type", "Remove Query()"]),
        (path_as_query, "/{item}", ["Cannot use `Query` for path param 'item'", "use Path()"]),
        (path_as_model, "/{item}", ["Path params must be of one of the supported types", "a path segment is one"]),
        (path_as_list, "/{item}", ["Path params must be of one of the supported types"]),
        (path_with_default, "/{item}", ["Path parameters cannot have default values", "it is never used"]),
        (query_of_models, "/", ["Query parameter 'q' must be one of the supported types", "belong in the body"]),
        (query_of_dict, "/", ["Query parameter 'q' must be one of the supported types"]),
        (query_of_two_models, "/", ["Query parameter 'q' must be one of the supported types"]),
        (depends_on_nothing, "/", ["`Depends()` has nothing to call for 'q'", "annotate the parameter with a class"]),
        (depends_on_any, "/", ["nothing to call for 'q'"]),
        (depends_on_a_union, "/", ["nothing to call for 'q'"]),
        (depends_on_an_optional, "/", ["nothing to call for 'q'"]),
        (depends_on_a_result, "/", ["`Depends` needs a callable, and 3 is not", "Pass the function itself"]),
        (positional_only, "/", ["Positional-only parameters", "Remove the `/`"]),
        (undefined_name, "/", ["uses the name 'Undefined_'", "Import it outside `if TYPE_CHECKING:`"]),
    ],
)
def test_what_cannot_work_is_refused_with_a_remedy(endpoint: Any, path: str, words: list[str]) -> None:
    message = refused(endpoint, path)
    assert endpoint.__name__ in message
    for word in words:
        assert word.lower() in message.lower()


def test_a_field_that_says_no_place_is_refused() -> None:
    message = refused(field_without_place)
    assert "'q' carries FieldInfo(), which says no place: use Query() or Body()." in message
    assert f"In field_without_place ({__file__}:" in message
    assert "parameter 'q'" in message


def test_what_is_no_callable_has_no_graph() -> None:
    with pytest.raises(FastLayerError, match="A dependency must be callable, and 3 is not"):
        get_dependant(path="/", call=3)  # type: ignore[arg-type]  # the mistake


def test_a_default_of_a_path_parameter_is_refused() -> None:
    with pytest.raises(AssertionError, match="Path parameters cannot have a default value"):
        Path(default=3)


def test_an_endpoint_that_is_no_callable_is_refused() -> None:
    assert "An endpoint must be a callable, and 3 is not (path '/')." in refused(3)


def test_a_callable_without_signature_is_refused() -> None:
    def endpoint() -> None: ...

    endpoint.__signature__ = "none"  # type: ignore[attr-defined]  # what some compiled callables amount to
    assert "endpoint is not a callable with a readable signature" in refused(endpoint)


def test_an_unknown_option_is_refused_with_what_was_meant() -> None:
    def endpoint() -> None: ...

    message = refused(endpoint, response_modle=int)
    assert "Did you mean 'response_model'?" in message
    assert f"In endpoint ({__file__}:{endpoint.__code__.co_firstlineno})." in message
    router = APIRouter()
    assert "In endpoint" in refused_by(lambda: router.get("/", response_modle=int)(endpoint))
    assert "FastLayer() got" in refused_by(lambda: FastLayer(tagz=[]))


def unmarked() -> None: ...


@pytest.mark.parametrize(
    ("given", "remedy"),
    [
        (Depends(None), "Write Depends(function)."),
        (Depends(3), "Write Depends(function)."),  # type: ignore[arg-type]  # the mistake
        (unmarked, "Write Depends(unmarked)."),
    ],
)
def test_a_parameterless_dependency_must_be_callable(given: Any, remedy: str) -> None:
    def endpoint() -> None: ...

    for message in (
        refused(endpoint, dependencies=[given]),
        refused_by(lambda: FastLayer(dependencies=[given]).get("/")(endpoint)),
    ):
        assert "dependencies=[...] takes only Depends() of a callable" in message
        assert repr(given) in message
        assert f"In endpoint ({__file__}:{endpoint.__code__.co_firstlineno})." in message
        assert remedy in message
    with pytest.raises(FastLayerError, match=r"must have a callable dependency, not None\. Write Depends\(function\)"):
        get_parameterless_sub_dependant(depends=Depends(None), path="/")


def test_dependencies_are_a_list() -> None:
    assert "which is no list. Write dependencies=[...]." in refused(lambda: None, dependencies=Depends(unmarked))


@pytest.mark.parametrize(
    ("written", "message"),
    [
        (lambda: Depends(unmarked, scope="reqest"), r"no scope 'reqest'\. Choose one of 'function', 'response'"),
        (lambda: Security(unmarked, scope="reqest"), r"no scope 'reqest'"),
        (lambda: Security(unmarked, scopes="read"), r"one scope for each letter\. Write \['read'\]"),
    ],
)
def test_a_marker_that_cannot_work_is_refused_where_it_is_written(written: Any, message: str) -> None:
    with pytest.raises(FastLayerError, match=message):
        written()


class Unknown:
    """What Pydantic knows nothing of."""


def body_of_unknown(x: Annotated[Unknown, Body()]) -> None: ...


def unknown(x: list[Unknown]) -> None: ...


@pytest.mark.parametrize("endpoint", [body_of_unknown, unknown])
def test_a_parameter_pydantic_cannot_validate_is_named_with_the_remedy(endpoint: Any) -> None:
    message = refused(endpoint)
    assert "Pydantic cannot validate" in message
    assert f"In {endpoint.__name__} ({__file__}:{endpoint.__code__.co_firstlineno}), parameter 'x'." in message
    assert "or Depends(function) for a value that the application makes" in message
    assert "visit https" not in message


def test_a_result_pydantic_cannot_validate_is_named_with_the_remedy() -> None:
    def endpoint() -> Unknown: ...

    message = refused(endpoint)
    assert "declare response_model=None in the decorator" in message
    assert f"In endpoint ({__file__}:" in message
    assert "visit https" not in message


# --- what a kind of route cannot hand over --------------------------------------------------------------------


def takes_request(x: Request) -> None: ...


def takes_socket(x: WebSocket) -> None: ...


def takes_body(x: Item) -> None: ...


def below_request(value: Any = Depends(takes_request)) -> None: ...


@pytest.mark.parametrize(
    ("is_socket", "endpoint", "words"),
    [
        (True, takes_request, "takes a Request, and this route has a WebSocket"),
        (True, below_request, "takes a Request, and this route has a WebSocket"),
        (True, takes_body, "is read from the body, and a WebSocket has none"),
        (False, takes_socket, "takes a WebSocket, and this route has an HTTP request"),
    ],
)
def test_what_a_kind_of_route_cannot_hand_over_is_refused(is_socket: bool, endpoint: Any, words: str) -> None:
    app = FastLayer()
    message = refused_by(lambda: (app.websocket if is_socket else app.get)("/")(endpoint))
    assert words in message
    assert f"takes_{message.split('takes_')[1].split(' ')[0]} ({__file__}:" in message
    assert "parameter 'x'" in message


def test_with_a_default_a_dependency_serves_both_kinds_of_route() -> None:
    def both(
        request: Request = None,  # type: ignore[assignment]  # absent in a WebSocket
        socket: WebSocket = None,  # type: ignore[assignment]  # absent in a request
        item: Item | None = None,
    ) -> None: ...

    app = FastLayer()
    app.get("/")(both)
    app.websocket("/")(both)
    FastAPI().websocket("/")(takes_body)  # FastAPI registers it, and closes every connection


# --- cycles ---------------------------------------------------------------------------------------------------


def test_a_cycle_is_reported_with_its_path() -> None:
    def a(value: Any = None) -> None: ...

    def b(value: Any = Depends(a)) -> None: ...

    def c(value: Any = Depends(b)) -> None: ...

    a.__defaults__ = (Depends(c),)
    message = refused(lambda value=Depends(c): None)
    assert "Dependencies form a cycle: c → b → a → c." in message
    assert f"In a ({__file__}:{a.__code__.co_firstlineno}), parameter 'value'." in message
    assert "third dependency" in message


def test_a_dependency_on_itself_is_a_cycle() -> None:
    def a(value: Any = None) -> None: ...

    a.__defaults__ = (Depends(a),)
    message = refused(lambda value=Depends(a): None)
    assert f"a → a.\n  In a ({__file__}:{a.__code__.co_firstlineno}), parameter 'value'." in message
    assert "ask for another function" in message


def test_the_analysis_of_a_graph_is_linear_however_many_ways_lead_to_a_dependency() -> None:
    analysed: list[str] = []

    def level(below: Any) -> Any:
        class Level:
            def __call__(self, a: Any = Depends(below), b: Any = Depends(below)) -> None: ...

            @property
            def __signature__(self) -> Any:
                import inspect

                analysed.append("once")
                return inspect.signature(self.__call__)

        return Level()

    dependency: Any = Item
    for _ in range(30):
        dependency = level(dependency)
    FastLayer().get("/")(lambda value=Depends(dependency): None)
    assert 30 <= len(analysed) <= 90  # of a billion ways


def test_unhashable_callables_can_be_dependencies() -> None:
    class Unhashable:
        __hash__ = None  # type: ignore[assignment]  # what a class with __eq__ has

        def __eq__(self, other: object) -> bool:
            return self is other

        def __call__(self, q: int) -> int:
            return q

    one = Unhashable()
    dependant = get_dependant(path="/", call=lambda a=Depends(one), b=Depends(one): None)
    first, second = dependant.dependencies
    assert first.query_params is second.query_params


# --- lifetimes ------------------------------------------------------------------------------------------------


def function_scope() -> Iterator[int]:
    yield 1


@pytest.mark.parametrize("outer", ["response", "request", "app"])
def test_a_dependency_may_not_outlive_what_it_depends_on(outer: Literal["response", "request", "app"]) -> None:
    async def longer(value: int = Depends(function_scope, scope="function")) -> AsyncIterator[int]:
        yield value

    with pytest.raises(DependencyScopeError) as info:
        FastLayer().get("/")(lambda value=Depends(longer, scope=outer): None)
    message = str(info.value)
    assert f'The dependency "longer" has a scope of "{outer}"' in message
    assert 'cannot depend on dependencies with scope "function": "function_scope" would be closed first' in message
    assert "Give" in message
    assert __file__ in message


def test_the_default_scope_may_not_depend_on_the_function_scope() -> None:
    def longer(value: int = Depends(function_scope, scope="function")) -> Iterator[int]:
        yield value

    with pytest.raises(DependencyScopeError):
        FastLayer().get("/")(lambda value=Depends(longer): None)


def test_scope_app_may_not_depend_on_a_shorter_one_through_others_either() -> None:
    def inner() -> Iterator[int]:
        yield 1

    def between(value: int = Depends(inner, scope="request")) -> int:
        return value

    def outer(value: int = Depends(between)) -> int:
        return value

    get_dependant(path="/", call=lambda value=Depends(outer): value)
    with pytest.raises(DependencyScopeError, match=r'"outer" has a scope of "app".*"inner" would be closed first'):
        get_dependant(path="/", call=lambda value=Depends(outer, scope="app"): value)


@pytest.mark.parametrize("inner", ["function", "response", "request", "app"])
def test_what_yields_nothing_may_depend_on_any_scope(inner: Literal["function", "response", "request", "app"]) -> None:
    def plain(value: int = Depends(function_scope, scope=inner)) -> int:
        return value

    FastLayer().get("/")(lambda value=Depends(plain): None)


# --- the graph, as third parties read it ----------------------------------------------------------------------


def common(q: str, x_token: Annotated[str, Header()], session: Annotated[str, Cookie()]) -> str:
    return q


def test_parameters_are_filed_under_their_place() -> None:
    def endpoint(
        item: str,
        q: int,
        request: Request,
        tasks: BackgroundTasks,
        body: Item,
        upload: Annotated[bytes | None, File()] = None,
        value: str = Depends(common),
    ) -> None: ...

    dependant = get_dependant(path="/{item}", call=endpoint)
    assert [field.name for field in dependant.path_params] == ["item"]
    assert [field.name for field in dependant.query_params] == ["q"]
    assert [field.name for field in dependant.body_params] == ["body", "upload"]
    assert dependant.request_param_name == "request"
    assert dependant.background_tasks_param_name == "tasks"
    (child,) = dependant.dependencies
    assert child.call is common
    assert child.name == "value"
    assert [field.alias for field in child.header_params] == ["x-token"]
    assert [field.name for field in child.cookie_params] == ["session"]


def test_the_place_of_a_parameter_without_marker_follows_from_path_and_type() -> None:
    def endpoint(
        item: int,
        number: int,
        texts: Annotated[list[str], Query()],
        model: Item,
        listed: list[str],
        mapping: dict[str, int],
        maybe: Item | None = None,
    ) -> None: ...

    dependant = get_dependant(path="/{item}", call=endpoint)
    assert [field.name for field in dependant.path_params] == ["item"]
    assert [field.name for field in dependant.query_params] == ["number", "texts"]
    assert [field.name for field in dependant.body_params] == ["model", "listed", "mapping", "maybe"]


def test_an_alias_may_carry_the_marker() -> None:
    Token = TypeAliasType("Token", Annotated[str, Header()])
    Outer = TypeAliasType("Outer", Token)
    Plain = TypeAliasType("Plain", int)

    def endpoint(token, outer, plain) -> None: ...

    endpoint.__annotations__.update(token=Token, outer=Outer, plain=Plain)
    dependant = get_dependant(path="/", call=endpoint)
    assert [field.name for field in dependant.header_params] == ["token", "outer"]
    assert [field.name for field in dependant.query_params] == ["plain"]


def test_other_metadata_says_no_place() -> None:
    def endpoint(number: Annotated[int, "a number"], item: Annotated[Item, Field(title="An item")]) -> None: ...

    dependant = get_dependant(path="/", call=endpoint)
    assert [field.name for field in dependant.query_params] == ["number"]
    assert [field.name for field in dependant.body_params] == ["item"]


def test_a_parameter_marked_only_as_such_is_read_from_the_query() -> None:
    dependant = get_dependant(path="/", call=lambda q=Param(default=3): None)
    assert [field.name for field in dependant.query_params] == ["q"]


def test_json_in_a_string_needs_no_body() -> None:
    def endpoint(q: Annotated[Json[list[Item]], Query()]) -> None: ...

    assert [field.name for field in get_dependant(path="/", call=endpoint).query_params] == ["q"]


def test_the_last_of_several_markers_counts() -> None:
    def endpoint(q: Annotated[str, Query(), Header()]) -> None: ...

    assert [field.name for field in get_dependant(path="/", call=endpoint).header_params] == ["q"]


def test_an_upload_needs_no_marker() -> None:
    def endpoint(one: UploadFile, many: list[UploadFile], maybe: UploadFile | None = None) -> None: ...

    dependant = get_dependant(path="/", call=endpoint)
    assert {type(field.field_info).__name__ for field in dependant.body_params} == {"File"}


def test_every_node_is_walked_once() -> None:
    def left(value: str = Depends(common)) -> str:
        return value

    def right(value: str = Depends(common)) -> str:
        return value

    dependant = get_dependant(path="/", call=lambda a=Depends(left), b=Depends(right): None)
    assert [node.call for node in walk(dependant)][1:] == [left, common, right]


def test_the_body_parameters_of_the_whole_graph_are_collected_once() -> None:
    def reads(item: Item) -> Item:
        return item

    def left(value: Item = Depends(reads)) -> Item:
        return value

    dependant = get_dependant(path="/", call=lambda a=Depends(left), b=Depends(reads): None)
    assert [field.name for field in flat_body_params(dependant)] == ["item"]


def test_dependencies_of_all_layers_come_before_the_endpoints_own_outermost_first() -> None:
    def named(name: str) -> Any:
        def dependency() -> None: ...

        dependency.__name__ = name
        return Depends(dependency)

    router = APIRouter(prefix="/r", dependencies=[named("router")])

    @router.get("/x", dependencies=[named("route")])
    def endpoint(value: Any = named("own")) -> None: ...

    app = FastLayer(dependencies=[named("app")])
    app.include_router(router, dependencies=[named("include")])
    (route,) = [route for route in app.routes if getattr(route, "path", "") == "/r/x"]
    names = [node.call.__name__ for node in route.dependant.dependencies]  # type: ignore[attr-defined]  # an APIRoute
    assert names == ["app", "include", "router", "route", "own"]


def test_security_scopes_of_a_parameterless_dependency_are_kept() -> None:
    dependant = get_parameterless_sub_dependant(depends=Security(common, scopes=["a"]), path="/")
    assert dependant.oauth_scopes == ["a"]
    assert get_parameterless_sub_dependant(depends=Depends(common), path="/").own_oauth_scopes is None


# --- bodies ---------------------------------------------------------------------------------------------------


def body_field(endpoint: Any) -> Any:
    app = FastLayer()
    app.post("/")(endpoint)
    (route,) = [route for route in app.routes if getattr(route, "endpoint", None) is endpoint]
    return route.body_field  # type: ignore[attr-defined]  # an APIRoute


def test_one_body_parameter_is_the_whole_body() -> None:
    def endpoint(item: Item) -> None: ...

    assert body_field(endpoint).name == "item"


@pytest.mark.parametrize(
    "annotations",
    [
        {"item": Item, "other": Item},
        {"item": Annotated[Item, Body(embed=True)]},
        {"name": Annotated[str, Form()]},
        {"name": Annotated[bytes, File()]},
    ],
)
def test_several_parameters_an_embedded_one_and_form_fields_are_keys_of_the_body(annotations: dict[str, Any]) -> None:
    def endpoint(**values: Any) -> None: ...

    import inspect

    endpoint.__signature__ = inspect.Signature(  # type: ignore[attr-defined]  # as libraries do
        [
            inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=annotation)
            for name, annotation in annotations.items()
        ]
    )
    field = body_field(endpoint)
    assert field.name == "body"
    assert list(field.field_info.annotation.model_fields) == list(annotations)


def test_a_model_as_form_is_the_whole_body() -> None:
    def endpoint(item: Annotated[Item, Form()]) -> None: ...

    assert body_field(endpoint).name == "item"


def test_without_body_parameters_there_is_no_body_field() -> None:
    assert body_field(lambda: None) is None


def test_the_media_type_all_body_parameters_agree_on_is_the_bodys() -> None:
    def endpoint(
        a: Annotated[int, Body(media_type="application/x-a")], b: Annotated[int, Body(media_type="application/x-a")]
    ) -> None: ...

    def mixed(a: Annotated[int, Body(media_type="application/x-a")], b: Annotated[int, Body()]) -> None: ...

    assert body_field(endpoint).field_info.media_type == "application/x-a"
    assert body_field(mixed).field_info.media_type == "application/json"
