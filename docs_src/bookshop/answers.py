"""What the document says about answers that are not simply the endpoint's return value."""

from typing import Any

from pydantic import BaseModel

from fastlayer import status

Answers = dict[int | str, dict[str, Any]]


class Problem(BaseModel):
    detail: str


CREATED: Answers = {
    status.HTTP_201_CREATED: {
        "headers": {"Location": {"description": "Where to find it", "required": True, "schema": {"type": "string"}}}
    }
}

DESCRIPTIONS = {
    status.HTTP_400_BAD_REQUEST: "The body cannot be read",
    status.HTTP_401_UNAUTHORIZED: "Not logged in",
    status.HTTP_403_FORBIDDEN: "Not allowed",
    status.HTTP_404_NOT_FOUND: "Not found",
    status.HTTP_409_CONFLICT: "In conflict with what is there",
}


def problems(*codes: int) -> Answers:
    """The `responses=` of a route which may refuse with these status codes."""
    answers: Answers = {code: {"model": Problem, "description": DESCRIPTIONS[code]} for code in codes}
    if unauthorized := answers.get(status.HTTP_401_UNAUTHORIZED):
        unauthorized["headers"] = {"WWW-Authenticate": {"required": True, "schema": {"type": "string"}}}
    return answers
