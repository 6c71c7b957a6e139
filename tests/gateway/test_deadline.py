"""The limit on each of many waits."""

from __future__ import annotations

import asyncio

import pytest

from headgate_gateway.deadline import Deadline, line_of


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


class Told:
    """Somebody in a line, who remembers being told."""

    def __init__(self, order: list[Told]) -> None:
        self._order = order
        self.told = asyncio.Event()

    def come(self) -> None:
        """Called by the line."""
        self._order.append(self)
        self.told.set()


async def test_who_leaves_a_line_is_not_told_and_the_others_are_in_turn():
    """One timer stands for all of them, also for those who come while it is on."""
    line, order = line_of(0.05), list[Told]()
    first, left, last = Told(order), Told(order), Told(order)

    for each in (first, left):
        line.join(each)
    await asyncio.sleep(0)
    line.join(last)
    line.leave(left)
    line.leave(left)
    await last.told.wait()

    assert order == [first, last]
    assert line_of(0.05) is line
