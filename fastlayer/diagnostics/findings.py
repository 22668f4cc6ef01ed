"""What a diagnosis says: findings, and the table of their codes. Knows nothing of routes."""

from typing import Literal, NamedTuple

Severity = Literal["error", "warning"]


class Rule(NamedTuple):
    """What stands behind a code. An error never works; a warning works otherwise than it reads."""

    severity: Severity
    title: str


CODES: dict[str, Rule] = {
    "FL101": Rule("warning", "The same method and path are registered twice"),
    "FL102": Rule("warning", "An earlier route answers all requests of a later one"),
    "FL103": Rule("warning", "Nothing takes a parameter of the path"),
    "FL105": Rule("warning", "A GET or HEAD operation reads a body"),
    "FL106": Rule("warning", "A status without a body has something to send"),
    "FL107": Rule("warning", "*args or **kwargs are read as query parameters"),
    "FL108": Rule("error", "A WebSocket endpoint is a plain def"),
    "FL109": Rule("warning", "A blocking call holds up the event loop"),
    "FL110": Rule("warning", "Two operations have the same id"),
    "FL111": Rule("warning", "A dependency returns another type than its parameter says"),
    "FL112": Rule("error", "A JSON body stands beside a form or a file"),
    "FL113": Rule("warning", "A status code is not a registered one"),
    "FL114": Rule("warning", "A dependency override replaces nothing"),
    "FL115": Rule("warning", "A silenced code does not exist"),
}


class Finding(NamedTuple):
    """One thing that is probably a mistake."""

    code: str
    message: str
    place: str
    """`name (file:line)`, as far as it is known."""
    remedy: str

    @property
    def severity(self) -> Severity:
        return CODES[self.code].severity

    def __str__(self) -> str:
        where = f"\n  In {self.place}." if self.place else ""
        return f"{self.code} {self.message}{where}\n  {self.remedy}"
