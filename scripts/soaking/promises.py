"""Promises as cases: what is sent, and what is wrong with the answer. It knows the hostile application's paths."""

import asyncio
import base64
import json
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from .client import Answer, Connection, NoAnswer, ask, request

Check = Callable[[int], Awaitable[str]]
Judge = Callable[[Answer], str]

FACTOR = 10  # times what was sent: the longest answer a hostile request may get
JSON = {"content-type": "application/json"}
FORM = {"content-type": "application/x-www-form-urlencoded"}
MULTIPART = {"content-type": "multipart/form-data; boundary=x"}


@dataclass
class Promise:
    """A sentence, and cases by name. A case returns what is wrong, nothing if the promise is kept."""

    says: str
    cases: dict[str, Check] = field(default_factory=dict)


def answered(sent: bytes, *judges: Judge) -> Check:
    """Return a case: the answer is no server's failure, not too long, an error has a `detail`, and the judges agree."""

    async def check(port: int) -> str:
        answer = await ask(port, sent)
        if answer.status >= 500:
            return f"status {answer.status}"
        if answer.size > FACTOR * len(sent):
            return f"{answer.size} bytes for {len(sent)}"
        if answer.status >= 400 and not answer.body.startswith(b'{"detail":'):
            return f"an error without detail: {answer.body[:80]!r}"
        return next(filter(None, (judge(answer) for judge in judges)), "")

    return check


def status(*allowed: int) -> Judge:
    """Return a judge: the status is one of these."""
    return lambda answer: "" if answer.status in allowed else f"status {answer.status}"


def lacks(*words: bytes) -> Judge:
    """Return a judge: none of these words is in the body."""
    return lambda answer: "".join(f"{word!r} in the answer" for word in words if word in answer.body)


def json_document(answer: Answer) -> str:
    """Judge: the body is JSON as RFC 8259 has it, without NaN."""

    def refuse(word: str) -> float:
        raise ValueError(word)

    try:
        json.loads(answer.body, parse_constant=refuse)
    except RecursionError:
        return ""  # too deep for this reader; what was echoed is as deep as what was sent
    except ValueError as error:
        return f"not JSON: {error}"
    return ""


BODIES: dict[str, bytes] = {
    "NaN": b"NaN",
    "infinities": b"[Infinity, -Infinity, 1e999]",
    "NaN for an integer": b'{"name": "a", "price": NaN}',
    "a lone surrogate": b'{"name": "\\ud800"}',
    "a surrogate as key": b'{"\\ud800": 1}',
    "bytes that are no text": b'{"name": "\xff\xfe"}',
    "every byte": bytes(range(256)),
    "NUL": b"\x00",
    "NUL in a string": b'{"name": "\\u0000"}',
    "nested 300": b"[" * 300 + b"]" * 300,
    "nested 970": b"[" * 970 + b"]" * 970,
    "nested 100,000": b"[" * 100_000 + b"]" * 100_000,
    "objects nested 300": b'{"child":' * 300 + b"null" + b"}" * 300,
    "objects nested 970": b'{"child":' * 970 + b"null" + b"}" * 970,
    "objects nested 100,000": b'{"child":' * 100_000 + b"null" + b"}" * 100_000,
    "a value nested 300": b'{"value":' + b"[" * 300 + b"]" * 300 + b"}",
    "a name nested 300": b'{"name":' + b"[" * 300 + b"]" * 300 + b"}",
    "never closed": b"[" * 100_000,
    "5,000 digits": b"1" * 5000,
    "5,000 digits in an object": b'{"name": "a", "price": ' + b"1" * 5000 + b"}",
    "5,000 digits in a string": b'{"name": "a", "price": "' + b"1" * 5000 + b'"}',
    "a huge exponent": b'{"name": "a", "price": 1e99999999}',
    "UTF-16": '{"name": "a"}'.encode("utf-16"),
    "half a document": b'{"name": "a"',
    "two documents": b"{}{}",
}
TYPES = {"JSON": JSON, "no type": {}, "nonsense": {"content-type": "\xff/;;="}, "text": {"content-type": "text/plain"}}


