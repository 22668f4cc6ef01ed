import pytest

from fastlayer.testclient import AsyncClient

from .dependencies import Till, app, get_till, sell


@pytest.mark.anyio
async def test_a_sale_on_the_event_loop_of_the_test() -> None:
    till = Till()
    async with AsyncClient(app, overrides={get_till: lambda: till}) as client:
        answer = await client.post("/sales/sencha", headers={"x-seller": "ada"})
        assert answer.json() == {"seller": "Ada", "sold": 1}
        assert await client.call(sell, tea="assam", x_seller="ada") == {"seller": "Ada", "sold": 2}
