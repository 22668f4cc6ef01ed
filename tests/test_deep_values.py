"""Values that Pydantic's serializer gives up on: what is deep, and bytes that are no text."""

import json
from dataclasses import dataclass
from typing import Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, TypeAdapter
from typing_extensions import TypedDict

from fastlayer.deep_values import to_plain
from fastlayer.encoders import dump_json


class Tree(BaseModel):
    children: list["Tree"] = []
    x: Any = None


class Branch(TypedDict, total=False):
    children: "list[Branch]"
    x: Any


@dataclass
class Data:
    x: Any


class Mixed(BaseModel):
    model_config = ConfigDict(extra="allow")
    pair: tuple[Any, tuple[Any, int]]


def nested(depth: int, innermost: Any = 1) -> Any:
    value = innermost
    for level in range(depth):
        value = [value] if level % 2 else {"k": value, "name": "text"}
    return value


def trees(depth: int, x: Any) -> Any:
    value: Any = {"x": x}
    for _ in range(depth - 1):
        value = {"children": [value]}
    return value


def text_of(kind: Any, data: Any) -> bytes:
    adapter: TypeAdapter[Any] = TypeAdapter(kind)
    plain = to_plain(adapter.serializer.to_python, adapter.validate_python(data), warnings="error", exclude_unset=True)
    return dump_json(plain)


@pytest.mark.parametrize("depth", [3, 300, 3000])
@pytest.mark.parametrize(
    ("kind", "wrap"),
    [
        (Any, lambda deep: deep),
        (list[Any], lambda deep: [deep, 1, deep]),
        (dict[str, dict[str, Any]], lambda deep: {"a": {"b": deep}}),
        (Tree, lambda deep: trees(3, deep)),
        (Branch, lambda deep: trees(3, deep)),
        (Branch, lambda deep: trees(40, deep)),
        (Data, lambda deep: {"x": deep}),
        (Mixed, lambda deep: {"pair": [deep, [deep, 1]], "more": deep}),
    ],
)
def test_data_is_written_at_any_depth(kind: Any, wrap: Any, depth: int) -> None:
    data = wrap(nested(depth))
    assert text_of(kind, data) == dump_json(data)


@pytest.mark.parametrize("levels", [100, 180, 230])
def test_models_inside_models_leave_room_for_deep_data(levels: int) -> None:
    data = trees(levels, nested(300))
    assert text_of(Tree, data) == dump_json(data)


def test_the_value_itself_is_left_as_it_was() -> None:
    deep = nested(300)
    tree = Tree(x=deep)
    to_plain(Tree.__pydantic_serializer__.to_python, tree)
    assert tree.x is deep
    assert dump_json(deep) == dump_json(nested(300))


def test_objects_among_deep_data_are_written_as_pydantic_writes_them() -> None:
    data = nested(100, {"tree": Tree(x=nested(300)), "days": frozenset([1])})
    written = json.loads(text_of(Any, data))
    for _ in range(50):
        written = written[0]["k"] if isinstance(written, list) else written["k"][0]
    assert written["days"] == [1]
    assert written["tree"] == {"x": nested(300)}


@pytest.mark.parametrize(
    "value",
    [
        Tree.model_construct(children="no list"),
        Tree(x=object()),
        Tree(x=nested(300, 1j)),
        Tree.model_validate(trees(254, nested(300))),
    ],
)
def test_what_does_not_fit_is_still_an_error(value: Any) -> None:
    with pytest.raises(ValueError, match=r"(?i)serializ"):
        to_plain(Tree.__pydantic_serializer__.to_python, value, warnings="error")


def test_a_part_used_twice_and_keys_that_are_no_text_are_written() -> None:
    shared = nested(300)
    assert text_of(Any, [shared, shared, nested(100, [shared, shared])]) == dump_json(
        [shared, shared, nested(100, [shared, shared])]
    )
    assert json.loads(text_of(Any, nested(100, {1: nested(100), "a": nested(200)}))) == nested(
        100, {"1": nested(100), "a": nested(200)}
    )


def test_a_circle_is_an_error() -> None:
    circle: list[Any] = []
    circle.append(circle)
    with pytest.raises(ValueError, match="Circular reference"):
        dump_json(to_plain(Tree.__pydantic_serializer__.to_python, Tree(x=circle)))
    tree = Tree()
    tree.children.append(tree)
    with pytest.raises(ValueError, match=r"[Cc]ircular reference"):
        to_plain(Tree.__pydantic_serializer__.to_python, tree)


@pytest.mark.parametrize(("how", "expected"), [("utf8", "a\\xffé"), ("base64", "Yf_DqQ==")])
def test_bytes_that_are_no_text_have_backslashes_unless_the_model_says_otherwise(
    how: Literal["utf8", "base64"], expected: str
) -> None:
    class File(BaseModel):
        model_config = ConfigDict(ser_json_bytes=how)
        content: bytes
        parts: list[bytes]

    file = File(content=b"a\xff\xc3\xa9", parts=[b"a\xff\xc3\xa9"])
    assert to_plain(File.__pydantic_serializer__.to_python, file) == {"content": expected, "parts": [expected]}


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        (dict[str, str], {"a": "\ud800", "\udfff": "a"}),
        (Any, [{"\ud800": {"\ud800\\é": nested(300)}}]),
        (Mixed, {"pair": [{"\udfff": 1}, [1, 2]], "more": {"\udfff": 3}}),
    ],
)
def test_lone_surrogates_pass_in_keys_and_texts(kind: Any, data: Any) -> None:
    assert json.loads(text_of(kind, data)) == data
