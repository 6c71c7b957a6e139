"""Reading a run's events from any point to its end, while it goes on or long after."""

import asyncio
from collections.abc import AsyncGenerator

from headgate_gateway.runs.log import EventLog, LiveRun, is_terminal
from headgate_gateway.store.runs import RunStore, StoredEvent, ended
from headgate_gateway.streaming import Cut

_BATCH = 64
"""How many events a reader is given at a time, which bounds what it holds in memory."""
_POLL = 0.1
"""How often a run is looked at that another process carries out, in seconds."""


class Followers:
    """Gives all readers the same events. A reader holds a number, not a queue."""

    def __init__(self, log: EventLog, store: RunStore) -> None:
        self._log = log
        self._store = store

    async def follow(
        self, run_id: str, *, after: int, wait: bool = True
    ) -> AsyncGenerator[list[StoredEvent], None]:
        """The committed events after ``after``, in batches, up to the terminal one.

        Without ``wait`` it ends with the newest stored event. Where those that follow
        are no longer kept, it breaks off: an error would say that the run had failed.
        """
        position = after
        while True:
            live = self._live(run_id)
            changed = live.changed if live else None
            batch = await self._read(run_id, live, position)
            if batch:
                yield batch
                position = batch[-1].sequence
                if is_terminal(batch[-1]):
                    return
            elif (live is None and await self._is_over(run_id, position)) or not wait:
                return
            elif changed is not None:
                await changed.wait()
            else:
                await asyncio.sleep(_POLL)

    async def wait_for_end(self, run_id: str) -> None:
        """Return when the run is over."""
        while (live := self._live(run_id)) is not None:
            await live.changed.wait()
        while True:
            row = await self._store.get(run_id)
            if row is None or ended(row):
                return
            await asyncio.sleep(_POLL)

    def _live(self, run_id: str) -> LiveRun | None:
        """The run's tail if it is carried out here; a lost run is elsewhere by now."""
        live = self._log.live(run_id)
        return None if live is None or live.failed else live

    async def _read(
        self, run_id: str, live: LiveRun | None, position: int
    ) -> list[StoredEvent]:
        recent = live.after(position) if live else None
        if recent is None:
            return await self._store.events(run_id, after=position, limit=_BATCH)
        return recent[:_BATCH]

    async def _is_over(self, run_id: str, position: int) -> bool:
        """Whether nothing can follow ``position``; Cut if what follows it is gone."""
        row = await self._store.get(run_id)
        if row is None or row["trimmed_through"] > position:
            raise Cut
        return ended(row) and row["newest_sequence"] <= position
