"""Generated programs: routes with options, in an application or in routers, and requests to them."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import strategies as st

from scripts.differences import kinds
from scripts.differences.answers import ending
from scripts.differences.cases import Case
from scripts.differences.dependencies import Dependency, dependencies, needed
from scripts.differences.parameters import Parameter, parameters, signature
from scripts.differences.requests import requests

PATHS: list[tuple[str, list[str]]] = [
    ("/r{n}", []),
    ("/r{n}/{{p}}", ["p"]),
    ("/r{n}/{{p}}/{{of_id}}", ["p", "of_id"]),
    ("/r{n}/", []),
    ("/r{n}", []),
    ("/{{p}}", ["p"]),
    ("/r{n}/{{p:path}}", ["p"]),
    ("/r{n}/{{p}}-{{r}}", ["p", "r"]),
    ("/r{n}/{{q:int}}", ["q"]),
    ("/r{n}/{{a}}", ["a"]),
]
METHODS = ["get", "post", "post", "put", "delete", "patch", "get", "head", "options"]
OPTIONS = [
    "status_code=201",
    "tags=['t']",
    "summary='S'",
    "description='D'",
    "deprecated=True",
    "operation_id='op'",
    "include_in_schema=False",
    "response_description='R'",
    "name='named'",
    "status_code=204",
    "tags=['t', 'u']",
    "responses={404: {'description': 'none', 'model': Point}}",
    "responses={'4XX': {'model': Node}, 'default': {'model': int}}",
    "responses={200: {'content': {'image/png': {}}, 'description': 'An image'}}",
    "openapi_extra={'x-a': 1}",
    "status_code=304",
    "openapi_extra={'requestBody': {'required': True}, 'parameters': []}",
    "callbacks=hooks.routes",
    "responses={201: {'model': list[Point]}}",
    "responses={422: {'description': 'mine'}}",
    "generate_unique_id_function=lambda route: f'u-{route.name}'",
    "response_model_exclude_none=True",
]
APP_OPTIONS = [
    "redirect_slashes=False",
    "title='T', version='2', summary='s', description='d'",
    "separate_input_output_schemas=False",
    "responses={500: {'description': 'oops', 'model': Point}}",
    "openapi_tags=[{'name': 't', 'description': 'd'}]",
    "default_response_class=PlainTextResponse",
    "servers=[{'url': '/v1'}]",
    "deprecated=True",
    "include_in_schema=False",
    "generate_unique_id_function=lambda route: route.name",
    "strict_content_type=False",
    "root_path='/root'",
    "callbacks=hooks.routes",
    "contact={'name': 'n'}, license_info={'name': 'MIT'}",
    "default_response_class=HTMLResponse",
    "openapi_url='/o.json'",
]
ROUTER_OPTIONS = [
    "tags=['r']",
    "deprecated=True",
    "responses={418: {'description': 'tea'}}",
    "include_in_schema=False",
    "redirect_slashes=False",
    "default_response_class=HTMLResponse",
    "generate_unique_id_function=lambda route: 'r' + route.name",
    "callbacks=hooks.routes",
]
HOOKS = """\
hooks = APIRouter()


@hooks.post('{$callback_url}/{a}')
def hook(a: int, body: Point) -> Point:
    return body
"""
OVERRIDE = """\
def instead(request: Request, q: int = 5):
    log('instead')
    return q


app.dependency_overrides[{}] = instead
"""
OWN_STATUS = 499
"""What the generated handler of HTTPException answers, whatever the status was."""
CUSTOM = "class Custom(Exception):\n    pass\n"
HANDLER_TEXTS = """\
@app.exception_handler(Custom)
async def handled(request: Request, exc: Custom) -> Response:
    log('handled')
    return JSONResponse({'custom': str(exc)}, status_code=418)


@app.exception_handler(RequestValidationError)
def refused(request: Request, exc: RequestValidationError) -> Response:
    return JSONResponse([[e['type'], list(e['loc'])] for e in exc.errors()] + [repr(exc.body)], 400)


@app.exception_handler(HTTPException)
async def http(request: Request, exc: HTTPException) -> Response:
    return PlainTextResponse(f'{exc.status_code} {exc.detail}', 499)


@app.exception_handler(404)
async def missing(request: Request, exc: Exception) -> Response:
    return PlainTextResponse(repr(exc), 404)


@app.exception_handler(Exception)
def anything(request: Request, exc: Exception) -> Response:
    return PlainTextResponse(type(exc).__name__, 500)


@app.middleware('http')
async def around(request: Request, call_next: Any) -> Response:
    answer = await call_next(request)
    answer.headers['x-around'] = 'yes'
    return answer
