"""A framework that differs in one place from the one it is compared with: it answers 422 as 400."""

from typing import Any

from starlette.types import Receive, Scope, Send

import fastlayer


def install() -> None:
    """Make `import fastapi` give FastLayer with the difference in it."""
    fastlayer.install_as_fastapi()
    applications: Any = __import__("fastapi").applications
    answer = applications.FastAPI.__call__

    async def differing(self: Any, scope: Scope, receive: Receive, send: Send) -> None:
        async def sent(message: Any) -> None:
            await send({**message, "status": 400} if message.get("status") == 422 else message)

        await answer(self, scope, receive, sent)

    applications.FastAPI.__call__ = differing
