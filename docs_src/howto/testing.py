from collections.abc import Iterator

import anyio
import pytest

from fastlayer import FastLayer
from fastlayer.diagnostics import diagnose
from fastlayer.testclient import AsyncClient, CallFailed, TestClient

from .roles import Role, User, app, get_user, list_orders, read_order

clerk = User(name="ada", roles=frozenset({Role.CLERK}))
customer = User(name="bob", roles=frozenset({Role.CUSTOMER}))


@pytest.fixture
def client() -> Iterator[TestClient]:
    """Asks as a clerk: nobody has to log in."""
    with TestClient(app, overrides={get_user: lambda: clerk}) as client:
        yield client


def test_what_is_on_the_wire(client: TestClient) -> None:
    answer = client.get("/orders/2")
    assert (answer.status_code, answer.json()) == (200, {"number": 2, "customer": "cem"})


def test_the_same_by_the_function(client: TestClient) -> None:
    assert client.call(read_order, number=2) == {"number": 2, "customer": "cem"}


def test_a_customer_sees_only_their_own_orders() -> None:
    with TestClient(app, overrides={get_user: lambda: customer}) as client:
        assert client.get("/orders/1").status_code == 200
        assert client.get("/orders/2").status_code == 404


def test_the_office_is_closed_to_customers() -> None:
    client = TestClient(app, overrides={get_user: lambda: customer})
    with client, pytest.raises(CallFailed, match="This takes the role clerk"):
        client.call(list_orders)


def test_without_overrides_a_key_is_needed() -> None:
    client = TestClient(app)
    assert client.get("/orders/1").status_code == 401
    assert client.get("/orders/1", headers={"x-key": "bob's key"}).status_code == 200


def test_what_the_program_raises_is_raised_here() -> None:
    broken = FastLayer()

    @broken.get("/")
    async def divide() -> float:
        return 1 / 0

    with pytest.raises(ZeroDivisionError):
        TestClient(broken).get("/")
    assert TestClient(broken, raise_server_exceptions=False).get("/").status_code == 500


@pytest.mark.anyio
async def test_two_requests_at_once() -> None:
    seen: list[int] = []

    async with AsyncClient(app, overrides={get_user: lambda: clerk}) as client:

        async def ask(number: int) -> None:
            seen.append((await client.get(f"/orders/{number}")).status_code)

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(ask, 1)
            tasks.start_soon(ask, 2)
    assert seen == [200, 200]


def test_nothing_is_registered_that_cannot_work() -> None:
    assert diagnose(app) == []