"""
HANDLERS = HANDLER_TEXTS.split("\n\n\n")


@dataclass(frozen=True)
class Route:
    """A route in source form, and what a request to it needs."""

    source: str
    method: str
    path: str
    body: str
    parameters: tuple[Parameter, ...]


def _unique(texts: list[str]) -> list[str]:
    return list({text.split("=")[0]: text for text in texts}.values())


def _options(draw: st.DrawFn, choices: list[str], most: int) -> list[str]:
    """Return some of the options, none of them twice; few more often than many."""
    return _unique(draw(st.lists(st.sampled_from(choices), max_size=draw(st.sampled_from([0, 0, 1, most])))))


def _depended(draw: st.DrawFn, known: list[Dependency]) -> tuple[list[str], list[Parameter]]:
    """Return the option `dependencies=` now and then, with what it makes a request send."""
    if not known or draw(st.integers(0, 4)) < 4:
        return [], []
    chosen = draw(st.sampled_from(known))
    call = draw(st.sampled_from(["Depends({})", "Depends({})", "Security({}, scopes=['all'])"])).format(chosen.name)
    return [f"dependencies=[{call}]"], list(chosen.parameters)


@st.composite
def route(draw: st.DrawFn, number: int, owner: str, known: list[Dependency], body: str) -> Route:
    """Return a route on `owner`, the name of an application or a router."""
    template, names = draw(st.sampled_from(PATHS))
    path = template.format(n=number)
    method = draw(st.sampled_from(METHODS))
    body = body if method not in {"get", "head", "options"} or draw(st.integers(0, 9)) == 9 else ""
    found = draw(parameters(names, body=body))
    more: list[str] = []
    sent = list(found)
    for place in range(draw(st.integers(0, 2)) if known else 0):
        text, chosen = needed(draw, known, f"d{place}")
        more.append(text)
        sent += chosen.parameters
    statements = []
    if draw(st.integers(0, 9)) == 9:
        more.append("response: Response")
        statements.append(
            draw(
                st.sampled_from(
                    ["response.headers['x-set'] = 'a'", "response.status_code = 203", "response.set_cookie('k', 'v')"]
                )
            )
        )
    if draw(st.integers(0, 9)) == 9:
        more.append("tasks: BackgroundTasks")
        statements.append("tasks.add_task(log, 'task')")
    end = draw(ending())
    depended, inner = _depended(draw, known)
    options = _unique([*_options(draw, OPTIONS, 3), *end.options, *depended])
    is_async = draw(st.booleans()) if end.is_async is None else end.is_async
    statements += ["log('endpoint')", end.statements]
    returned = f" -> {end.annotation}" * bool(end.annotation)
    source = (
        f"@{owner}.{method}({', '.join([repr(path), *options])})\n"
        f"{'async ' * is_async}def route{number}({signature(found, more)}){returned}:\n"
        + (draw(st.sampled_from(["", "", '    """Says.\n\n    More.\n    """\n'])))
        + "".join(f"    {statement}\n" for statement in statements)
    )
    return Route(source, method.upper(), path, body, (*sent, *inner))


@st.composite
def programs(draw: st.DrawFn) -> Case:
    """Return a program with one to three routes, and requests to them."""
    body = draw(st.sampled_from(["json", "json", "form"]))
    known = draw(dependencies(body))
    depended, everywhere = _depended(draw, known)
    parts = [dependency.source for dependency in known]
    parts.append(f"app = FastAPI({', '.join([*_options(draw, APP_OPTIONS, 2), *depended])})\n")
    parts += draw(st.lists(st.sampled_from(HANDLERS), max_size=draw(st.sampled_from([0, 0, 2])), unique=True))
    routed, routes = draw(_routers(known, body)) if draw(st.integers(0, 2)) == 2 else ([], [])
    for number in range(draw(st.integers(0 if routes else 1, 2))):
        found = draw(route(number, "app", known, body))
        parts.append(found.source)
        routes.append(found)
    if known and draw(st.integers(0, 9)) == 9:
        routed = [*routed, OVERRIDE.format(draw(st.sampled_from(known)).name)]
    source = "\n\n".join([*parts, *routed])
    source = f"{HOOKS}\n\n{source}" if "hooks" in source else source
    source = f"{CUSTOM}\n\n{source}" if "Custom" in source else source
    future = kinds.FUTURE if draw(st.integers(0, 9)) == 9 else ""
    sent = []
    for _ in range(draw(st.sampled_from([1, 2, 4, 6]))):
        to = draw(st.sampled_from(routes))
        sent.append(draw(requests(to.method, to.path, [*to.parameters, *everywhere], to.body)))
    return Case(kinds.with_definitions(future + source), tuple(sent))


@st.composite
def _routers(draw: st.DrawFn, known: list[Dependency], body: str) -> tuple[list[str], list[Route]]:
    """Return one router, or one inside another, with the lines that include them, and the routes with whole paths."""
    names = ["outer", "inner"][: draw(st.integers(1, 2))]
    parts, routes, before = [], [], ""
    prefixes = [draw(st.sampled_from(["", "/p", "/p/{b}", "/p/{owner}"])) for _ in names]
    depended, more = _depended(draw, known)
    for depth, name in enumerate(names):
        arguments = [f"prefix={prefixes[depth]!r}"] * bool(prefixes[depth]) + _options(draw, ROUTER_OPTIONS, 2)
        parts.append(f"{name} = APIRouter({', '.join([*arguments, *(depended if depth == 0 else [])])})\n")
        before += prefixes[depth]
        found = draw(route(10 + depth, name, known, body))
        parts.append(found.source)
        routes.append(Route(found.source, found.method, before + found.path, found.body, (*found.parameters, *more)))
    including = ["prefix='/v'"] * draw(st.booleans()) + _options(
        draw, [o for o in ROUTER_OPTIONS if "slashes" not in o], 2
    )
    if len(names) == 2:
        parts.append("outer.include_router(inner)\n")
    parts.append(f"app.include_router({', '.join(['outer', *including])})\n")
    before = "/v" if "prefix='/v'" in including else ""
    return parts, [Route(r.source, r.method, before + r.path, r.body, r.parameters) for r in routes]
