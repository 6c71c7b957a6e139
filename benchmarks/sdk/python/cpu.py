"""CPU time of the process that asks."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterable

from benchmarks.sdk.wire import EVENTS


def microseconds(work: Callable[[], object], times: int) -> float:
    """What one of that many repetitions costs, all of which `work` does."""
    gc.collect()
    started = time.process_time()
    work()
    return (time.process_time() - started) / times * 1e6


def drain(stream: Iterable[object]) -> None:
    """Read a stream to its end; it must have had all its events."""
    seen = sum(1 for _ in stream)
    if seen < EVENTS:
        raise SystemExit(f"{seen} events of {EVENTS}")
