"""What is known of the cancel scopes around a task, on either event loop."""

import asyncio
import sys
import types

import anyio
import anyio.lowlevel
import pytest

from fastlayer.cancellation import UNKNOWN, enclosing_scope


def test_a_task_of_asyncio_is_in_no_scope() -> None:
    async def main() -> object:
        return enclosing_scope()

    assert asyncio.run(main()) is None


def test_the_innermost_scope_is_found_and_forgotten_when_it_is_left() -> None:
    async def main() -> None:
        with anyio.CancelScope() as outer:
            assert enclosing_scope() is outer
            with anyio.CancelScope() as inner:
                await anyio.lowlevel.checkpoint()
                assert enclosing_scope() is inner
            assert enclosing_scope() is outer
        assert enclosing_scope() is None

    asyncio.run(main())


def test_a_task_in_a_group_is_in_a_scope() -> None:
    async def main() -> None:
        async def child() -> None:
            assert isinstance(enclosing_scope(), anyio.CancelScope)

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(child)

    asyncio.run(main())


def test_nobody_knows_on_trio() -> None:
    async def main() -> object:
        return enclosing_scope()

    assert anyio.run(main, backend="trio") is UNKNOWN


def test_nobody_knows_outside_of_any_task() -> None:
    assert enclosing_scope() is UNKNOWN

    async def main() -> list[object]:
        seen: list[object] = []
        asyncio.get_running_loop().call_soon(lambda: seen.append(enclosing_scope()))
        await asyncio.sleep(0)
        return seen

    assert asyncio.run(main()) == [UNKNOWN]


@pytest.mark.parametrize(("backend", "expected"), [(None, None), (types.ModuleType("other"), UNKNOWN)])
def test_where_anyio_was_never_used_there_is_none_and_where_it_is_another_nobody_knows(
    backend: types.ModuleType | None, expected: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main() -> object:
        return enclosing_scope()

    if backend is None:
        monkeypatch.delitem(sys.modules, "anyio._backends._asyncio", raising=False)
    else:
        monkeypatch.setitem(sys.modules, "anyio._backends._asyncio", backend)
    assert asyncio.run(main()) is expected
