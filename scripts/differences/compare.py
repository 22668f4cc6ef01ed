"""Where two outcomes of one case differ. Knows what counts as the same, and nothing of why something does not."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from scripts.differences.cases import Answer, Outcome, Sent

ABSENT = "(absent)"
NAMES = re.compile(r"\d+")


@dataclass(frozen=True)
class Difference:
    """One place where the answers part. `theirs` is the first framework's, the real one's.

    `path` leads to the place inside a JSON value; `answers` are both whole answers, where a request was answered.
    """

    place: str
    theirs: Any
    ours: Any
    path: tuple[str | int, ...] = ()
    request: Sent | None = None
    answers: tuple[Answer, Answer] | None = None
    outcomes: tuple[Outcome, Outcome] | None = None

    @property
    def signature(self) -> str:
        """The sort of difference: equal for two that most probably have one cause."""
        steps = [NAMES.sub("0", str(step)) for step in self.path if not str(step).startswith("/")]
        kinds = [f"{type(value).__name__}" for value in (self.theirs, self.ours)]
        if self.place in {"status", "registration", "raised", "document error"}:
            kinds = [str(self.theirs), str(self.ours)]
        return " ".join([self.place, ".".join(steps), *kinds])

    def __str__(self) -> str:
        where = ".".join(map(str, (self.place, *self.path)))
        return f"{where}\n  FastAPI:   {self.theirs!r}\n  FastLayer: {self.ours!r}"


def json_differences(
    theirs: Any, ours: Any, path: tuple[str | int, ...] = ()
) -> Iterator[tuple[tuple[str | int, ...], Any, Any]]:
    """Yield the innermost places where two JSON values differ; `1`, `1.0` and `true` are three values."""
    if isinstance(theirs, dict) and isinstance(ours, dict):
        for key in [*theirs, *(key for key in ours if key not in theirs)]:
            yield from json_differences(theirs.get(key, ABSENT), ours.get(key, ABSENT), (*path, key))
    elif isinstance(theirs, list) and isinstance(ours, list) and len(theirs) == len(ours):
        for number, (one, other) in enumerate(zip(theirs, ours, strict=True)):
            yield from json_differences(one, other, (*path, number))
    elif type(theirs) is not type(ours) or (theirs != ours and repr(theirs) != repr(ours)):
        yield path, theirs, ours


def as_json(answer: Answer) -> Any:
    """Return the JSON value of an answer, or its bytes where it has none."""
    kind = dict(answer.headers).get("content-type", "")
    if "json" not in kind or not answer.body:
        return answer.body
    try:
        if kind.partition(";")[0] in {"application/jsonl", "application/x-ndjson"}:
            return [json.loads(line) for line in answer.body.splitlines()]
        return json.loads(answer.body)
    except ValueError:
        return answer.body


def _headers(theirs: Answer, ours: Answer) -> Iterator[tuple[str, Any, Any]]:
    names = dict.fromkeys(name for name, _ in (*theirs.headers, *ours.headers))
    for name in names:
        values = [[value for key, value in answer.headers if key == name] for answer in (theirs, ours)]
        # Its length says no more than the body, which is looked at by itself.
        if values[0] != values[1] and not (name == "content-length" and all(values)):
            yield name, values[0] or ABSENT, values[1] or ABSENT


def answer_differences(sent: Sent, theirs: Answer, ours: Answer) -> Iterator[Difference]:
    """Yield where two answers to one request differ; where the status does, nothing else."""
    both = (theirs, ours)
    if (theirs.status, theirs.raised) != (ours.status, ours.raised):
        one, other = (" ".join(filter(None, (str(answer.status), answer.raised))) for answer in both)
        yield Difference("status", one, other, request=sent, answers=both)
        return
    for name, one, other in _headers(theirs, ours):
        yield Difference("header", one, other, (name,), sent, both)
    for path, one, other in json_differences(as_json(theirs), as_json(ours)):
        yield Difference("body", one, other, path, sent, both)
    if theirs.log != ours.log:
        yield Difference("log", list(theirs.log), list(ours.log), (), sent, both)


def differences(requests: tuple[Sent, ...], theirs: Outcome, ours: Outcome) -> Iterator[Difference]:
    """Yield where two outcomes differ. What was raised at registration is the same if something was, by both."""
    if theirs.registration or ours.registration:
        # The text of a mistake is a framework's own, and so is its class.
        if not (theirs.registration and ours.registration):
            texts = [f"{outcome.registration} {outcome.message}" for outcome in (theirs, ours)]
            one, other = (text.splitlines()[0] for text in texts)
            yield Difference("registration", one, other, outcomes=(theirs, ours))
        return
    if theirs.document_error != ours.document_error:
        yield Difference("document error", f"{theirs.document_error}", f"{ours.document_error} {ours.message}")
    elif not theirs.document_error:
        for path, one, other in json_differences(theirs.document, ours.document):
            yield Difference("document", one, other, path, outcomes=(theirs, ours))
    for sent, first, second in zip(requests, theirs.answers, ours.answers, strict=True):
        yield from answer_differences(sent, first, second)
