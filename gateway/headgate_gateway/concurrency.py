"""Several things at once, none of which outlives the others."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, TypeVar

S = TypeVar("S")
T = TypeVar("T")

_TOGETHER = 64
"""Of so many a thread makes something before the loop has its turn.

A thread that computes and the loop take the interpreter from each other: ten
milliseconds of it would be in the way of every request that is there, and each of ten
times one only of a few.
"""


async def all_of(coroutines: Sequence[Coroutine[Any, Any, T]]) -> list[T]:
    """The results in the order of the coroutines; the first failure ends them all."""
    tasks = [asyncio.ensure_future(coroutine) for coroutine in coroutines]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def made_aside(
    make: Callable[[Sequence[S]], Sequence[T]], things: Sequence[S]
) -> list[T]:
    """What is made of many things, each on its own, while the loop goes on."""
    made: list[T] = []
    for start in range(0, len(things), _TOGETHER):
        some = things[start : start + _TOGETHER]
        made += await asyncio.to_thread(make, some)
    return made
