"""jsonable_encoder against FastAPI's recorded answers, and dump_json against jsonable_encoder."""

import collections
import dataclasses
import datetime as dt
import decimal
import enum
import gc
import ipaddress
import json
import math
import pathlib
import re
import sys
import types
import uuid
import warnings
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import AnyUrl, BaseModel, ConfigDict, Field, NameEmail, RootModel, SecretBytes, SecretStr
from pydantic_core import PydanticUndefined

from fastlayer.encoders import ENCODERS_BY_TYPE, dump_json, jsonable_encoder
from fastlayer.exceptions import PydanticV1NotSupportedError

DAY = dt.date(2020, 1, 1)


class Color(enum.Enum):
    RED = "red"
    ONE = 1


class Size(enum.StrEnum):
    BIG = "big"


class Level(enum.IntEnum):
    LOW = 3


class Pair(NamedTuple):
    first: int
    second: dt.date


class Model(BaseModel):
    x: int = 1
    y: int | None = None
    z: str = Field(default="q", alias="zed")


class Open(BaseModel):
    model_config = ConfigDict(extra="allow")


class Dates(RootModel[list[dt.date]]): ...


class Overriding(BaseModel):
    x: int = 1

    def model_dump(self, **options: Any) -> dict[str, Any]:
        return {"over": DAY, "none": None}


with warnings.catch_warnings():
    warnings.simplefilter("ignore")

    class Encoded(BaseModel):
        model_config = ConfigDict(json_encoders={dt.datetime: lambda value: "long ago"})
        at: dt.datetime = dt.datetime(2020, 1, 1)


@dataclasses.dataclass
class Data:
    a: int = 1
    day: dt.date = DAY
    _private: int = 5
    _sa_state: int = 6
    more: Any = None


class Plain:
    def __init__(self, **attributes: Any) -> None:
        self.__dict__.update(attributes)


class Keyed:
    def keys(self) -> list[str]:
        return ["a"]

    def __getitem__(self, key: str) -> dt.date:
        return DAY