def json_bodies() -> Iterator[tuple[str, Check]]:
    for name, body in BODIES.items():
        for path in ("/item", "/numbers", "/any", "/node", "/two"):
            yield f"{name} to {path}", answered(request("POST", path, JSON, body), status(200, 400, 422), json_document)


def stray_bodies() -> Iterator[tuple[str, Check]]:
    for name in ("every byte", "NUL", "bytes that are no text", "UTF-16", "nested 100,000"):
        for kind, headers in TYPES.items():
            for path in ("/item", "/any", "/text", "/form", "/files"):
                sent = request("POST", path, headers, BODIES[name])
                yield f"{name} as {kind} to {path}", answered(sent, json_document)


def numbers() -> Iterator[tuple[str, Check]]:
    for name, text in {
        "5,000 digits": "1" * 5000,
        "-5,000 digits": "-" + "1" * 5000,
        "1e400": "1e400",
        "NaN": "nan",
        "NUL": "%00",
        "Arabic": "%D9%A3",
    }.items():
        yield f"{name} in a path", answered(request("GET", f"/number/{text}"), json_document)
        yield f"{name} in a query", answered(request("GET", f"/number/1?q={text}"), json_document)


def many_errors() -> Iterator[tuple[str, Check]]:
    def is_cut(answer: Answer) -> str:
        errors = answer.json()["detail"]
        return "" if len(errors) <= 1000 and errors[-1]["type"] == "too_many_errors" else f"{len(errors)} errors"

    wrong = b"[" + b",".join([b'"a"'] * 100_000) + b"]"
    yield "100,000 wrong items", answered(request("POST", "/numbers", JSON, wrong), status(422), is_cut)
    fields = b"name=a&" + b"&".join([b"numbers=a"] * 900)
    yield "900 wrong fields", answered(request("POST", "/form", FORM, fields), status(400, 422))
    values = "&".join(["q=a"] * 5000)
    yield "5,000 wrong values", answered(request("GET", f"/number/1?{values}"), status(422), is_cut)


def raw_queries() -> Iterator[tuple[str, Check]]:
    for name, query in {"stray bytes": b"\xff\xfe", "UTF-8": "ü".encode(), "a quote": b'"<', "%": b"%%%zz%ff"}.items():
        yield f"{name} beside a slash redirect", _closed_or_answered(request("GET", b"/slash?" + query))
        yield f"{name} in a query", _closed_or_answered(request("GET", b"/number/1?s=" + query))
        yield f"{name} in a path", _closed_or_answered(request("GET", b"/number/" + query.replace(b"%", b"%25")))


def _closed_or_answered(sent: bytes) -> Check:
    """Return a case where the server itself may refuse, with an answer in plain text."""

    async def check(port: int) -> str:
        answer = await ask(port, sent)
        return f"status {answer.status}" if answer.status >= 500 else ""

    return check


def optional_json() -> Iterator[tuple[str, Check]]:
    for name, query in {"absent": "", "empty": "?data=", "null": "?data=null", "wrong": "?data=%7B"}.items():
        yield name, answered(request("GET", f"/optional-json{query}"), status(200, 422))
    yield "right", answered(request("GET", "/optional-json?data=%7B%22name%22:%22a%22%7D"), status(200))


def _basic(raw: bytes) -> str:
    return "Basic " + base64.b64encode(raw).decode()


AUTHORIZATIONS: dict[str, str] = {
    "empty": "",
    "a space": " ",
    "only the scheme": "Bearer",
    "the scheme and spaces": "Bearer   ",
    "no scheme": "token",
    "another scheme": "Negotiate abc",
    "Latin-1": "Bearer \xff\xfe",
    "Latin-1 in the scheme": "B\xe9arer abc",
    "commas": "Bearer a, Bearer b",
    "a tab": "Bearer\ttoken",
    "no base64": "Basic !!!!",
    "cut base64": "Basic YQ",
    "base64 without colon": _basic(b"user"),
    "base64 of stray bytes": _basic(b"\xff\xfe:\xff"),
    "base64 of NUL": _basic(b"a\x00:b"),
    "only a colon": _basic(b":"),
    "base64url": "Basic _-_-",
    "base64 with newlines inside": "Basic YTpi IA==",
    "60,000 characters": "Bearer " + "a" * 60_000,
    "digest without parts": "Digest",
    "digest of commas": "Digest ,,,=,",
}


