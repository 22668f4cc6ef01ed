"""Receipts: one text file for each order."""

from pathlib import Path

from .schemas import OrderOut


def write_receipt(folder: Path, order: OrderOut) -> None:
    """Writes `order-<id>.txt`. Runs after the response: it gets plain data, since the session is closed by then."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"order-{order.id}.txt").write_text(receipt(order), encoding="utf-8")


def receipt(order: OrderOut) -> str:
    lines = [f"Order {order.id}, {order.placed_at:%Y-%m-%d %H:%M} UTC", ""]
    lines += [f"{line.quantity:3} x {line.title}, {money(line.unit_price_cents)} each" for line in order.lines]
    lines += ["", f"Total {money(order.total_cents)}", ""]
    return "\n".join(lines)


def money(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02}"
