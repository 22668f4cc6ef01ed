from typing import Annotated

from fastlayer import BackgroundTasks, Depends, FastLayer

app = FastLayer()
sent: list[str] = []


def send_mail(address: str, text: str) -> None:
    """Slow, and nobody waits for it. A plain function runs in a worker thread."""
    sent.append(f"{address}: {text}")


def note_order(tasks: BackgroundTasks, tea: str) -> str:
    tasks.add_task(send_mail, "office@example.com", f"{tea} was ordered")
    return tea


@app.post("/orders/{tea}", status_code=202)
async def order(tea: Annotated[str, Depends(note_order)], address: str, tasks: BackgroundTasks) -> str:
    tasks.add_task(send_mail, address, f"Your {tea} is on its way")
    return "accepted"
