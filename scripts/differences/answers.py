"""Generated ends of endpoints: what they return, stream or raise, and how that is declared."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import strategies as st

from scripts.differences.dependencies import ERRORS


@dataclass(frozen=True)
class Ending:
    """The end of an endpoint: its statements, its return annotation and the options that belong to it."""

    statements: str
    annotation: str = ""
    options: list[str] = field(default_factory=list)
    is_async: bool | None = None


VALUES = {
    "Point": ["Point(x=1)", "{'x': '2'}", "{'x': 'no'}", "Point(x=1, y=2)", "Derived(x=3)", "{'x': 1, 'z': 2}", "None"],
    "Derived": ["Derived(x=1)", "{'x': 1}", "Point(x=1)"],
    "Area": ["Area(side=3)", "{'side': 2}"],
    "Camel": ["Camel(first_name='a')", "{'firstName': 'a'}", "{'first_name': 'a', 'last_name': None}"],
    "Aliased": ["Aliased(x=1, bIn='q')", "{'x': 1, 'bIn': 's'}", "{'a': 1}"],
    "Pet": ["Cat(kind='cat')", "{'kind': 'dog', 'name': 'd'}", "{'kind': 'cow'}"],
    "Record": ["Record(1)", "{'a': 1}", "Record(1, ['x'])", "Record('q')"],
    "Checked": ["Checked(1)", "{'a': '1'}"],
    "Config": ["{'debug': True}", "{'debug': 'no', 'level': 1}", "{'debug': True, 'more': 1}"],
    "Pair": ["Pair(1)", "(1, 'b')", "[1, 'b']"],
    "Numbers": ["Numbers([1])", "[1, '2']"],
    "Stamped": ["Stamped(when=datetime(2024, 2, 29))", "{'when': '2024-02-29T01:02:03'}"],
    "Open": ["Open(a=2, more=[1])", "{'a': 1, 'z': 2}"],
    "Strict": ["Strict()", "{'a': 1, 'z': 2}", "Strict(a=5)"],
    "Page[Point]": ["Page[Point](items=[Point(x=1)])", "{'items': [{'x': 1}]}", "Page(items=[{'x': 1}])"],
    "Node": ["Node(name='a', children=[Node(name='b')])", "{'name': 'a'}"],
    "Thing": [
        "Thing(name='n', price=Decimal('1.50'))",
        "{'name': 'n', 'tags': ['b', 'b']}",
        "Thing(name='n', parts={'p': Point(x=1)})",
    ],
    "list[Point]": ["[Point(x=1), {'x': 2}]", "(Point(x=1),)", "[]", "[None]", "(Point(x=i) for i in range(2))"],
    "dict[str, Point]": ["{'a': Point(x=1)}", "{1: {'x': 1}}"],
    "Point | None": ["None", "Point(x=1)"],
    "Cat | Point": ["Point(x=1)", "{'kind': 'cat'}", "Cat(kind='cat')"],
    "int": ["1", "'1'", "1.0", "True", "'x'", "None"],
    "str": ["'a'", "1", "'\u00e4\u20ac'", "Colour.red"],
    "float": ["1", "0.1", "1e22"],
    "bool": ["True", "'yes'"],
    "bytes": ["b'abc'", "'a'"],
    "datetime": ["datetime(2024, 2, 29, 1, 2, 3, 4)", "'2024-02-29T00:00:00Z'"],
    "Decimal": ["Decimal('1.50')", "Decimal('1')", "1.5"],
    "Colour": ["Colour.red", "'blue'"],
    "set[int]": ["{1}", "[1, 1]"],
    "tuple[int, str]": ["(1, 'a')", "[1, 'a']"],
    "Any": [
        "{'a': (1, 2)}",
        "Point(x=1)",
        "Area(side=2)",
        "Colour.blue",
        "{Colour.red: Size.small}",
        "Record(1)",
        "[Point(x=1)]",
        "{'a': b'x', 'b': Decimal('1.0'), 'c': Decimal('1')}",
        "timedelta(hours=1)",
        "date(2024, 2, 29)",
        "time(1, 2)",
        "pathlib.Path('a/b')",
        "UUID(int=5)",
        "frozenset({1})",
        "object()",
        "{1: 2, None: 3, True: 4, 1.5: 5}",
        "range(3)",
        "Pair(1)",
        "(i for i in range(2))",
        "Camel(first_name='a')",
        "Stamped(when=datetime(2024, 2, 29))",
        "Exception('a')",
        "{'p': Point(x=1), 'n': None}",
        "IPv4Address('127.0.0.1')",
        "Config(debug=True)",
        "1 + 2j",
        "10**30",
        "'\\x00'",
        "Shade.dark",
        "type(1)",
        "len",
        "AnyUrl('http://a.b')",
        "b'\\xff'",
        "Thing(name='n')",
    ],
    "None": ["None", "1"],
    "Literal['a', 'b']": ["'a'", "'c'"],
}
FILTERS = [
    "response_model_exclude_unset=True",
    "response_model_exclude_defaults=True",
    "response_model_exclude_none=True",
    "response_model_by_alias=False",
    "response_model_include={'x', 'a', 'items'}",
    "response_model_exclude={'y', 'b'}",
    "response_model_exclude={'items': {0: {'x'}}}",
    "response_model_include=['name']",
    "response_model_exclude={'__all__': {'x'}}",
]
RESPONSES = [
    "JSONResponse({'a': 1})",
    "JSONResponse({'a': 1}, status_code=202, headers={'x-a': 'b'})",
    "PlainTextResponse('hi')",
    "HTMLResponse('<p>')",
    "RedirectResponse('/r0')",
    "Response(status_code=204)",
    "Response(b'x', media_type='a/b')",
    "StreamingResponse(iter(['a', 'b']), media_type='text/plain')",
    "Response('t', 304)",
    "Response()",
    "JSONResponse(None)",
    "RedirectResponse('/\u00e4 b', status_code=303)",
    "PlainTextResponse('\u00e4', background=None)",
]
CLASSES = ["PlainTextResponse", "HTMLResponse", "JSONResponse", "RedirectResponse", "Response", "StreamingResponse"]
ITEMS = {
    "int": ["1", "'2'", "'x'"],
    "Point": ["Point(x=1)", "{'x': '2'}", "{'x': 'no'}", "Derived(x=1)"],
    "str": ["'a'", "'\u00e4\\nb'"],
    "Any": ["{'a': [1]}", "Point(x=1)", "None", "Colour.red"],
    "": ["1", "'a'", "{'a': 1.0}", "Area(side=1)"],
    "Camel": ["Camel(first_name='a')"],
}
EVENTS = [
    "ServerSentEvent(data={'a': 1})",
    "ServerSentEvent(data='x', event='e', id='1', retry=5)",
    "ServerSentEvent(comment='c')",
    "ServerSentEvent(raw_data='a\\nb')",
    "ServerSentEvent(data=Point(x=1))",
    "ServerSentEvent()",
    "ServerSentEvent(data=None)",
]


@st.composite
def returned(draw: st.DrawFn) -> Ending:
    """Return an end that returns a value, declared in the one way or the other."""
    kind = draw(st.sampled_from(list(VALUES)))
    value = draw(st.sampled_from(VALUES[kind]))
    how = draw(st.integers(0, 4))
    options = [f"response_model={kind}"] if how in {2, 3} else []
    options += draw(st.lists(st.sampled_from(FILTERS), max_size=2, unique_by=lambda text: text.split("=")[0]))
    annotation = {0: kind, 1: kind, 3: "Any"}.get(how, "")
    return Ending(f"return {value}", annotation, options)


@st.composite
def response(draw: st.DrawFn) -> Ending:
    """Return an end that returns a response, or something that a response class makes one of."""
    if draw(st.booleans()):
        annotation = draw(st.sampled_from(["", "Response", "JSONResponse", "Point", "Response | Point", "Any"]))
        options = ["response_model=None"] if "|" in annotation or draw(st.integers(0, 4)) == 4 else []
        return Ending(f"return {draw(st.sampled_from(RESPONSES))}", annotation, options)
    value = draw(st.sampled_from(["'text'", "b'bytes'", "None", "{'a': 1}", "'/r0'", "1"]))
    return Ending(f"return {value}", "", [f"response_class={draw(st.sampled_from(CLASSES))}"])


@st.composite
def stream(draw: st.DrawFn) -> Ending:
    """Return an end that yields: lines of JSON, server-sent events, or chunks."""
    kind = draw(st.sampled_from(list(ITEMS)))
    sort = draw(st.sampled_from(["lines", "events", "chunks"]))
    values = ITEMS[kind] + (EVENTS if sort == "events" else [])
    values = ["'a'", "b'b'", "'\u00e4'"] if sort == "chunks" else values
    found = [f"yield {value}" for value in draw(st.lists(st.sampled_from(values), max_size=3))] or ["return", "yield 1"]
    if draw(st.integers(0, 9)) == 9:
        found.append("raise ValueError('v')")
    is_async = draw(st.booleans())
    outer = draw(st.sampled_from(["AsyncIterable", "AsyncIterator"] if is_async else ["Iterable", "Sequence"]))
    annotation = f"{outer}[{kind}]" if kind and sort != "chunks" and draw(st.integers(0, 5)) else ""
    options = {"events": ["response_class=EventSourceResponse"], "chunks": ["response_class=StreamingResponse"]}.get(
        sort, []
    )
    return Ending("\n    ".join(found), annotation, list(options), is_async)


@st.composite
def ending(draw: st.DrawFn) -> Ending:
    """Return the end of one endpoint; most show what they were called with."""
    sort = draw(st.integers(0, 9))
    if sort <= 4:
        return Ending("return show(locals())", draw(st.sampled_from(["", "", "dict[str, Any]", "Any"])))
    if sort <= 6:
        return draw(returned())
    if sort == 7:
        return draw(response())
    if sort == 8:
        return draw(stream())
    return Ending(f"raise {draw(st.sampled_from(ERRORS))}", draw(st.sampled_from(["", "Point"])))
