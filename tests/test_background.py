"""Background tasks: order, errors, names in the log."""

import functools
import logging

import pytest

from fastlayer.background import BackgroundTask, BackgroundTasks, run_background, task_name

pytestmark = pytest.mark.anyio


def broken(_: object = None) -> None:
    raise RuntimeError("no paper")


async def test_tasks_run_in_order_sync_and_async() -> None:
    ran: list[str] = []

    async def later(name: str) -> None:
        ran.append(name)

    tasks = BackgroundTasks()
    tasks.add_task(ran.append, "first")
    tasks.add_task(later, name="second")
    tasks.add_task(ran.append, "third")
    await tasks()
    assert ran == ["first", "second", "third"]


async def test_an_error_is_logged_with_the_tasks_name_and_ends_the_list(caplog: pytest.LogCaptureFixture) -> None:
    ran: list[int] = []
    tasks = BackgroundTasks()
    tasks.add_task(ran.append, 1)
    tasks.add_task(broken)
    tasks.add_task(ran.append, 2)
    with pytest.raises(RuntimeError, match="no paper"):
        await tasks()
    assert ran == [1]
    (record,) = caplog.records
    assert (record.name, record.levelno) == ("fastlayer", logging.ERROR)
    assert record.getMessage().endswith("test_background.broken failed")
    assert record.exc_info is not None


async def test_a_list_inside_a_list_reports_an_error_once(caplog: pytest.LogCaptureFixture) -> None:
    inner = BackgroundTasks([BackgroundTask(broken)])
    with pytest.raises(RuntimeError):
        await BackgroundTasks([inner])()
    assert len(caplog.records) == 1


async def test_a_single_starlette_task_is_reported_by_run_background(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(RuntimeError):
        await run_background(BackgroundTask(broken))
    assert "broken" in caplog.text


def test_the_name_is_that_of_the_function_inside_partials_and_of_the_class_of_a_callable_object() -> None:
    class Mailer:
        def __call__(self) -> None: ...

    assert task_name(BackgroundTask(functools.partial(broken, 1))).endswith(".broken")
    assert task_name(BackgroundTask(Mailer())).endswith("Mailer")