VALUES: list[tuple[Any, Any]] = [
    (None, None),
    (Color.RED, "red"),
    (Size.BIG, "big"),
    (Level.LOW, 3),
    (type("S", (str,), {})("x"), "x"),
    (type("I", (int,), {})(3), 3),
    (type("F", (float,), {})(1.5), 1.5),
    (type("D", (dict,), {})(a={"b": DAY}), {"a": {"b": "2020-01-01"}}),
    (type("L", (list,), {})([DAY]), ["2020-01-01"]),
    (type("T", (dt.datetime,), {})(2020, 1, 1), "2020-01-01T00:00:00"),
    (Pair(1, DAY), [1, "2020-01-01"]),
    (Model(), {"x": 1, "y": None, "zed": "q"}),
    (Dates([DAY]), ["2020-01-01"]),
    (Open(_sa_a=1, day=DAY), {"day": "2020-01-01"}),
    (Overriding(), {"over": "2020-01-01", "none": None}),
    (Encoded(), {"at": "long ago"}),
    (Data(), {"a": 1, "day": "2020-01-01", "_private": 5, "more": None}),
    (
        Data(more=[Data(more=Model())]),
        {
            "a": 1,
            "day": "2020-01-01",
            "_private": 5,
            "more": [{"a": 1, "day": "2020-01-01", "_private": 5, "more": {"x": 1, "y": None, "zed": "q"}}],
        },
    ),
    (Plain(a=DAY, _b=1, _sa_c=2), {"a": "2020-01-01", "_b": 1}),
    (Keyed(), {"a": "2020-01-01"}),
    (types.SimpleNamespace(a=1), {"a": 1}),
    (types.MappingProxyType({"a": 1}), {"a": 1}),
    (ValueError("a"), {}),
    (dt.datetime(2020, 1, 1, tzinfo=dt.UTC), "2020-01-01T00:00:00+00:00"),
    (dt.time(1, 2, 3, 4, tzinfo=dt.UTC), "01:02:03.000004+00:00"),
    (dt.timedelta(days=1, microseconds=1), 86400.000001),
    (decimal.Decimal("1"), 1),
    (decimal.Decimal("1.0"), 1.0),
    (decimal.Decimal("1E+5"), 100000),
    (decimal.Decimal("12345678901234567890123"), 12345678901234567890123),
    (b"abc", "abc"),
    (pathlib.PurePosixPath("/a"), "/a"),
    (pathlib.PureWindowsPath("c:\\a"), "c:\\a"),
    (uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"),
    (ipaddress.ip_address("1.2.3.4"), "1.2.3.4"),
    (ipaddress.ip_network("1.2.3.0/24"), "1.2.3.0/24"),
    (ipaddress.ip_interface("::1/64"), "::1/64"),
    (re.compile("a.*"), "a.*"),
    ({3}, [3]),
    (frozenset([DAY]), ["2020-01-01"]),
    (collections.deque([1, DAY]), [1, "2020-01-01"]),
    (collections.OrderedDict(a=1), {"a": 1}),
    (collections.UserDict(a=DAY), {"a": "2020-01-01"}),
    (SecretStr("secret"), "**********"),
    (SecretBytes(b"secret"), "b'**********'"),
    (AnyUrl("http://a"), "http://a/"),
    (NameEmail("a", "a@b.c"), "a <a@b.c>"),
    ({"_sa": 1, "a": {"_sa_x": 2, "b": "_sa"}}, {"a": {"b": "_sa"}}),
]


def as_fastapi_sends(value: Any) -> Any:
    return json.loads(json.dumps(jsonable_encoder(value), allow_nan=False))


@pytest.mark.parametrize(("value", "expected"), VALUES, ids=lambda item: type(item).__name__)
def test_a_value_is_encoded_as_fastapi_encodes_it(value: Any, expected: Any) -> None:
    encoded = jsonable_encoder(value)
    assert encoded == expected
    assert type(encoded) is type(expected) or isinstance(value, (str, int, float))


@pytest.mark.parametrize("wrap", [lambda value: value, lambda value: {"a": [value, value]}], ids=["alone", "nested"])
@pytest.mark.parametrize(("value", "expected"), VALUES, ids=lambda item: type(item).__name__)
def test_dump_json_writes_what_jsonable_encoder_makes(value: Any, expected: Any, wrap: Callable[[Any], Any]) -> None:
    assert json.loads(dump_json(wrap(value))) == json.loads(json.dumps(wrap(expected)))
    # The same when something elsewhere forces the exact way.
    assert json.loads(dump_json([wrap(value), 2**70])) == [json.loads(json.dumps(wrap(expected))), 2**70]


def test_color_types_are_strings_when_they_are_in_use() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pydantic.color import Color as PydanticColor

        color = PydanticColor("red")
    assert jsonable_encoder(color) == "red"
    assert dump_json([color]) == b'["red"]'


@pytest.mark.parametrize("value", [1j, object(), range(3), bytearray(b"a"), len, ..., Model, [{"a": 1j}]])
def test_a_value_nothing_explains_is_a_value_error_both_ways(value: Any) -> None:
    with pytest.raises(ValueError, match="__dict__"):
        jsonable_encoder(value)
    with pytest.raises(ValueError, match="__dict__"):
        dump_json(value)


def test_bytes_that_are_no_text_are_an_error_or_text_with_backslashes() -> None:
    with pytest.raises(UnicodeDecodeError):
        jsonable_encoder({"a": b"\xff"})
    assert dump_json({"a": b"a\xff\xc3\xa9", b"\xfe": 1}) == '{"a":"a\\\\xffé","\\\\xfe":1}'.encode()


def test_an_encoder_of_the_programs_that_meets_bytes_without_text_reports_it(encoders: Any) -> None:
    encoders[uuid.UUID] = lambda value: value.bytes.decode()
    with pytest.raises(UnicodeDecodeError):
        dump_json([uuid.UUID(int=255)])


@pytest.mark.skipif(sys.version_info >= (3, 14), reason="pydantic.v1 ends with Python 3.13")
def test_a_pydantic_v1_object_is_refused_by_name() -> None:
    from pydantic import v1

    class Old(v1.BaseModel):
        a: int = 1

    for encode in (jsonable_encoder, dump_json):
        with pytest.raises(PydanticV1NotSupportedError, match="Old"):
            encode([Old()])


# Options -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "options", "expected"),
    [
        (Model(), {"include": {"x", "z"}}, {"x": 1, "zed": "q"}),
        (Model(), {"include": set()}, {}),
        (Model(), {"exclude": {"x"}}, {"y": None, "zed": "q"}),
        (Model(), {"by_alias": False}, {"x": 1, "y": None, "z": "q"}),
        (Model(x=1), {"exclude_unset": True}, {"x": 1}),
        (Model(x=1), {"exclude_defaults": True}, {}),
        (Model(), {"exclude_none": True}, {"x": 1, "zed": "q"}),
        ({"a": Model(), "b": None}, {"include": {"a"}, "exclude_unset": True}, {"a": {}}),
        ({"a": {"a": 1, "b": 2}}, {"include": {"a"}, "exclude": {"b"}}, {"a": {"a": 1, "b": 2}}),
        ({"a": {"b": None}, "c": None}, {"exclude_none": True}, {"a": {}}),
        ([Model(), {"x": 1, "y": 2}], {"include": {"x"}}, [{"x": 1}, {"x": 1}]),
        ([Model(), {"x": 1, "y": 2}], {"exclude": {"x"}}, [{"y": None, "zed": "q"}, {"y": 2}]),
        (Data(more=Model(x=2)), {"include": {"more"}, "exclude_unset": True}, {"more": {"x": 2}}),
        (Plain(a=1, b=None), {"exclude_none": True}, {"a": 1}),
        (Plain(a=1, b=2), {"include": {"a"}}, {"a": 1}),
        ({"_sa": 1, "a": {"_sa": 2}}, {"sqlalchemy_safe": False}, {"_sa": 1, "a": {"_sa": 2}}),
        (Open(_sa=1), {"sqlalchemy_safe": False}, {"_sa": 1}),
        ({DAY: 1, "b": 2}, {"include": {DAY}}, {"2020-01-01": 1}),
    ],
)
def test_options_leave_out_what_fastapi_leaves_out(value: Any, options: dict[str, Any], expected: Any) -> None:
    assert jsonable_encoder(value, **options) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1, "INT"),
        (True, "INT"),
        (dt.datetime(2020, 1, 1), "DATE"),
        ({"a": 1, 2: Model()}, {"a": "INT", "INT": "MODEL"}),
        ([1, Size.BIG, {5}], ["INT", "big", {5, 6}]),
        (Data(), {"a": "INT", "day": "DATE", "_private": "INT", "more": None}),
    ],
)
def test_custom_encoders_come_first_and_their_results_stay_as_they_are(value: Any, expected: Any) -> None:
    custom: dict[Any, Callable[[Any], Any]] = {
        int: lambda _: "INT",
        dt.date: lambda _: "DATE",
        Model: lambda _: "MODEL",
        set: lambda items: items | {6},
    }
    assert jsonable_encoder(value, custom_encoder=custom) == expected


