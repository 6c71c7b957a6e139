"""Takes entries on the way and writes them in batches, off the requests' path."""

import asyncio
from contextlib import suppress
from itertools import accumulate

import structlog
from sqlalchemy.exc import SQLAlchemyError

from headgate_gateway.audit.entry import Entry, rows_of, weight_of
from headgate_gateway.store.audit import AuditStore

_PAUSE = 0.1
"""Seconds in which entries gather."""
_RETRY = 1.0
_BATCH = 1024
"""Entries that are written together, fewer where they hold bodies."""
_MANY = 4000
"""Entries that wait when the store falls behind: each caller is held up a little."""
_BREATH = 0.02
"""Seconds for that where twice as many wait: the store's thread gets them."""
_MOST = 10_000
"""Entries that may wait: with more of them, callers wait for the store."""

_log = structlog.get_logger("headgate_gateway.audit")


class AuditTrail:
    """Entries on their way to the store. What was taken is written before the end."""

    def __init__(self, store: AuditStore) -> None:
        self._store = store
        self._waiting: list[Entry] = []
        self._weight = 0
        """How many entries without bodies would hold as much as those that wait."""
        self._some = asyncio.Event()
        self._writing = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None
        self._written = asyncio.Event()
        self._failing = False

    @property
    def written(self) -> asyncio.Event:
        """Set when there is more than now; take it before looking."""
        return self._written

    def start(self) -> None:
        """Begin to write."""
        self._task = asyncio.create_task(self._write_on())

    async def stop(self) -> None:
        """Write what is left."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        while self._waiting:
            await self._write_some()

    @property
    def is_crowded(self) -> bool:
        """Whether so much waits that callers have to, too."""
        return self._weight >= _MANY and not self._failing

    async def room(self) -> None:
        """Return when there is room for one more, so that a slow store slows callers.

        At first all of them a little, and the more the more wait, so that none waits
        for long. A store that takes nothing at all holds nobody up: its own errors say
        that.
        """
        if self.is_crowded:
            await asyncio.sleep(_BREATH * (self._weight / _MANY - 1))
        while self._weight >= _MOST and not self._failing:
            await self._written.wait()

    def add(self, entry: Entry) -> None:
        """Take an entry; its bodies are read later."""
        self._waiting.append(entry)
        self._weight += weight_of(entry)
        self._some.set()

    async def _write_on(self) -> None:
        while True:
            await self._some.wait()
            await asyncio.sleep(_PAUSE)
            self._some.clear()
            try:
                # No more than there is now: what comes meanwhile gathers as this did.
                left = len(self._waiting)
                while left > 0 and self._waiting:
                    left -= await asyncio.shield(self._write_some())
                self._failing = False
            except (SQLAlchemyError, OSError) as error:
                _log.warning("audit_not_written", error=type(error).__name__)
                self._failing = True
                self._tell()
                self._some.set()
                await asyncio.sleep(_RETRY)

    async def _write_some(self) -> int:
        """How many of those that wait were written."""
        # Who stops must not write again what is still being written.
        async with self._writing:
            batch = self._first()
            weight = sum(map(weight_of, batch))
            if weight > len(batch):
                # To read the bodies of a batch here would hold up the loop.
                rows = await asyncio.to_thread(rows_of, batch)
            else:
                rows = rows_of(batch)
            if rows:
                await self._store.append(rows)
            del self._waiting[: len(batch)]
            self._weight -= weight
        self._tell()
        return len(batch)

    def _first(self) -> list[Entry]:
        """The entries that are written next: one, and more as they weigh."""
        weights = accumulate(map(weight_of, self._waiting[:_BATCH]))
        return self._waiting[: max(1, sum(weight <= _BATCH for weight in weights))]

    def _tell(self) -> None:
        self._written.set()
        self._written = asyncio.Event()
