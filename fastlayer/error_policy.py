"""How errors are answered where an application wants it otherwise: the shape of 422, and RFC 9457 problem details."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from .encoders import dump_json
from .error_answers import fitting
from .exceptions import RequestValidationError
from .responses import EncodedJSONResponse

Errors = Sequence[dict[str, Any]]
ExceptionHandler = Callable[[Request, Any], Awaitable[Response]]

PROBLEM_MEDIA_TYPE = "application/problem+json"


@dataclass(frozen=True)
class ErrorPolicy:
    """How a request that does not fit is answered.

    `status_code`: 422 if absent. `include_input`, `include_context`: whether what was sent, and the bounds it missed,
    are repeated; secrets never are. `shape`: makes the whole body from the list of errors; `{"detail": errors}` if
    absent.
    """

    status_code: int = 422
    include_input: bool = True
    include_context: bool = True
    shape: Callable[[Errors], Any] | None = None

    def errors(self, exc: RequestValidationError) -> list[dict[str, Any]]:
        """The errors as they may be shown."""
        hidden = {"input"} if not self.include_input else set()
        hidden |= {"ctx"} if not self.include_context else set()
        return [{key: value for key, value in error.items() if key not in hidden} for error in exc.errors()]


def validation_handler(policy: ErrorPolicy, *, problems: bool) -> ExceptionHandler:
    """The handler of RequestValidationError that follows the policy."""

    async def answer_invalid_request(request: Request, exc: RequestValidationError) -> Response:
        errors, _ = fitting(policy.errors(exc), request, exc)
        if problems and policy.shape is None:
            return problem(policy.status_code, "The request does not have the declared shape.", errors=errors)
        body = {"detail": errors} if policy.shape is None else policy.shape(errors)
        return EncodedJSONResponse(dump_json(body), status_code=policy.status_code)

    return answer_invalid_request


def policy_handlers(policy: ErrorPolicy | None, *, problems: bool) -> dict[Any, ExceptionHandler]:
    """The handlers an application has by default because of these options; none without them."""
    handlers: dict[Any, ExceptionHandler] = {}
    if policy is not None or problems:
        handlers[RequestValidationError] = validation_handler(policy or ErrorPolicy(), problems=problems)
    if problems:
        handlers |= {HTTPException: answer_problem, Exception: answer_server_problem}
    return handlers


async def answer_problem(request: Request, exc: HTTPException) -> Response:
    """The answer to an HTTPException as problem details; no body where HTTP allows none."""
    if exc.status_code < 200 or exc.status_code in (204, 205, 304):
        return Response(status_code=exc.status_code, headers=exc.headers)
    detail: Any = exc.detail  # Starlette says str; ours is any JSON value
    if isinstance(detail, str):
        return problem(exc.status_code, detail, headers=exc.headers)
    return problem(exc.status_code, None, headers=exc.headers, errors=detail)


async def answer_server_problem(request: Request, exc: Exception) -> Response:
    """The answer to an unhandled exception as problem details; says nothing of it."""
    return problem(500, None)


# The names of RFC 9110, which Python 3.11 and 3.12 do not have yet.
_TITLES = {
    **{status.value: status.phrase for status in HTTPStatus},
    413: "Content Too Large",
    422: "Unprocessable Content",
}


def problem(
    status_code: int, detail: str | None, *, headers: Mapping[str, str] | None = None, **members: Any
) -> Response:
    """A problem details object (RFC 9457, 3.1); `members` extend it (3.2)."""
    title = _TITLES.get(status_code, "Error")
    body: dict[str, Any] = {"type": "about:blank", "title": title, "status": status_code}
    if detail is not None and detail != title:
        body["detail"] = detail
    response = EncodedJSONResponse(dump_json({**body, **members}), status_code=status_code, headers=headers)
    response.headers["content-type"] = PROBLEM_MEDIA_TYPE
    return response