def test_custom_encoders_do_not_reach_inside_a_model() -> None:
    assert jsonable_encoder(Model(x=5), custom_encoder={int: str})["x"] == 5


# What only the exact way can write -----------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf, decimal.Decimal("NaN")])
@pytest.mark.parametrize("force", [None, 2**70])
def test_what_is_no_number_is_null(number: Any, force: Any) -> None:
    assert json.loads(dump_json([number, force])) == [None, force]


def test_lone_surrogates_are_escaped_in_keys_and_values() -> None:
    assert dump_json({"\ud800": "a\udfffé"}) == '{"\\ud800":"a\\udfffé"}'.encode()
    assert json.loads(dump_json("\ud800")) == "\ud800"


def test_keys_are_written_as_fastapi_writes_them() -> None:
    keys = {1: 1, None: 2, 1.5: 3, False: 4, Size.BIG: 5, DAY: 6, b"k": 7, uuid.UUID(int=2): 8, 2**65: 9, Color.ONE: 10}
    assert json.loads(dump_json(keys)) == as_fastapi_sends(keys)
    assert json.loads(dump_json({1: {2: "a"}, None: 3, False: 4, 2.5: 5})) == {
        "1": {"2": "a"},
        "null": 3,
        "false": 4,
        "2.5": 5,
    }


