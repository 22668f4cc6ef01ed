import asyncio
from collections.abc import AsyncIterator
from typing import Annotated

from fastlayer import Depends, FastLayer, Outcome

app = FastLayer()
ledger: list[str] = []


async def get_entries(outcome: Outcome) -> AsyncIterator[list[str]]:
    """A transaction: what was written counts only if nothing failed."""
    entries: list[str] = []
    try:
        yield entries
    finally:
        if outcome.ok:
            ledger.extend(entries)


Entries = Annotated[list[str], Depends(get_entries)]


@app.post("/entries/{text}")
async def add_entry(text: str, entries: Entries) -> None:
    entries.append(text)


async def close_the_books(year: int, entries: Entries) -> None:
    entries.append(f"{year} is closed")


async def main() -> None:
    async with app.dependencies() as scope:
        await scope.call(close_the_books, year=2026)


if __name__ == "__main__":
    asyncio.run(main())
