"""fastmcp: the operations of an application as tools of an MCP server."""

import asyncio

from fastapi import FastAPI, HTTPException
from fastmcp import Client, FastMCP
from pydantic import BaseModel


class Item(BaseModel):
    name: str
    price: float = 1.5


def make_app() -> FastAPI:
    app = FastAPI(title="Shop")
    items: dict[int, Item] = {}

    @app.post("/items/{item_id}", operation_id="put_item")
    async def put_item(item_id: int, item: Item) -> Item:
        items[item_id] = item
        return item

    @app.get("/items/{item_id}", operation_id="get_item")
    async def get_item(item_id: int) -> Item:
        if item_id not in items:
            raise HTTPException(404)
        return items[item_id]

    return app


async def use_tools() -> None:
    server = FastMCP.from_fastapi(app=make_app())
    async with Client(server) as client:
        assert {tool.name for tool in await client.list_tools()} == {"put_item", "get_item"}
        await client.call_tool("put_item", {"item_id": 1, "name": "pen"})
        found = await client.call_tool("get_item", {"item_id": 1})
    assert found.structured_content == {"name": "pen", "price": 1.5}


def test_operations_are_tools():
    asyncio.run(use_tools())