@pytest.mark.parametrize(
    "keys",
    [
        {math.nan: 1, math.inf: 2, -math.inf: 3},
        {None: 1, math.nan: 2, "null": 3},
        {1e-07: 1, 1e-100: 2, 1e16: 3, 1.5: 4, -0.0: 5},
    ],
)
@pytest.mark.parametrize("beside", [1, 2**70])
def test_keys_that_are_numbers_are_written_as_json_writes_them(keys: Any, beside: int) -> None:
    expected = json.dumps([jsonable_encoder(keys), beside], separators=(",", ":"))
    assert dump_json([keys, beside]) == expected.encode()


def test_keys_equal_after_encoding_are_one_member_with_the_last_value() -> None:
    clash = {DAY: 1, "b": 2, "2020-01-01": 3, b"b": 4}
    assert list(jsonable_encoder(clash).items()) == [("2020-01-01", 3), ("b", 4)]
    assert dump_json(clash) == b'{"2020-01-01":3,"b":4}'


@pytest.mark.parametrize("key", [(1, 2), frozenset([1]), Pair(1, DAY)])
def test_a_key_that_cannot_be_one_is_a_type_error(key: Any) -> None:
    with pytest.raises(TypeError):
        dump_json({key: 1})


def test_a_generator_is_read_once_and_whole_whatever_stands_beside_it() -> None:
    def numbers() -> Iterator[Any]:
        yield 1
        yield DAY

    assert dump_json({"a": numbers(), "b": 2**70}) == b'{"a":[1,"2020-01-01"],"b":1180591620717411303424}'
    assert dump_json([numbers(), {"_sa": 1}]) == b'[[1,"2020-01-01"],{}]'


@pytest.mark.parametrize("depth", [250, 300, 970, 100_000])
def test_nesting_has_no_limit(depth: int) -> None:
    value: Any = DAY
    for number in range(depth):
        value = [value] if number % 2 else {"a": value}
    body = dump_json(value)
    assert body.count(b"[") + body.count(b"{") == depth
    assert b'"2020-01-01"' in body
    while value is not DAY:  # take it apart: freeing it whole would recurse in C
        value = value[0] if isinstance(value, list) else value["a"]
    gc.collect()


def test_a_model_with_deep_data_is_written() -> None:
    class Holder(BaseModel):
        x: Any = Field(alias="theX")

    deep: Any = []
    for _ in range(400):
        deep = [deep]
    assert dump_json([Holder(theX=deep)]) == b'[{"theX":' + b"[" * 401 + b"]" * 401 + b"}]"

    class Own(Holder):
        def model_dump(self, **options: Any) -> Any:
            raise ValueError("its own reason")

    with pytest.raises(ValueError, match="its own reason"):
        dump_json([Own(theX=1)])


def test_a_circle_is_an_error_and_a_value_used_twice_is_not() -> None:
    shared = [1]
    assert dump_json({"a": shared, "b": shared, "c": 2**70}) == b'{"a":[1],"b":[1],"c":1180591620717411303424}'
    circle: list[Any] = []
    circle.append({"a": circle})
    with pytest.raises(ValueError, match="contains itself"):
        dump_json(circle)
    knot = Plain()
    vars(knot)["me"] = knot
    with pytest.raises(ValueError, match="contains itself"):
        dump_json(knot)


def test_an_enum_may_hold_any_encodable_value() -> None:
    class Holidays(enum.Enum):
        NEW_YEAR = DAY

    assert dump_json([Holidays.NEW_YEAR]) == b'["2020-01-01"]'
    assert dump_json([Holidays.NEW_YEAR, 2**70]) == b'["2020-01-01",1180591620717411303424]'


def test_numbers_that_overflow_are_written_in_full() -> None:
    assert (
        dump_json([2**64 - 1, 2**64, -(2**63) - 1])
        == b"[18446744073709551615,18446744073709551616,-9223372036854775809]"
    )


@pytest.mark.parametrize("microsecond", [0, 1, 9_999, 10_000, 54_321, 99_999, 100_000, 999_999])
def test_every_fraction_of_a_second_keeps_its_zeros(microsecond: int) -> None:
    time, moment = dt.time(1, 2, 3, microsecond), dt.datetime(2020, 1, 1, 1, 2, 3, microsecond)
    expected = [time.isoformat(), moment.isoformat()]
    assert json.loads(dump_json([time, moment])) == expected
    assert json.loads(dump_json({1: time, time: 1})) == {"1": time.isoformat(), time.isoformat(): 1}


