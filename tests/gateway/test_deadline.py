"""The limit on each of many waits."""

import asyncio

import pytest

from headgate_gateway.deadline import Deadline


async def test_a_wait_that_takes_too_long_is_a_timeout():
    """However often the ones before it were over in time."""
    deadline = Deadline(0.2)
    for _ in range(3):
        with deadline:
            await asyncio.sleep(0)

    with pytest.raises(TimeoutError), deadline:
        await asyncio.Event().wait()

    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0


async def test_a_task_that_is_cancelled_meanwhile_is_no_timeout():
    """Whoever cancels a task that waits gets a cancelled task."""

    async def wait() -> None:
        with Deadline(60):
            await asyncio.Event().wait()

    task = asyncio.create_task(wait())
    await asyncio.sleep(0)
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task
