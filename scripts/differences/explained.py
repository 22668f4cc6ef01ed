"""The differences that docs/differences.md explains, each recognised as narrowly as it can be."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from scripts.differences.cases import Case
from scripts.differences.compare import ABSENT, Difference, as_json
from scripts.differences.programs import OWN_STATUS

Rule = Callable[[Case, Difference], bool]


@dataclass(frozen=True)
class Explanation:
    """A rule, and the words of docs/differences.md it stands for."""

    words: str
    applies: Rule


BOUNDS = {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"}


def _integer_bound(_: Case, difference: Difference) -> bool:
    at_bound = difference.place == "document" and difference.path[-1] in BOUNDS
    return at_bound and isinstance(difference.theirs, int | float) and difference.theirs == difference.ours


def _allow(_: Case, difference: Difference) -> bool:
    if difference.place != "header" or difference.path != ("allow",) or difference.answers is None:
        return False
    both = [set(", ".join(values).split(", ")) for values in (difference.theirs, difference.ours)]
    return difference.answers[0].status == 405 and both[0] < both[1]


def _stream_spaces(_: Case, difference: Difference) -> bool:
    """Tell whether two streams of events hold the same JSON, written with and without spaces."""
    if difference.place != "body" or difference.path or not isinstance(difference.theirs, bytes):
        return False
    both = [[_read(line) for line in body.split(b"\n")] for body in (difference.theirs, difference.ours)]
    return b"data: " in difference.theirs and both[0] == both[1]


def _read(line: bytes) -> object:
    if not line.startswith(b"data: "):
        return line
    try:
        return repr(json.loads(line[6:]))
    except ValueError:
        return line


def _earlier(_: Case, difference: Difference) -> bool:
    """Tell whether FastLayer refuses a program that FastAPI registers, and then has no document or no answer for."""
    if difference.place != "registration" or difference.outcomes is None:
        return False
    theirs, ours = difference.outcomes
    return bool(ours.registration and theirs.document_error)


def _dangling(_: Case, difference: Difference) -> bool:
    """Tell whether only FastLayer defines the errors that both documents refer to."""
    if difference.place != "document" or difference.theirs != ABSENT or difference.outcomes is None:
        return False
    schemas = difference.ours.get("schemas", {}) if difference.path == ("components",) else {difference.path[-1]: ""}
    errors = {"HTTPValidationError", "ValidationError"}
    return set(schemas) <= errors and "/HTTPValidationError" in json.dumps(difference.outcomes[0].document)


def _failed(difference: Difference, error: str) -> bytes:
    """Return what FastLayer answered where FastAPI failed with this error; nothing where that is not so."""
    if difference.place != "status" or difference.answers is None:
        return b""
    theirs, ours = difference.answers
    return ours.body if theirs.raised == error and ours.raised is None else b""


def _not_finite(case: Case, difference: Difference) -> bool:
    request = difference.request
    sent = b"".join(request.chunks) + request.query.encode() if request else b""
    return b"null" in _failed(difference, "ValueError") and any(
        text in sent or text.decode() in case.source for text in (b"NaN", b"Infinity", b"inf", b"e400", b"nan")
    )


def _surrogate(_: Case, difference: Difference) -> bool:
    return b"\\ud" in _failed(difference, "UnicodeEncodeError")


def _undecodable(_: Case, difference: Difference) -> bool:
    return b"\\\\x" in _failed(difference, "UnicodeDecodeError")


def _file_as_dict(_: Case, difference: Difference) -> bool:
    """Tell whether an error repeats a file of two-byte lines, of which `dict()` makes numbers."""
    path = difference.path
    return "input" in path and "file" in path[path.index("input") :] and isinstance(difference.theirs, int)


def _unused(_: Case, difference: Difference) -> bool:
    """Tell whether a schema is missing that nothing in FastAPI's document refers to."""
    if difference.path[:2] != ("components", "schemas") or len(difference.path) != 3 or difference.outcomes is None:
        return False
    reference = f'"#/components/schemas/{difference.path[2]}"'
    return difference.ours == ABSENT and reference not in json.dumps(difference.outcomes[0].document)


def _details(_: Case, difference: Difference) -> bool:
    """Tell whether the detail of an exception is what FastAPI could not write."""
    if difference.answers is None or difference.place != "status":
        return False
    theirs, ours = difference.answers
    return theirs.raised == "TypeError" and theirs.status == 500 and ours.body.startswith(b'{"detail":')


