"""The event log: events are committed in batches, and shown to nobody before that."""

import asyncio
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import sqlalchemy.exc
import structlog

from headgate_gateway.clock import now_ms, rfc3339
from headgate_gateway.events import TERMINAL
from headgate_gateway.json import JsonObject, dump_text
from headgate_gateway.store.runs import Append, RunStore, StoredEvent

_TAIL = 512
"""How many of a live run's newest events are kept in memory for its followers."""
_UNCOMMITTED = 256
"""How far a run may be ahead of the store."""
_BATCH = 1024
_RETRIES = 20
_RETRY_DELAY = 0.25

_log = structlog.get_logger("headgate_gateway.runs")


class StoreLost(Exception):
    """The store takes no more events of a run, or another process took the run up."""


class LiveRun:
    """The newest events of a run that this process carries out."""

    def __init__(self, run_id: str) -> None:
        self.run_id = run_id
        self.assigned = 0
        """The last sequence number given out."""
        self.committed = 0
        """The last sequence number that is in the store."""
        self.failed = False
        self._tail: deque[StoredEvent] = deque(maxlen=_TAIL)
        self._changed = asyncio.Event()

    @property
    def changed(self) -> asyncio.Event:
        """Set when there is more than now; take it before looking."""
        return self._changed

    def after(self, sequence: int) -> list[StoredEvent] | None:
        """The committed events after ``sequence``; None when memory lost some."""
        if sequence >= self.committed:
            return []
        if not self._tail or self._tail[0].sequence > sequence + 1:
            return None
        start = sequence + 1 - self._tail[0].sequence
        return [self._tail[at] for at in range(start, len(self._tail))]

    def show(self, events: tuple[StoredEvent, ...]) -> None:
        """Let followers see what is now committed."""
        self._tail.extend(events)
        self.committed = events[-1].sequence
        self.wake()

    def lose(self) -> None:
        """Stop the run: its events are no longer taken, or no longer ours to give."""
        self.failed = True
        self.wake()

    def wake(self) -> None:
        """Let everyone who waits look again."""
        self._changed.set()
        self._changed = asyncio.Event()


@dataclass(frozen=True, slots=True)
class _Pending:
    live: LiveRun
    append: Append


class EventLog:
    """Gives events their numbers and writes all runs' events in batches."""

    def __init__(self, store: RunStore) -> None:
        self._store = store
        self._live: dict[str, LiveRun] = {}
        self._queue: asyncio.Queue[_Pending] = asyncio.Queue()
        self._writer: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin writing."""
        self._writer = asyncio.create_task(self._write_forever(), name="event-log")

    async def stop(self) -> None:
        """Write what is pending, then stop."""
        await self._queue.join()
        if self._writer is not None:
            self._writer.cancel()
            with suppress(asyncio.CancelledError):
                await self._writer

    def open(self, run_id: str, *, last_sequence: int = 0) -> LiveRun:
        """Take charge of a run's events."""
        live = LiveRun(run_id)
        live.assigned = live.committed = last_sequence
        self._live[run_id] = live
        return live

    def live(self, run_id: str) -> LiveRun | None:
        """The run's tail, if this process carries it out."""
        return self._live.get(run_id)

    async def append(
        self, live: LiveRun, *events: JsonObject, changes: dict[str, Any] | None = None
    ) -> None:
        """Number events and queue them as one, with what changes about the run.

        Waits for the store only when the run is far ahead of it; the events are in the
        queue by then, so that a cancel cannot tear them apart.
        """
        if live.failed:
            raise StoreLost(live.run_id)
        stored: list[StoredEvent] = []
        for event in events:
            live.assigned += 1
            stored.append(numbered(event, run_id=live.run_id, sequence=live.assigned))
        self._queue.put_nowait(
            _Pending(live, Append(live.run_id, tuple(stored), changes or {}))
        )
        while live.assigned - live.committed > _UNCOMMITTED:
            await self.wait(live, live.assigned - _UNCOMMITTED)

    async def wait(self, live: LiveRun, sequence: int) -> None:
        """Return when the event with this number is committed."""
        while live.committed < sequence:
            changed = live.changed
            if live.failed:
                raise StoreLost(live.run_id)
            await changed.wait()

    async def close(self, live: LiveRun) -> None:
        """Give the run up once all its events are committed."""
        with suppress(StoreLost):
            await self.wait(live, live.assigned)
        self._live.pop(live.run_id, None)
        live.wake()

    async def _write_forever(self) -> None:
        while True:
            batch = [await self._queue.get()]
            while len(batch) < _BATCH and not self._queue.empty():
                batch.append(self._queue.get_nowait())
            try:
                await self._commit(batch)
            finally:
                for _ in batch:
                    self._queue.task_done()

    async def _commit(self, batch: list[_Pending]) -> None:
        """Write a batch; a store that is away for a moment only delays it."""
        merged = _merge(batch)
        appends = [append for _, append in merged]
        for attempt in range(_RETRIES):
            try:
                lost = await self._store.append(appends)
                break
            except (sqlalchemy.exc.SQLAlchemyError, OSError) as error:
                _log.warning(
                    "event_log_delayed", attempt=attempt, error=type(error).__name__
                )
                await asyncio.sleep(_RETRY_DELAY)
        else:
            lost = {append.run_id for append in appends}
        for live, append in merged:
            if append.run_id in lost:
                live.lose()
            else:
                live.show(append.events)


def _merge(batch: list[_Pending]) -> list[tuple[LiveRun, Append]]:
    """One append a run, its events in order and its changes laid over each other."""
    merged: dict[str, tuple[LiveRun, Append]] = {}
    for item in batch:
        run_id = item.live.run_id
        if run_id in merged:
            earlier = merged[run_id][1]
            append = Append(
                run_id,
                earlier.events + item.append.events,
                {**earlier.changes, **item.append.changes},
            )
        else:
            append = item.append
        merged[run_id] = (item.live, append)
    return list(merged.values())


def numbered(event: JsonObject, *, run_id: str, sequence: int) -> StoredEvent:
    """An event as it is stored: of its run, with its number and the time."""
    whole = {
        "type": event["type"],
        "run_id": run_id,
        "sequence_number": sequence,
        "created_at": rfc3339(now_ms()),
        **event,
    }
    return StoredEvent(sequence, event["type"], dump_text(whole))


def is_terminal(event: StoredEvent) -> bool:
    """Whether nothing follows this event of a run."""
    return event.type in TERMINAL
