"""Requests that are there together take each stage together; few do not wait."""

from __future__ import annotations

import asyncio

from headgate_gateway.http.room import Room


async def stages(room: Room, name: int, seen: list[tuple[int, int]]) -> None:
    """Two stages, with a turn between them."""
    room.enter()
    seen.append((1, name))
    await room.turn()
    seen.append((2, name))
    room.leave()


async def test_many_take_a_stage_together():
    """Of many, all have done the first stage before one of them does the second."""
    room, seen = Room(most=0, most_of_one=0), list[tuple[int, int]]()
    for _ in range(8):
        room.enter()
    await asyncio.gather(*(stages(room, name, seen) for name in range(3)))

    assert seen == [(1, 0), (1, 1), (1, 2), (2, 0), (2, 1), (2, 2)]


async def test_few_wait_for_nobody():
    """A request that is nearly alone goes its way from end to end."""
    room, seen = Room(most=0, most_of_one=0), list[tuple[int, int]]()
    await asyncio.gather(*(stages(room, name, seen) for name in range(3)))

    assert seen == [(1, 0), (2, 0), (1, 1), (2, 1), (1, 2), (2, 2)]
