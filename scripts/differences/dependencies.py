"""Generated dependencies: functions, generators and classes that need parameters and one another, and credentials."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hypothesis import strategies as st

from scripts.differences.parameters import SPECIAL, Parameter, parameters, signature

SCHEMES = [
    "APIKeyHeader(name='X-Key')",
    "APIKeyHeader(name='X-Key', auto_error=False)",
    "APIKeyQuery(name='key')",
    "APIKeyCookie(name='key', description='A key')",
    "HTTPBasic()",
    "HTTPBasic(realm='r')",
    "HTTPBearer(bearerFormat='JWT')",
    "HTTPBearer(auto_error=False)",
    "HTTPDigest()",
    "OAuth2PasswordBearer(tokenUrl='token', scopes={'read': 'r', 'all': 'a'})",
    "OAuth2PasswordBearer('token', auto_error=False)",
    "OpenIdConnect(openIdConnectUrl='/openid')",
    "HTTPBasic(auto_error=False)",
    "APIKeyQuery(name='key', auto_error=False, scheme_name='Mine')",
]
BODIES = {
    "function": "def {name}({signature}):\n    log('{name}')\n{body}    return show(locals())\n",
    "async": "async def {name}({signature}):\n    log('{name}')\n{body}    return show(locals())\n",
    "yield": (
        "def {name}({signature}):\n    log('{name} in')\n    try:\n        yield show(locals())\n"
        "    except Exception as exc:\n        log('{name} ' + type(exc).__name__)\n        {after}\n"
        "    finally:\n        log('{name} out')\n"
    ),
    "async yield": (
        "async def {name}({signature}):\n    log('{name} in')\n    try:\n        yield show(locals())\n"
        "    except Exception as exc:\n        log('{name} ' + type(exc).__name__)\n        {after}\n"
        "    finally:\n        log('{name} out')\n"
    ),
    "class": (
        "class {name}:\n    def __init__({signature}) -> None:\n"
        "        self.seen = show(locals())\n        del self.seen['self']\n"
    ),
    "callable": (
        "class C{name}:\n    def __call__({signature}):\n        return show(locals()) | {{'self': 0}}\n\n\n"
        "{name} = C{name}()\n"
    ),
    "raises": "def {name}({signature}):\n    log('{name}')\n    raise {error}\n",
}
ERRORS = [
    "HTTPException(403, 'no')",
    "HTTPException(404, detail={'a': [1]}, headers={'X-Why': 'not'})",
    "ValueError('v')",
    "Custom('c')",
    "HTTPException(204)",
    "HTTPException(status_code=418, detail=None)",
    "HTTPException(304, 'same')",
    "RequestValidationError([{'loc': ['a'], 'msg': 'm', 'type': 't'}])",
    "KeyError('k')",
    "HTTPException(500, detail=b'x')",
]


@dataclass(frozen=True)
class Dependency:
    """A dependency. `parameters` are those it and everything it needs read from a request."""

    name: str
    source: str
    parameters: tuple[Parameter, ...] = ()


def needed(draw: st.DrawFn, known: Sequence[Dependency], name: str) -> tuple[str, Dependency]:
    """Return how a function asks for one of the dependencies, as its parameter `name`."""
    chosen = draw(st.sampled_from(known))
    argument = chosen.name
    how = draw(st.integers(0, 9))
    call = {
        9: f"Depends({argument}, use_cache=False)",
        8: f"Security({argument}, scopes=['read'])",
        7: f"Security({argument}, scopes=['all', 'read'])",
        6: f"Depends({argument}, scope='function')",
        5: f"Depends({argument}, scope='request')",
    }.get(how, f"Depends({argument})")
    return (f"{name}: Any = {call}" if draw(st.booleans()) else f"{name}: Annotated[Any, {call}]"), chosen


@st.composite
def dependency(draw: st.DrawFn, name: str, known: Sequence[Dependency], body: str) -> Dependency:
    """Return one dependency, which may need those known."""
    sort = draw(st.sampled_from(["function", *BODIES, "scheme", "form"]))
    if sort == "scheme":
        return Dependency(name, f"{name} = {draw(st.sampled_from(SCHEMES))}\n")
    if sort == "form" and body == "form":
        return Dependency("OAuth2PasswordRequestForm", "")
    sort = "async" if sort == "form" else sort
    found = draw(parameters([], body=body))
    more = [draw(st.sampled_from(SPECIAL))] if draw(st.integers(0, 4)) == 4 else []
    inner: list[Parameter] = []
    for number in range(draw(st.integers(0, 2)) if known else 0):
        text, chosen = needed(draw, known, f"d{number}")
        more.append(text)
        inner += chosen.parameters
    setting = ""
    if "response: Response" in more:
        setting = "    response.headers['x-from'] = 'dependency'\n    response.status_code = 207\n"
    written = signature(found, more)
    if sort in {"class", "callable"}:
        written = f"self, {written}" if written else "self"
    source = BODIES[sort].format(
        name=name,
        signature=written,
        body=setting,
        after=draw(st.sampled_from(["raise", "raise", "raise HTTPException(409, 'from')", "raise Custom('y')"])),
        error=draw(st.sampled_from(ERRORS)),
    )
    return Dependency(name, source, (*found, *inner))


@st.composite
def dependencies(draw: st.DrawFn, body: str) -> list[Dependency]:
    """Return dependencies in the order in which a program has to define them."""
    found: list[Dependency] = []
    for number in range(draw(st.sampled_from([0, 0, 1, 2, 3]))):
        found.append(draw(dependency(f"dep{number}", found, body)))
    return found
