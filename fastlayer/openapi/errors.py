"""What documents say about errors: the answer to requests that do not fit, and problem details (RFC 9457).

Knows the policy of an application and the parts of a document; neither routes nor how errors are answered.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from ..error_policy import PROBLEM_MEDIA_TYPE, ErrorPolicy
from .constants import REF_PREFIX
from .schemas import JsonSchema

VALIDATION_ERRORS: dict[str, JsonSchema] = {
    "HTTPValidationError": {
        "title": "HTTPValidationError",
        "type": "object",
        "properties": {
            "detail": {"title": "Detail", "type": "array", "items": {"$ref": REF_PREFIX + "ValidationError"}}
        },
    },
    "ValidationError": {
        "title": "ValidationError",
        "type": "object",
        "properties": {
            "loc": {
                "title": "Location",
                "type": "array",
                "items": {"anyOf": [{"type": "string"}, {"type": "integer"}]},
            },
            "msg": {"title": "Message", "type": "string"},
            "type": {"title": "Error Type", "type": "string"},
            "input": {"title": "Input"},
            "ctx": {"title": "Context", "type": "object"},
        },
        "required": ["loc", "msg", "type"],
    },
}

_PROBLEM_MEMBERS: dict[str, JsonSchema] = {
    "type": {"title": "Type", "type": "string", "format": "uri-reference", "default": "about:blank"},
    "title": {"title": "Title", "type": "string"},
    "status": {"title": "Status", "type": "integer", "minimum": 100, "maximum": 599},
    "detail": {"title": "Detail", "type": "string"},
}


class Described(NamedTuple):
    """The content of an answer, and the schemas it refers to, by name."""

    content: dict[str, Any]
    schemas: Mapping[str, JsonSchema]


@dataclass(frozen=True)
class DescribedErrors:
    """How the errors of one application are described.

    `status`: of the answer to a request that does not fit; `invalid`: that answer. `problem`: any other error, None
    where nothing is known of it.
    """

    status: str
    invalid: Described
    problem: Described | None

    def describe(self, responses: dict[str, Any], *, may_be_invalid: bool) -> dict[str, JsonSchema]:
        """Add to the responses of an operation what it does not say of errors itself; the schemas this refers to.

        A route that describes its client errors in any way is believed to describe invalid requests too.
        """
        schemas: dict[str, JsonSchema] = {}
        if may_be_invalid and not any(key in responses for key in (self.status, "4XX", "default")):
            responses[self.status] = {"description": "Validation Error", "content": self.invalid.content}
            schemas.update(self.invalid.schemas)
        if self.problem is None:
            return schemas
        responses.setdefault("default", {"description": "Error"})
        for key, response in responses.items():
            if _is_error(key) and "content" not in response and "$ref" not in response:
                response["content"] = self.problem.content
                schemas.update(self.problem.schemas)
        return schemas


def _is_error(key: str) -> bool:
    return key == "default" or key[0] in "45"


def described_errors(
    policy: ErrorPolicy | None = None, *, problems: bool = False, taken: Collection[str] = ()
) -> DescribedErrors:
    """The descriptions that fit a policy; `taken` are names of schemas of the application's own."""
    policy = policy or ErrorPolicy()
    hidden = {"input"} if not policy.include_input else set()
    hidden |= {"ctx"} if not policy.include_context else set()
    error = VALIDATION_ERRORS["ValidationError"]
    properties = {name: schema for name, schema in error["properties"].items() if name not in hidden}
    schemas = {**VALIDATION_ERRORS, "ValidationError": {**error, "properties": properties}}
    invalid = Described({"application/json": {"schema": {"$ref": REF_PREFIX + "HTTPValidationError"}}}, schemas)
    problem = None
    if problems:
        problem = _problem(_free_name("Problem", taken), {"errors": {"title": "Errors"}})
        errors = {"title": "Errors", "type": "array", "items": {"$ref": REF_PREFIX + "ValidationError"}}
        invalid = _problem(_free_name("ValidationProblem", taken), {"errors": errors}, "errors")
        invalid = Described(invalid.content, {**invalid.schemas, "ValidationError": schemas["ValidationError"]})
    if policy.shape is not None:
        invalid = Described({"application/json": {"schema": {}}}, {})
    return DescribedErrors(str(policy.status_code), invalid, problem)


def _problem(name: str, more: dict[str, JsonSchema], *required: str) -> Described:
    schema = {
        "title": name,
        "type": "object",
        "properties": {**_PROBLEM_MEMBERS, **more},
        "required": ["type", "title", "status", *required],
    }
    return Described({PROBLEM_MEDIA_TYPE: {"schema": {"$ref": REF_PREFIX + name}}}, {name: schema})


def _free_name(name: str, taken: Collection[str]) -> str:
    while name in taken:
        name = f"Default{name}"
    return name