def _failed_events(case: Case, difference: Difference) -> bool:
    """Tell whether a stream of events failed in both, and more of it was sent by FastLayer."""
    if difference.answers is None or "EventSourceResponse" not in case.source:
        return False
    theirs, ours = difference.answers
    both_failed = theirs.raised == ours.raised == "ExceptionGroup" and ours.status == 200
    return both_failed and (theirs.status == 500 or ours.body.startswith(theirs.body))


UNWRITABLE = {"PydanticSerializationError", "UnicodeDecodeError", "TypeError", "ValueError", "RecursionError"}


def _unwritable(_: Case, difference: Difference) -> bool:
    """Tell whether both failed to write an answer, each with an error of its own."""
    if difference.place != "status" or difference.answers is None:
        return False
    theirs, ours = difference.answers
    return theirs.status == ours.status == 500 and {theirs.raised, ours.raised} <= UNWRITABLE


def _called_again(case: Case, difference: Difference) -> bool:
    """Tell whether FastAPI called dependencies more often, below one that is shared."""
    if difference.place != "log" or "use_cache=False" not in case.source:
        return False
    return set(difference.theirs) == set(difference.ours) and Counter(difference.ours) < Counter(difference.theirs)


def _repeated_field(_: Case, difference: Difference) -> bool:
    """Tell whether FastAPI's form says a field or a model once more than FastLayer's."""
    if difference.path[-1:] != ("allOf",) or not isinstance(difference.theirs, list):
        return False
    once = [part for number, part in enumerate(difference.theirs) if part not in difference.theirs[:number]]
    return bool([part for part in once if set(part) != {"properties"}] == difference.ours)


COLLECTIONS = {f"{name}_type" for name in ("list", "set", "tuple", "frozen_set", "is_sequence_of", "is_instance_of")}
SCHEMES = re.compile(r"= (APIKey\w+|HTTP(Basic|Bearer|Digest)|OAuth2PasswordBearer|OpenIdConnect)\(")


def _stranger(case: Case, difference: Difference) -> bool:
    """Tell whether FastLayer refused a request without credentials before what FastAPI did first."""
    if difference.answers is None or difference.place not in {"status", "log"} or not SCHEMES.search(case.source):
        return False
    theirs, ours = difference.answers
    return ours.status in {401, OWN_STATUS} and set(ours.log) <= {*theirs.log, "sent", "handled"}


def _empty_cookie(_: Case, difference: Difference) -> bool:
    """Tell whether FastLayer says that an empty cookie is no list."""
    if difference.answers is None or b'"cookie"' not in difference.answers[1].body:
        return False
    answer = as_json(difference.answers[1])
    errors = answer.get("detail") if isinstance(answer, dict) else None
    return any(
        error["loc"][0] == "cookie" and error["input"] == "" and error["type"] in COLLECTIONS for error in errors or ()
    )


EXPLANATIONS = [
    Explanation("An empty cookie is no list", _empty_cookie),
    Explanation("run before the body is read, and before other dependencies of a route that has one", _stranger),
    Explanation("In a form with models, what several parameters read is described once", _repeated_field),
    Explanation("The exception of an answer that cannot be written may be another one", _unwritable),
    Explanation("What a shared dependency asks for without cache is called with it, once", _called_again),
    Explanation("Of a stream of events that fails, the items before the failure are sent", _failed_events),
    Explanation("`HTTPException` details that are not plain JSON are encoded", _details),
    Explanation("A schema that nothing in the document refers to is left out", _unused),
    Explanation("NaN and infinity are `null`", _not_finite),
    Explanation("A lone surrogate in an answer or in a repeated input is escaped", _surrogate),
    Explanation("Undecodable bytes in a repeated input are shown as text with backslashes", _undecodable),
    Explanation("Of a file sent where text is expected, an error shows how it is kept", _file_as_dict),
    Explanation("is defined where only a callback refers to it", _dangling),
    Explanation("The JSON of a stream's items is compact", _stream_spaces),
    Explanation("A mistake in the application's own code raises a `FastLayerError`", _earlier),
    Explanation("Bounds stay integers", _integer_bound),
    Explanation("A 405 lists the methods of every route on the path", _allow),
]


def explained(case: Case, difference: Difference) -> bool:
    """Tell whether a difference is one of those the documentation explains."""
    return any(explanation.applies(case, difference) for explanation in EXPLANATIONS)
