"""CPU time of the process that asks."""

from __future__ import annotations

import gc
import time
from collections.abc import AsyncIterable, Callable, Iterable

from benchmarks.sdk.wire import EVENTS


def microseconds(work: Callable[[], object], times: int) -> float:
    """What one of that many repetitions costs, all of which `work` does."""
    gc.collect()
    started = time.process_time()
    work()
    return (time.process_time() - started) / times * 1e6


def drain(stream: Iterable[object]) -> None:
    """Read a stream to its end; it must have had all its events."""
    _check(sum(1 for _ in stream))


async def microseconds_of(stream: AsyncIterable[object]) -> float:
    """What an event of an async stream costs that is read to its end."""
    gc.collect()
    started, seen = time.process_time(), 0
    async for _ in stream:
        seen += 1
    _check(seen)
    return (time.process_time() - started) / EVENTS * 1e6


def _check(seen: int) -> None:
    if seen < EVENTS:
        raise SystemExit(f"{seen} events of {EVENTS}")