def authorizations() -> Iterator[tuple[str, Check]]:
    for name, value in AUTHORIZATIONS.items():
        for path in ("/bearer", "/basic", "/digest", "/oauth"):
            sent = request("GET", path, {"authorization": value})
            yield f"{name} to {path}", answered(sent, status(200, 400, 401, 403))


def cookies() -> Iterator[tuple[str, Check]]:
    for name, value in {
        "semicolons": ";;;;",
        "no name": "=a; key",
        "Latin-1": "key=\xff\xfe; a=\xff",
        "an open quote": 'key="a; a="\\',
        "octal": 'key="\\777\\400"',
        "many": "; ".join(f"k{number}=v" for number in range(3000)),
        "commas": "key=a, key=b",
    }.items():
        yield name, answered(request("GET", "/cookie", {"cookie": value}), status(200, 401, 403))


def _part(disposition: bytes, body: bytes = b"a", more: bytes = b"") -> bytes:
    return b"--x\r\ncontent-disposition: form-data" + disposition + b"\r\n" + more + b"\r\n" + body + b"\r\n--x--\r\n"


FORMS: dict[str, bytes] = {
    "no boundary at all": b"name=a",
    "only the beginning": b"--x",
    "a part without headers": b"--x\r\n\r\na\r\n--x--\r\n",
    "a part without name": _part(b""),
    "a header without colon": b"--x\r\ncontent-disposition\r\n\r\na\r\n--x--\r\n",
    "a name of stray bytes": _part(b'; name="\xff"', b"\xff"),
    "an unknown charset": _part(b'; name="name"', b"\xff", b"content-type: text/plain; charset=no\r\n"),
    "a broken file name": _part(b"; name=\"files\"; filename*=no''%ff"),
    "a file where text belongs": _part(b'; name="name"; filename="f"'),
    "text where a file belongs": _part(b'; name="files"'),
    "cut off": b'--x\r\ncontent-disposition: form-data; name="files"; filename="f"\r\n\r\n' + b"a" * 5000,
    "2,000 fields": b'--x\r\ncontent-disposition: form-data; name="name"\r\n\r\na\r\n' * 2000 + b"--x--\r\n",
    "2,000 files": b'--x\r\ncontent-disposition: form-data; name="files"; filename="f"\r\n\r\n\r\n' * 2000
    + b"--x--\r\n",
    "line ends first": b"\r\n" * 50_000 + b"--x--\r\n",
    "a long epilogue": b"--x--\r\n" + b"a" * 100_000,
    "a huge header": b"--x\r\n" + b"a" * 100_000 + b": b\r\n\r\n--x--\r\n",
    "60 empty headers": b"--x\r\n" + b"a: \r\n" * 60 + b"\r\n--x--\r\n",
    "ampersands": b"&=" * 20_000,
    "semicolons": b"a;" * 50_000,
    "percents": b"name=%%%ff%zz%",
}


def forms() -> Iterator[tuple[str, Check]]:
    kinds: dict[str, Mapping[str, str]] = {
        "multipart": MULTIPART,
        "urlencoded": FORM,
        "multipart without boundary": {"content-type": "multipart/form-data"},
        "multipart with an empty one": {"content-type": "multipart/form-data; boundary="},
    }
    for kind, headers in kinds.items():
        for name, body in FORMS.items():
            for path in ("/form", "/files"):
                sent = request("POST", path, headers, body)
                yield f"{name} as {kind} to {path}", answered(sent, status(200, 400, 413, 422))


def answers_that_cannot_be_written() -> Iterator[tuple[str, Check]]:
    yield "NaN and infinity", answered(request("GET", "/not-a-number"), json_document)
    yield "a lone surrogate", answered(request("GET", "/surrogate"), json_document)


