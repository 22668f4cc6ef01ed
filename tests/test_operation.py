"""Operation: everything about a route, decided at registration."""

from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Generator, Iterable, Iterator
from typing import Any

import pytest
from pydantic import BaseModel

from fastlayer import FastLayer, FastLayerError, Response
from fastlayer.operation import Operation, is_body_allowed_for_status_code, stream_item_type
from fastlayer.responses import JSONResponse, StreamingResponse
from fastlayer.sse import EventSourceResponse, ServerSentEvent


class Item(BaseModel):
    name: str


def operation(endpoint: Any, **options: Any) -> Operation:
    app = FastLayer()
    app.get("/", **options)(endpoint)
    (route,) = [route for route in app.routes if getattr(route, "endpoint", None) is endpoint]
    found: Operation = route.operation  # type: ignore[attr-defined]  # an APIRoute
    return found


@pytest.mark.parametrize(
    ("status", "allowed"),
    [(None, True), ("default", True), ("4XX", True), (200, True), ("404", True), (100, False)]
    + [(status, False) for status in (204, 205, 304, "204")],
)
def test_some_statuses_have_no_body(status: Any, allowed: bool) -> None:
    assert is_body_allowed_for_status_code(status) is allowed


def annotated(annotation: Any) -> Any:
    def endpoint() -> Any: ...

    endpoint.__annotations__["return"] = annotation
    return endpoint


@pytest.mark.parametrize(
    ("annotation", "model"),
    [(Item, Item), (list[Item], list[Item]), (Response, None), (JSONResponse, None), (None, None), (Any, Any)],
)
def test_the_return_annotation_is_the_response_model_unless_it_is_a_response(annotation: Any, model: Any) -> None:
    assert operation(annotated(annotation)).response_model == model


def test_a_response_model_that_was_written_wins_even_if_it_is_none() -> None:
    assert operation(annotated(Item), response_model=None).response_field is None
    assert operation(annotated(Response), response_model=Item).response_model is Item


def test_the_response_fields_carry_the_operation_in_their_names() -> None:
    made = operation(annotated(Item), operation_id="op", responses={404: {"model": Item}, 500: {"description": "x"}})
    assert made.response_field is not None
    assert made.response_field.name == "Response_op"
    assert {status: field.name for status, field in made.response_fields.items()} == {404: "Response_404_op"}


@pytest.mark.parametrize(
    ("annotation", "item"),
    [
        (AsyncIterable[Item], Item),
        (AsyncIterator[Item], Item),
        (AsyncGenerator[Item, None], Item),
        (Iterable[Item], Item),
        (Iterator[Item], Item),
        (Generator[Item, None, None], Item),
        (Iterator[Any], Any),
        (Iterator, None),
        (Item, None),
    ],
)
def test_the_type_of_the_items_is_read_from_the_annotation(annotation: Any, item: Any) -> None:
    assert stream_item_type(annotation) is item


async def lines() -> AsyncIterator[Item]:
    yield Item(name="a")


def events() -> Iterator[ServerSentEvent]:
    yield ServerSentEvent(data=1)


def unannotated():
    yield 1


def odd() -> Item:  # type: ignore[misc]  # on purpose
    yield Item(name="a")


def test_a_generator_is_a_stream_of_the_kind_its_class_says() -> None:
    json = operation(lines)
    assert (json.is_generator, json.is_json_stream, json.is_sse_stream) == (True, True, False)
    assert json.response_model is None
    assert json.stream_item_type is Item
    assert json.stream_item_field is not None
    sse = operation(events, response_class=EventSourceResponse)
    assert (sse.is_json_stream, sse.is_sse_stream, sse.stream_item_field) == (False, True, None)
    raw = operation(lines, response_class=StreamingResponse)
    assert (raw.is_json_stream, raw.is_sse_stream, raw.stream_item_field) == (False, False, None)
    assert operation(unannotated).stream_item_field is None
    assert operation(odd).response_model is Item


def test_what_is_not_written_has_its_default() -> None:
    made = operation(annotated(Item))
    assert made.response_class is None
    assert made.dump_options == {
        "include": None,
        "exclude": None,
        "by_alias": True,
        "exclude_unset": False,
        "exclude_defaults": False,
        "exclude_none": False,
    }
    assert not made.is_generator


def test_a_response_model_that_cannot_work_names_the_endpoint() -> None:
    def endpoint() -> None: ...

    with pytest.raises(FastLayerError) as info:
        operation(endpoint, response_model=object())
    assert f"In endpoint ({__file__}:" in str(info.value)
