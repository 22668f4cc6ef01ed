import pytest

from fastlayer.testclient import AsyncClient

from .sockets import app


@pytest.mark.anyio
async def test_a_room_hears_what_is_said() -> None:
    async with (
        AsyncClient(app) as client,
        client.websocket_connect("/rooms/tea?token=ada") as ada,
        client.websocket_connect("/rooms/tea?token=bob") as bob,
    ):
        await bob.send_text("hello")
        assert await ada.receive_text() == "Bob: hello"
