"""Streams in flow let those pass that are on their way to their model."""

from __future__ import annotations

import asyncio
import time
from itertools import pairwise

import pytest

from headgate_gateway.starts import Starts


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time, which stands still: what is tested is counted in turns."""
    now = [10.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    return now


async def steps(starts: Starts, seen: list[str], *, count: int) -> None:
    """A request that takes so many turns until it has asked its model."""
    who = object()
    starts.begin(who)
    for _ in range(count):
        await asyncio.sleep(0)
        seen.append("step")
    starts.over(who)


async def frames(starts: Starts, seen: list[str], *, count: int) -> None:
    """A stream that has so many frames ready."""
    for _ in range(count):
        seen.append("frame")
        await starts.let_pass()


async def test_a_start_passes_streams():
    """All of its steps come before the second frame of any stream."""
    starts, seen = Starts(), list[str]()
    await asyncio.gather(
        frames(starts, seen, count=3),
        frames(starts, seen, count=3),
        steps(starts, seen, count=6),
    )

    assert seen == ["frame"] * 2 + ["step"] * 6 + ["frame"] * 4


async def test_streams_go_on_beside_a_long_start():
    """What is on its way for many turns holds a frame for no more than some of them."""
    starts, seen = Starts(), list[str]()
    await asyncio.gather(frames(starts, seen, count=4), steps(starts, seen, count=100))

    places = [place for place, what in enumerate(seen) if what == "frame"]
    assert len(places) == 4
    assert all(10 < after - before < 20 for before, after in pairwise(places))


async def test_what_nobody_ends_counts_for_a_moment(clock: list[float]):
    """A start that waits for something else holds nobody after that."""
    starts, seen = Starts(), list[str]()
    starts.begin("waits")
    clock[0] += 1
    await asyncio.gather(frames(starts, seen, count=2), steps(Starts(), seen, count=3))

    assert seen == ["frame", "frame", "step", "step", "step"]