def close_reasons() -> Iterator[tuple[str, Check]]:
    async def check(port: int) -> str:
        try:
            async with connect(f"ws://127.0.0.1:{port}/typed?number={'x' * 300}", proxy=None) as socket:
                await socket.recv()
        except ConnectionClosed as closed:
            reason = closed.rcvd.reason if closed.rcvd else ""
            return "" if len(reason.encode()) <= 123 else f"reason {reason!r}"
        except InvalidStatus as refused:
            return "" if refused.response.status_code == 403 else f"status {refused.response.status_code}"
        return "accepted"

    yield "an invalid number", check


def secrets() -> Iterator[tuple[str, Check]]:
    for name, body in {
        "beside a wrong field": {"password": "SECRET", "age": "x"},
        "beside a missing field": {"password": "SECRET"},
        "of a wrong type": {"password": ["SECRET"], "age": 1},
        "in a list": [{"password": "SECRET", "age": 1}],
    }.items():
        sent = request("POST", "/account", JSON, json.dumps(body).encode())
        yield name, answered(sent, status(422), lacks(b"SECRET"))
    yield "in a query", answered(request("POST", "/account-query?password=SECRET"), status(422), lacks(b"SECRET"))
    form = request("POST", "/account", {"content-type": "text/plain"}, b'{"password": "SECRET", "age": "x"}')
    yield "under another content type", answered(form, status(422), lacks(b"SECRET"))


def leaks() -> Iterator[tuple[str, Check]]:
    for kind in ("subclass", "mutated", "dict"):
        for path in ("/public", "/publics"):
            yield f"{kind} from {path}", answered(request("GET", f"{path}?kind={kind}"), lacks(b"SECRET"))


def split_headers() -> Iterator[tuple[str, Check]]:
    def not_split(answer: Answer) -> str:
        return "a header of the client's" if "x-evil" in answer.headers else ""

    for name, value in {"CR LF": "a%0D%0Ax-evil:1", "LF": "a%0Ax-evil:1", "CR": "a%0Dx-evil:1", "NUL": "a%00b"}.items():
        for path in ("/header", "/set-cookie"):
            yield f"{name} in {path}", _never_split(request("GET", f"{path}?value={value}"), not_split)


def _never_split(sent: bytes, judge: Judge) -> Check:
    """Return a case of an endpoint that puts input in a header: it may be the server's failure, but splits nothing."""

    async def check(port: int) -> str:
        try:
            answer = await ask(port, sent)
        except NoAnswer:
            return ""  # the server would not write it
        if "\n" in "".join(answer.headers.values()) or "\x00" in "".join(answer.headers.values()):
            return "a control character in a header"
        return judge(answer)

    return check


def redirects() -> Iterator[tuple[str, Check]]:
    def on_the_host(answer: Answer) -> str:
        location = answer.headers.get("location", "")
        stays = not location or location.startswith("http://127.0.0.1/") or location.strip("/").startswith("slash")
        return "" if stays and not location.startswith("//") else f"location {location}"

    for name, path in {
        "plain": "/slash",
        "double": "//slash",
        "backslash": "/\\evil/slash",
        "@": "/slash?@evil",
    }.items():
        yield name, answered(request("GET", path), on_the_host)
    no_host = b"GET //slash HTTP/1.0\r\n\r\n"
    yield "without host", answered(no_host, on_the_host)


def json_from_elsewhere() -> Iterator[tuple[str, Check]]:
    for name in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "", "text/json"):
        sent = request("POST", "/item", {"content-type": name} if name else {}, b'{"name": "a"}')
        yield name or "no type", answered(sent, status(415, 422))


def threads() -> Iterator[tuple[str, Check]]:
    async def check(port: int) -> str:
        await ask(port, request("PUT", "/threads/5"))
        async with asyncio.timeout(20), asyncio.TaskGroup() as tasks:
            asked = [tasks.create_task(ask(port, request("GET", "/threads"))) for _ in range(100)]
        await ask(port, request("PUT", "/threads/40"))
        wrong = [one.result().status for one in asked if one.result().status != 200]
        return f"statuses {wrong}" if wrong else ""

    yield "100 requests on five threads", check


