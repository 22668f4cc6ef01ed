"""Sends back what it gets."""

from fastlayer import FastLayer, WebSocket, WebSocketDisconnect

app = FastLayer()


@app.websocket("/echo")
async def echo(websocket: WebSocket) -> None:
    await websocket.accept()
    try:
        while True:
            await websocket.send_text(await websocket.receive_text())
    except WebSocketDisconnect:
        pass