@pytest.fixture
def encoders() -> Iterator[Any]:
    before = dict(ENCODERS_BY_TYPE)
    yield ENCODERS_BY_TYPE
    for kind in set(ENCODERS_BY_TYPE) - set(before):
        del ENCODERS_BY_TYPE[kind]
    ENCODERS_BY_TYPE.update(before)
    assert ENCODERS_BY_TYPE.native


class ObjectId:
    def __str__(self) -> str:
        return "id"


def test_an_encoder_added_to_the_table_is_used_by_both(encoders: Any) -> None:
    encoders[ObjectId] = str
    assert jsonable_encoder({"a": ObjectId()}) == {"a": "id"}
    assert dump_json({"a": ObjectId()}) == b'{"a":"id"}'


@pytest.mark.parametrize("change", ["set", "update"])
def test_an_encoder_replaced_in_the_table_is_used_by_both_even_where_orjson_would_not_ask(
    encoders: Any, change: str
) -> None:
    if change == "set":
        encoders[dt.date] = lambda day: day.year
    else:
        encoders.update({dt.date: lambda day: day.year})
    assert jsonable_encoder([DAY]) == [2020]
    assert dump_json([DAY]) == b"[2020]"


# Any value -----------------------------------------------------------------------------------------------------------

keys = st.one_of(
    st.text(),
    st.sampled_from(["_sa_instance_state", "_x", Size.BIG]),
    st.integers(),
    st.booleans(),
    st.none(),
    st.dates(),
)
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(),
    st.text(st.characters(codec=None)),
    st.dates(),
    st.datetimes(),
    st.datetimes(timezones=st.sampled_from([dt.UTC, dt.timezone(dt.timedelta(hours=-3, minutes=-30))])),
    st.times(),
    st.times(timezones=st.just(dt.UTC)),
    st.timedeltas(),
    st.decimals(allow_nan=False, allow_infinity=False),
    st.uuids(),
    st.ip_addresses(),
    st.text().map(lambda text: text.encode("utf-8", "ignore")),
    st.sampled_from([*Color, *Size, *Level, pathlib.PurePath("a"), SecretStr("a"), re.compile("a")]),
    st.builds(Model, x=st.integers(-5, 5), y=st.none() | st.integers()),
)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner),
        st.lists(inner).map(tuple),
        st.lists(inner).map(collections.deque),
        st.dictionaries(keys, inner),
        st.dictionaries(st.text(), inner),
        st.dictionaries(keys, inner).map(collections.OrderedDict),
        st.dictionaries(st.sampled_from("abc_"), inner).map(lambda items: Plain(**items)),
        st.builds(Data, more=inner, day=st.dates()),
        st.builds(Pair, inner, st.dates()),
    ),
    max_leaves=12,
)


@given(values)
def test_any_value_is_written_as_jsonable_encoder_and_json_would(value: Any) -> None:
    assert json.loads(dump_json(value)) == as_fastapi_sends(value)


@given(values)
def test_the_exact_way_alone_gives_the_same(value: Any) -> None:
    assert json.loads(dump_json([2**70, value])) == [2**70, as_fastapi_sends(value)]


def test_an_encoder_that_was_replaced_and_taken_out_again_is_asked_no_more(encoders: Any) -> None:
    encoders[dt.date] = lambda day: day.year
    assert json.loads(dump_json({"day": DAY})) == {"day": 2020}
    own = encoders.pop(dt.date)
    assert own(DAY) == 2020
    assert not encoders.native
    encoders.update({dt.date: dt.date.isoformat})
    assert json.loads(dump_json({"day": DAY})) == {"day": "2020-01-01"}


def test_a_value_that_is_not_defined_is_null() -> None:
    assert json.loads(dump_json([PydanticUndefined, 2**70])) == [None, 2**70]
    assert jsonable_encoder({"absent": PydanticUndefined}) == {"absent": None}


def test_an_encoder_that_leads_nowhere_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    class Stubborn:
        pass

    monkeypatch.setitem(ENCODERS_BY_TYPE, Stubborn, lambda value: value)
    with pytest.raises(ValueError, match=r"An encoder for .*Stubborn does not lead to JSON"):
        dump_json([Stubborn(), 2**70])