async def _state(port: int) -> dict[str, int]:
    found: dict[str, int] = (await ask(port, request("GET", "/state"))).json()
    return found


def contexts() -> Iterator[tuple[str, Check]]:
    async def check(port: int) -> str:
        before = await _state(port)
        answer = await ask(port, request("GET", "/reset"))
        if answer.status != 200:
            return f"status {answer.status}"
        after = await _state(port)
        return "" if before["mixed"] == after["mixed"] else "ContextVar.reset(token) failed"

    yield "reset in a sync teardown", check


def teardowns() -> Iterator[tuple[str, Check]]:
    async def check(port: int) -> str:
        before = await _state(port)
        try:
            await ask(port, request("GET", "/teardown"))
        except NoAnswer:
            pass  # what fails after the answer closes the connection
        after = await _state(port)
        opened, closed = after["opened"] - before["opened"], after["closed"] - before["closed"]
        return "" if (opened, closed) == (1, 1) else f"{opened} opened, {closed} closed"

    yield "the outer one runs although the inner one fails", check


def cut_off() -> Iterator[tuple[str, Check]]:
    body = b'--x\r\ncontent-disposition: form-data; name="files"; filename="f"\r\n\r\n' + b"a" * 3_000_000

    async def check(port: int) -> str:
        await _state(port)
        before = await _state(port)
        for _ in range(20):
            async with Connection(port) as connection:
                connection.writer.write(request("POST", "/files", MULTIPART, body)[: len(body) // 2])
                await connection.writer.drain()
        left = 0
        for _ in range(50):
            left = (await _state(port))["descriptors"] - before["descriptors"]
            if left <= 0:
                return ""
            await asyncio.sleep(0.1)
        return f"{left} descriptors left open"

    yield "20 uploads cut off in the middle", check


def cors() -> Iterator[tuple[str, Check]]:
    def closed(answer: Answer) -> str:
        return "CORS headers" if any(name.startswith("access-control") for name in answer.headers) else ""

    origin = {"origin": "https://evil.example", "access-control-request-method": "POST"}
    yield "a preflight", answered(request("OPTIONS", "/item", origin), closed)
    yield "a request", answered(request("GET", "/alive", origin), closed)


PROMISES: list[Promise] = [
    Promise("every JSON body gets an answer, of at most ten times its size", dict(json_bodies())),
    Promise("stray bytes get an answer, with a content type or without", dict(stray_bodies())),
    Promise("numbers of thousands of digits get an answer", dict(numbers())),
    Promise("a list of errors is cut, and says so", dict(many_errors())),
    Promise("raw bytes in paths and queries get an answer", dict(raw_queries())),
    Promise("Json[...] | None parameters work", dict(optional_json())),
    Promise("every malformed Authorization header gets an answer", dict(authorizations())),
    Promise("every malformed Cookie header gets an answer", dict(cookies())),
    Promise("every malformed form gets an answer", dict(forms())),
    Promise("NaN and surrogates in answers are written as JSON", dict(answers_that_cannot_be_written())),
    Promise("a WebSocket is closed with a short reason", dict(close_reasons())),
    Promise("422 never repeats a secret", dict(secrets())),
    Promise("response models let nothing else out", dict(leaks())),
    Promise("headers and cookies are never split", dict(split_headers())),
    Promise("redirects stay on the host", dict(redirects())),
    Promise("JSON of another content type is refused", dict(json_from_elsewhere())),
    Promise("CORS is closed", dict(cors())),
    Promise("threads cannot starve", dict(threads())),
    Promise("set-up and teardown of a sync dependency share a context", dict(contexts())),
    Promise("all teardowns run", dict(teardowns())),
    Promise("uploads cut off in the middle are closed", dict(cut_off())),
]


async def broken_cases(promise: Promise, port: int) -> dict[str, str]:
    """Return what is wrong, by case; empty if the promise is kept."""
    wrong: dict[str, str] = {}
    for name, check in promise.cases.items():
        try:
            found = await check(port)
        except (NoAnswer, TimeoutError, OSError, ValueError, KeyError, ExceptionGroup) as error:
            found = repr(error)
        if found:
            wrong[name] = found
    return wrong
