"""Form limits are left in the scope of requests, and of nothing else."""

import pytest
from starlette.types import Receive, Scope, Send

from fastlayer.limits import FORM_LIMITS_KEY
from fastlayer.middleware.form_limits import FormLimitsMiddleware


async def unused(*_: object) -> None:
    raise AssertionError("called")


@pytest.mark.anyio
@pytest.mark.parametrize(("kind", "limits"), [("http", {"max_fields": 2}), ("websocket", None), ("lifespan", None)])
async def test_only_requests_get_limits(kind: str, limits: dict[str, int] | None) -> None:
    seen: list[Scope] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope)

    await FormLimitsMiddleware(app, {"max_fields": 2})({"type": kind}, unused, unused)  # type: ignore[arg-type]

    assert [scope.get(FORM_LIMITS_KEY) for scope in seen] == [limits]


@pytest.mark.anyio
async def test_the_inner_limits_win_key_by_key() -> None:
    scope: Scope = {"type": "http"}

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        assert scope[FORM_LIMITS_KEY] == {"max_fields": 2, "max_files": 1}

    inner = FormLimitsMiddleware(app, {"max_fields": 2})
    await FormLimitsMiddleware(inner, {"max_fields": 5, "max_files": 1})(scope, unused, unused)  # type: ignore[arg-type]
    assert scope[FORM_LIMITS_KEY] == {"max_fields": 2, "max_files": 1}
