"""One parameter: where it is taken from, and what is refused at registration, with the place and the remedy."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import pytest
from annotated_types import Gt
from pydantic import BaseModel, Field, Json
from typing_extensions import TypedDict

from fastlayer import (
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
    Response,
    UploadFile,
)
from fastlayer.dependencies.analysis import get_dependant
from fastlayer.dependencies.parameters import MissingMultipartError, ParameterError


class Model(BaseModel):
    a: int


@dataclass
class Data:
    a: int


class Typed(TypedDict):
    a: int


def places(call: Callable[..., Any], path: str = "/{p}") -> dict[str, str]:
    dependant = get_dependant(path=path, call=call)
    return {
        field.name: place
        for place in ("path", "query", "header", "cookie", "body")
        for field in getattr(dependant, f"{place}_params")
    }


def test_the_place_of_a_parameter_follows_from_its_type() -> None:
    def endpoint(
        p: int,
        scalar: int,
        model: Model,
        data: Data,
        typed: Typed,
        mapping: dict[str, int],
        items: list[int],
        file: UploadFile,
        files: list[UploadFile],
        optional: int | None,
        either: int | Model,
        anything: Any,
        bare,
        default=3,
    ) -> None: ...

    body = dict.fromkeys(["model", "data", "typed", "mapping", "items", "file", "files", "either"], "body")
    query = dict.fromkeys(["scalar", "optional", "anything", "bare", "default"], "query")
    assert places(endpoint) == {"p": "path", **query, **body}


def test_a_marker_says_the_place() -> None:
    def endpoint(
        p: Annotated[int, Path()],
        q: Annotated[list[int], Query()],
        m: Annotated[Model, Query()],
        x_h: Annotated[str, Header()],
        c: Annotated[str, Cookie()],
        b: Annotated[int, Body()],
        f: Annotated[int, Form()],
        j: Annotated[Json[dict[str, int]] | None, Query()] = None,
        d: int = Body(1),
    ) -> None: ...

    expected = {"p": "path", "q": "query", "m": "query", "j": "query", "x_h": "header", "c": "cookie"}
    assert places(endpoint) == {**expected, "b": "body", "f": "body", "d": "body"}


def test_what_annotated_adds_counts_only_beside_the_marker() -> None:
    def endpoint(
        a: Annotated[int, Gt(3), Query(lt=9)],
        c: Annotated[int, Gt(3)],
        b: Annotated[int, Gt(3)] = Query(lt=9),
        d: Annotated[int, Field(default=4)] = 5,
    ) -> None: ...

    fields = {field.name: field for field in get_dependant(path="/", call=endpoint).query_params}
    assert [len(fields[name].field_info.metadata) for name in "abc"] == [2, 1, 1]
    assert fields["c"].field_info.is_required()
    assert fields["d"].get_default() == 5


def test_one_marker_may_stand_on_several_parameters() -> None:
    marker = Query(alias=None)
    shared: Any = Annotated[int, Query(gt=1)]

    def endpoint(a: shared, b: shared, c: int = marker, d: str = marker) -> None: ...

    dependant = get_dependant(path="/", call=endpoint)
    assert [field.alias for field in dependant.query_params] == ["a", "b", "c", "d"]
    assert dependant.query_params[3].field_info.annotation is str


def twice_annotated(x: Annotated[int, Query()] = Query()) -> None: ...


def default_in_annotated(x: Annotated[int, Query(3)]) -> None: ...


def default_of_field(x: Annotated[int, Field(default=3), Query()]) -> None: ...


def two_defaults(x: Annotated[list[int], Query(default_factory=list)] = [1]) -> None: ...  # noqa: B006  # a case


def depends_and_marker(x: Annotated[int, Query()] = Depends(len)) -> None: ...


def depends_twice(x: Annotated[int, Depends(len)] = Depends(len)) -> None: ...


def depends_on_nothing(x: Any = Depends()) -> None: ...


def marker_on_request(x: Annotated[Request, Query()]) -> None: ...


def marker_on_response(x: Annotated[Response, Header()]) -> None: ...


def query_of_dicts(x: Annotated[dict[str, int], Query()]) -> None: ...


def query_of_lists(x: Annotated[list[list[int]], Query()]) -> None: ...


def query_of_models(x: Annotated[Model | Data, Query()]) -> None: ...


def positional(x: int, /) -> None: ...


def plain_field(x: int = Field(gt=1)) -> None: ...


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (twice_annotated, "together"),
        (default_in_annotated, "= 3"),
        (default_of_field, "= 3"),
        (two_defaults, "default_factory"),
        (depends_and_marker, "Keep one"),
        (depends_twice, "Keep one"),
        (depends_on_nothing, "Pass a callable"),
        (marker_on_request, "Remove Query()"),
        (marker_on_response, "Remove Header()"),
        (query_of_dicts, "body"),
        (query_of_lists, "body"),
        (query_of_models, "body"),
        (positional, "Remove the `/`"),
    ],
)
def test_a_mistake_names_the_function_the_parameter_the_place_and_the_remedy(
    call: Callable[..., Any], said: str
) -> None:
    with pytest.raises(ParameterError) as failure:
        FastLayer().get("/")(call)
    text = str(failure.value)
    line = call.__code__.co_firstlineno
    for part in (call.__name__, "'x'", f"test_parameters.py:{line}", said):
        assert part in text
    assert isinstance(failure.value, AssertionError)
    assert isinstance(failure.value, FastLayerError)


@pytest.mark.parametrize("annotation", [list[int], Model, dict[str, int]])
def test_a_path_parameter_is_one_string(annotation: Any) -> None:
    def endpoint(x: annotation) -> None: ...

    with pytest.raises(ParameterError, match="one string"):
        FastLayer().get("/{x}")(endpoint)


@pytest.mark.parametrize("marker", [Query(), Body(), Header()])
def test_a_name_in_the_path_has_no_other_place(marker: Any) -> None:
    def endpoint(x: Annotated[int, marker]) -> None: ...

    with pytest.raises(ParameterError, match="path param"):
        FastLayer().get("/{x}")(endpoint)


def test_a_field_without_a_place_is_refused() -> None:
    with pytest.raises(ParameterError, match="says no place"):
        FastLayer().get("/")(plain_field)


def test_a_type_that_cannot_be_validated_is_refused() -> None:
    class Unknown: ...

    def endpoint(x: Unknown) -> None: ...

    with pytest.raises(FastLayerError, match="Unknown"):
        FastLayer().get("/")(endpoint)


def test_an_ellipsis_as_the_default_is_none() -> None:
    def endpoint(
        a: int = ...,  # type: ignore[assignment]  # as it was written once
        b: Annotated[int, Header()] = ...,  # type: ignore[assignment]  # the same
    ) -> None: ...

    node = get_dependant(path="/", call=endpoint)
    assert [field.required for field in (*node.query_params, *node.header_params)] == [True, True]


def test_a_default_of_a_function_says_nothing_about_its_path() -> None:
    def endpoint(n: int = 3) -> None: ...

    app = FastLayer()
    app.get("/{n}")(endpoint)
    (parameter,) = app.openapi()["paths"]["/{n}"]["get"]["parameters"]
    assert parameter == {"name": "n", "in": "path", "required": True, "schema": {"type": "integer", "title": "N"}}


@pytest.mark.parametrize("annotation", [list, set, tuple, frozenset, Sequence, list | None, dict])
def test_a_container_that_does_not_say_of_what_is_read_from_the_body(annotation: Any) -> None:
    def endpoint(x: annotation) -> None: ...

    (field,) = get_dependant(path="/", call=endpoint).body_params
    assert type(field.field_info) is Body


@pytest.mark.parametrize(
    ("annotation", "reason"),
    [
        (Annotated[int, Query(gt=2.5)], "'gt' must be coercible to an integer"),
        (Annotated[int | str, Header(strict=True)], "constraint 'strict'"),
        (Annotated[str, Cookie(discriminator="kind")], "discriminated union"),
    ],
)
def test_a_constraint_that_does_not_fit_the_type_is_refused_with_its_place(annotation: Any, reason: str) -> None:
    def endpoint(x: annotation) -> None: ...

    with pytest.raises(FastLayerError) as info:
        FastLayer().post("/")(endpoint)
    assert reason in str(info.value)
    assert f"{__file__}:" in str(info.value)
    assert "parameter 'x'" in str(info.value)


@pytest.mark.parametrize("marker", [Form(), File()])
def test_a_form_needs_python_multipart_and_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch, marker: Any) -> None:
    def endpoint(x: Annotated[bytes, marker]) -> None: ...

    monkeypatch.setitem(sys.modules, "python_multipart", None)  # what importing it then says: not found
    with pytest.raises(MissingMultipartError, match="pip install python-multipart") as failure:
        get_dependant(path="/", call=endpoint)
    assert isinstance(failure.value, RuntimeError)
    assert isinstance(failure.value, FastLayerError)
