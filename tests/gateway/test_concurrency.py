"""What is computed in threads while the loop goes on."""

import asyncio
import threading
from collections.abc import Sequence
from itertools import pairwise

from headgate_gateway.concurrency import made_aside


async def test_the_loop_has_its_turn_between_the_things_that_are_made() -> None:
    """A thread that makes all of them would hold up every request that is there."""
    turns = 0
    seen: list[int] = []
    sizes: list[int] = []
    loop_thread = threading.get_ident()

    def make(some: Sequence[int]) -> list[str]:
        assert threading.get_ident() != loop_thread
        seen.append(turns)
        sizes.append(len(some))
        return [str(one) for one in some]

    async def go_on() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    going_on = asyncio.create_task(go_on())
    made = await made_aside(make, range(300))
    going_on.cancel()

    assert made == [str(one) for one in range(300)]
    assert max(sizes) < 100
    assert all(before < after for before, after in pairwise(seen))


async def test_nothing_is_made_of_nothing() -> None:
    def make(some: Sequence[int]) -> list[int]:
        raise AssertionError(some)

    assert await made_aside(make, []) == []
