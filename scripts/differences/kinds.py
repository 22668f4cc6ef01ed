"""The types that generated programs use, as source, each with JSON values that fit it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

Values = st.SearchStrategy[Any]

IMPORTS = {
    "collections.abc": "AsyncIterable AsyncIterator Iterable Sequence",
    "datetime": "date datetime time timedelta",
    "decimal": "Decimal",
    "enum": "Enum IntEnum",
    "ipaddress": "IPv4Address",
    "typing": "Annotated Any Generic Literal NamedTuple Optional TypeVar Union",
    "uuid": "UUID",
    "fastapi": (
        "APIRouter BackgroundTasks Body Cookie Depends FastAPI File Form Header HTTPException Path Query Request "
        "Response Security UploadFile"
    ),
    "fastapi.exceptions": "RequestValidationError",
    "fastapi.responses": "HTMLResponse JSONResponse PlainTextResponse RedirectResponse StreamingResponse",
    "fastapi.security": (
        "APIKeyCookie APIKeyHeader APIKeyQuery HTTPBasic HTTPBearer HTTPDigest OAuth2PasswordBearer "
        "OAuth2PasswordRequestForm OpenIdConnect SecurityScopes"
    ),
    "fastapi.sse": "EventSourceResponse ServerSentEvent",
    "pydantic": (
        "AnyUrl BaseModel ConfigDict Discriminator EmailStr Field HttpUrl Json PositiveInt RootModel StrictInt Tag "
        "computed_field field_serializer field_validator model_validator"
    ),
    "pydantic.alias_generators": "to_camel",
    "typing_extensions": "NotRequired TypedDict",
}
MODULES = ("dataclasses", "pathlib", "pydantic")

LIBRARY = '''\
class Colour(str, Enum):
    red = "red"
    blue = "blue"


class Size(IntEnum):
    small = 1
    large = 2


class Shade(Enum):
    """How dark."""

    dark = "dark"
    one = 1


class Point(BaseModel):
    x: int
    y: float = 0


class Node(BaseModel):
    name: str
    children: list["Node"] = []


class Cat(BaseModel):
    kind: Literal["cat"]
    lives: int = 9


class Dog(BaseModel):
    kind: Literal["dog", "wolf"] = "dog"
    name: str


Pet = Annotated[Union[Cat, Dog], Field(discriminator="kind")]


Tagged = Annotated[
    Union[Annotated[Point, Tag("p")], Annotated[int, Tag("i")]],
    Discriminator(lambda v: "i" if isinstance(v, int) else "p"),
]


T = TypeVar("T")

class Page(BaseModel, Generic[T]):
    items: list[T]
    total: int = 0


@dataclasses.dataclass
class Record:
    a: int
    b: list[str] = dataclasses.field(default_factory=list)


@pydantic.dataclasses.dataclass
class Checked:
    a: int
    b: str = Field(default='b', max_length=3)


class Config(TypedDict):
    debug: bool
    level: NotRequired[int]


class Pair(NamedTuple):
    left: int
    right: str = 'r'


class Numbers(RootModel[list[int]]):
    pass


class Area(BaseModel):
    side: int

    @computed_field
    @property
    def area(self) -> int:
        return self.side**2


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")
    a: int = 1
    b: str | None = None


class Open(BaseModel):
    model_config = ConfigDict(extra="allow")
    a: int = 1


class Camel(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)
    first_name: str
    last_name: str | None = None


class Aliased(BaseModel):
    a: int = Field(alias='x')
    b: str = Field('b', validation_alias='bIn', serialization_alias='bOut')


class Picky(BaseModel):
    a: int
    b: int = 0

    @field_validator('a')
    @classmethod
    def even(cls, value: int) -> int:
        if value % 2:
            raise ValueError('odd')
        return value

    @model_validator(mode='after')
    def ordered(self) -> 'Picky':
        if self.b > self.a:
            raise ValueError('b over a')
        return self


class Derived(Point):
    secret: str = 'hidden'


class Stamped(BaseModel):
    when: datetime
    ago: timedelta = timedelta(hours=1)

    @field_serializer('when')
    def year(self, value: datetime) -> int:
        return value.year


class Thing(BaseModel):
    name: str = Field(min_length=1, max_length=5, description='A name', examples=['n'])
    size: Size = Field(default=1, title='The size')
    tags: set[str] = set()
    parts: dict[str, Point] = {}
    pet: Pet | None = None
    price: Decimal | None = None


class Filters(BaseModel):
    limit: int = Field(10, gt=0, le=100)
    tags: list[str] = []
    order_by: Literal['a', 'b'] = 'a'


class ClosedFilters(Filters):
    model_config = ConfigDict(extra='forbid')
    x_token: str | None = None


class AliasedFilters(BaseModel):
    page_size: int = Field(5, alias='pageSize')
    needed: str
    other: float | None = Field(None, validation_alias='o-ther')


class Upload(BaseModel):
    name: str
    file: UploadFile | None = None
    notes: list[str] = []
'''
NAME = re.compile(r"^class (\w+)|^(\w+) = Annotated", re.MULTILINE)
DEFINITIONS = {
    "".join(match.groups("")): block + "\n" for block in LIBRARY.split("\n\n\n") if (match := NAME.search(block))
}
"""Each is put into the programs that mention its name."""


@dataclass(frozen=True)
class Kind:
    """A type as source. `parts` is how many values of it a query, a form or a header holds: many for a list."""

    source: str
    values: Values
    many: bool = False
    limits: str = ""

    def optional(self, how: int) -> Kind:
        if "Json" in self.source:  # docs/differences.md: with None, it works here only
            return self
        source = [f"{self.source} | None", f"Optional[{self.source}]", f"Union[{self.source}, None]"][how]
        return Kind(source, st.none() | self.values, self.many, self.limits)


def _kind(source: str, *values: Any, limits: str = "") -> Kind:
    return Kind(source, st.sampled_from(values), limits=limits)


SIMPLE = [
    Kind("int", st.integers(-3, 30), limits="number"),
    Kind("str", st.sampled_from(["abc", "", "a", "ä€", "x y", "1", "true", "null", "a&b=c%41+"]), limits="text"),
    Kind("float", st.sampled_from([0.5, 2, -1.25, 1e3, 7.0]), limits="number"),
    Kind("bool", st.booleans()),
]
SCALARS = [
    *SIMPLE,
    _kind("date", "2024-02-29"),
    _kind("datetime", "2024-02-29T10:11:12", "2024-02-29T10:11:12.5Z", "2024-02-29 10:11:12+02:00", 0),
    _kind("time", "10:11:12", "10:11:12.123456"),
    _kind("timedelta", "P1DT2H", 3.5, "-PT1S"),
    _kind("UUID", "9a2d1c1e-3b8f-4d7a-8a57-0d6f0c4b2a11"),
    _kind("Decimal", "1.50", 2, "-0.001", limits="number"),
    _kind("bytes", "abc", "ä", limits="text"),
    _kind("Colour", "red", "blue"),
    _kind("Size", 1, 2),
    _kind("Shade", "dark", 1),
    _kind('Literal["a", "b"]', "a", "b"),
    _kind('Literal["a", 1, None]', "a", 1),
    _kind("EmailStr", "a@example.com", "A <a@example.com>"),
    _kind("AnyUrl", "https://example.com", "redis://x/1"),
    _kind("HttpUrl", "https://example.com/a?b=c"),
    _kind("IPv4Address", "127.0.0.1"),
    _kind("pathlib.Path", "a/b"),
    _kind("PositiveInt", 1, 5),
    _kind("StrictInt", 1, 5),
    _kind("Json[list[int]]", "[1]", "[]"),
    _kind("Any", "abc", 1, None),
    _kind("Annotated[int, Field(gt=1)]", 2, 3),
    _kind("Annotated[str, Field(pattern='^a')]", "abc", "a"),
    _kind("int | str", 1, "abc", "1"),
    _kind("Union[str, int]", 1, "abc"),
    _kind("Union[bool, float, None]", True, 1.5),
    _kind("date | str", "2024-02-29", "abc"),
]


def _objects(**fields: Values) -> Values:
    return st.fixed_dictionaries({}, optional=fields)


numbers = st.integers(-3, 12)
texts = st.sampled_from(["abc", "", "ä", "a"])
cats = st.fixed_dictionaries({"kind": st.just("cat")}, optional={"lives": numbers})
dogs = st.fixed_dictionaries({"kind": st.sampled_from(["dog", "wolf"]), "name": texts})
points = st.fixed_dictionaries({"x": numbers}, optional={"y": st.sampled_from([0.5, 1, 2.0])})
nodes: Values = st.fixed_dictionaries(
    {"name": texts}, optional={"children": st.lists(st.deferred(lambda: nodes), max_size=1)}
)
MODELS = {
    "Point": points,
    "Node": nodes,
    "Cat": cats,
    "Pet": cats | dogs,
    "Tagged": points | numbers,
    "Page[int]": st.fixed_dictionaries({"items": st.lists(numbers, max_size=2)}),
    "Page[Point]": st.fixed_dictionaries({"items": st.lists(points, max_size=2)}, optional={"total": numbers}),
    "Record": st.fixed_dictionaries({"a": numbers}, optional={"b": st.lists(texts, max_size=2)}),
    "Checked": st.fixed_dictionaries({"a": numbers}, optional={"b": texts}),
    "Config": st.fixed_dictionaries({"debug": st.booleans()}, optional={"level": numbers}),
    "Pair": st.tuples(numbers, texts).map(list),
    "Numbers": st.lists(numbers, max_size=2),
    "Area": st.fixed_dictionaries({"side": numbers}),
    "Strict": _objects(a=numbers, b=texts, c=numbers),
    "Open": _objects(a=numbers, more=texts),
    "Camel": st.fixed_dictionaries({"firstName": texts}, optional={"lastName": texts}) | _objects(first_name=texts),
    "Aliased": st.fixed_dictionaries({"x": numbers}, optional={"bIn": texts, "b": texts}),
    "Picky": st.fixed_dictionaries({"a": numbers}, optional={"b": numbers}),
    "Derived": st.fixed_dictionaries({"x": numbers}, optional={"secret": texts}),
    "Stamped": st.fixed_dictionaries({"when": st.just("2024-02-29T10:11:12")}),
    "Thing": st.fixed_dictionaries(
        {"name": texts},
        optional={
            "size": st.sampled_from([1, 2]),
            "tags": st.lists(texts, max_size=2),
            "parts": st.dictionaries(texts, points, max_size=1),
            "pet": cats | dogs,
            "price": st.sampled_from(["1.50", 2]),
        },
    ),
}
MODEL_KINDS = [Kind(source, values) for source, values in MODELS.items()]
PARAMETER_MODELS = {
    "Filters": _objects(limit=numbers, tags=st.lists(texts, max_size=2), order_by=st.sampled_from(["a", "b"])),
    "ClosedFilters": _objects(limit=numbers, tags=st.lists(texts, max_size=2), x_token=texts),
    "AliasedFilters": st.fixed_dictionaries(
        {"needed": texts}, optional={"pageSize": numbers, "page_size": numbers, "o-ther": numbers}
    ),
}

_WRAPPERS: list[tuple[str, Callable[[Values], Values], bool]] = [
    ("list[{}]", lambda values: st.lists(values, max_size=3), True),
    ("set[{}]", lambda values: st.lists(values, max_size=3), True),
    ("tuple[{}, ...]", lambda values: st.lists(values, max_size=3), True),
    ("Sequence[{}]", lambda values: st.lists(values, max_size=3), True),
    ("frozenset[{}]", lambda values: st.lists(values, max_size=3), True),
    ("tuple[{}, int]", lambda values: st.tuples(values, numbers).map(list), True),
    ("dict[str, {}]", lambda values: st.dictionaries(texts, values, max_size=2), False),
]
FUTURE = "#future\n"
"""A program that begins with it has its annotations as text."""
HASHABLE = re.compile(r"^(int|str|float|bool|date|UUID|Decimal|Colour|Size)$")


def scalars() -> st.SearchStrategy[Kind]:
    """Return a strategy of types of one value; the usual ones come first, and often."""
    return st.sampled_from(SIMPLE) | st.sampled_from(SCALARS)


@st.composite
def optional(draw: st.DrawFn, kinds: st.SearchStrategy[Kind]) -> Kind:
    """Return a type that may allow None."""
    kind = draw(kinds)
    return kind.optional(draw(st.integers(0, 2))) if draw(st.integers(0, 3)) == 3 else kind


@st.composite
def wrapped(draw: st.DrawFn, inner: st.SearchStrategy[Kind], upto: int = len(_WRAPPERS)) -> Kind:
    """Return a collection of a type."""
    template, values, many = _WRAPPERS[draw(st.integers(0, upto - 1))]
    kind = draw(inner)
    if "Json" in kind.source:  # docs/differences.md again
        return kind
    if "set" in template and not HASHABLE.match(kind.source):
        template = "list[{}]"
    return Kind(
        template.format(kind.source), values(kind.values), many, "many" if many and "int]" not in template else ""
    )


def several() -> st.SearchStrategy[Kind]:
    """Return a strategy of types for places where a name may stand several times."""
    return optional(scalars() | scalars() | wrapped(scalars(), 6))


def anything() -> st.SearchStrategy[Kind]:
    """Return a strategy of types for bodies and answers."""
    flat = st.sampled_from(MODEL_KINDS) | scalars()
    return optional(flat | st.sampled_from(MODEL_KINDS) | wrapped(flat) | wrapped(wrapped(scalars())))


def with_definitions(source: str) -> str:
    """Return a whole program: the imports and the definitions it mentions, then itself."""
    needed: dict[str, str] = {}

    def need(text: str) -> None:
        for word in dict.fromkeys(re.findall(r"\b[A-Z]\w*", text)):
            if word in DEFINITIONS and word not in needed and DEFINITIONS[word] != text:
                need(DEFINITIONS[word])
                needed[word] = DEFINITIONS[word]

    need(source)
    future, source = ("from __future__ import annotations\n", source[8:]) if source.startswith(FUTURE) else ("", source)
    program = "\n\n".join([*needed.values(), source])
    words = set(re.findall(r"\w+", program))
    imports = [f"import {module}" for module in MODULES if f"{module}." in program]
    for module, names in IMPORTS.items():
        wanted = [name for name in names.split() if name in words]
        imports += [f"from {module} import {', '.join(wanted)}"] if wanted else []
    return "\n".join([future, *imports, "", "", program])
