"""What is tried and what came of it: a program with requests, and the outcome of one framework. Plain data."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Sent:
    """One request. Path and query are as on the wire; `chunks` is the body as the server hands it over."""

    method: str
    path: str
    query: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    chunks: tuple[bytes, ...] = (b"",)

    def as_json(self) -> dict[str, Any]:
        chunks = [base64.b64encode(chunk).decode() for chunk in self.chunks]
        return {
            "method": self.method,
            "path": self.path,
            "query": self.query,
            "headers": [list(header) for header in self.headers],
            "chunks": chunks,
        }

    def __str__(self) -> str:
        parts = [self.method, self.path + (f"?{self.query}" if self.query else "")]
        parts += [f"{name}: {value}" for name, value in self.headers]
        if any(self.chunks):
            parts.append(repr(list(self.chunks) if len(self.chunks) > 1 else self.chunks[0]))
        return "\n    ".join(parts)


@dataclass(frozen=True)
class Case:
    """A program in source form that defines `app`, and the requests sent to it in turn."""

    source: str
    requests: tuple[Sent, ...] = ()

    def __str__(self) -> str:
        requests = "\n".join(f"# request {number}\n#   {request}" for number, request in enumerate(self.requests))
        return f"{self.source}\n{requests}"


@dataclass(frozen=True)
class Answer:
    """What one request came to: status 0 where nothing was sent, and the class of what reached the server."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    raised: str | None
    log: tuple[str, ...]


@dataclass(frozen=True)
class Outcome:
    """What a framework made of a case. `registration` and `document_error` name the class of what was raised."""

    registration: str | None = None
    message: str = ""
    document: Any = None
    document_error: str | None = None
    answers: tuple[Answer, ...] = field(default=())

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Outcome:
        answers = tuple(
            Answer(
                answer["status"],
                tuple((name, value) for name, value in answer["headers"]),
                base64.b64decode(answer["body"]),
                answer["raised"],
                tuple(answer["log"]),
            )
            for answer in data.pop("answers", ())
        )
        return cls(**data, answers=answers)
