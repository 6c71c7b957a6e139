"""Takes entries on the way and writes them in batches, off the requests' path."""

import asyncio
from bisect import bisect_right
from collections.abc import Sequence
from contextlib import suppress
from itertools import accumulate

import structlog
from sqlalchemy.exc import SQLAlchemyError

from headgate_gateway.audit.entry import Entry, weight_of, with_bodies
from headgate_gateway.audit.facts import Facts
from headgate_gateway.concurrency import made_aside
from headgate_gateway.rows import WaitingRows
from headgate_gateway.store.audit import AuditRow, AuditStore

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
        self._waiting: WaitingRows[Entry, AuditRow] = WaitingRows(self._row_of)
        self._bodies: dict[str, Facts] = {}
        """Where rows get their bodies from, by their ids."""
        self._rows: list[AuditRow] = []
        """Those of the entries that are written next; what is not taken is kept here.

        A row that may have been written after all has the same id the next time.
        """
        self._weight = 0
        """How many entries without bodies would hold as much as those that wait."""
        self._weight_of_rows = 0
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
        # What still comes while it is written is written, too: nobody does it later.
        while self._waiting or self._rows:
            await self.flush()

    async def flush(self) -> None:
        """Write what there is now; what comes meanwhile gathers as this did."""
        left = len(self._waiting) + len(self._rows)
        while left > 0 and (self._waiting or self._rows):
            left -= await asyncio.shield(self._write_some())

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
        """Take an entry."""
        self._waiting.add(entry)
        self._weight += weight_of(entry.facts)
        self._some.set()

    async def _write_on(self) -> None:
        while True:
            await self._some.wait()
            await asyncio.sleep(_PAUSE)
            self._some.clear()
            try:
                await self.flush()
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
            if not self._rows:
                await self._make_rows()
            written = len(self._rows)
            if written:
                await self._store.append(self._rows)
            self._rows = []
            self._weight -= self._weight_of_rows
            self._weight_of_rows = 0
        self._tell()
        return written

    async def _make_rows(self) -> None:
        """Make the rows that are written next whole."""
        rows, weight = self._first()
        if self._bodies:
            rows = await made_aside(self._with_bodies, rows)
            for row in rows:
                self._bodies.pop(row.id, None)
        self._rows = rows
        self._weight_of_rows = weight
        self._waiting.drop(len(rows))

    def _first(self) -> tuple[list[AuditRow], int]:
        """The rows that are written next and their weight: one, and more as fit."""
        rows = self._waiting.first(_BATCH)
        if not self._bodies:
            return rows, len(rows)
        weights = list(accumulate(map(self._weight_of, rows)))
        count = max(1, bisect_right(weights, _BATCH))
        return rows[:count], weights[count - 1] if weights else 0

    def _row_of(self, entry: Entry) -> AuditRow:
        row = entry.row()
        if entry.facts.keeps_bodies:
            self._bodies[row.id] = entry.facts
        return row

    def _weight_of(self, row: AuditRow) -> int:
        facts = self._bodies.get(row.id)
        return 1 if facts is None else weight_of(facts)

    def _with_bodies(self, rows: Sequence[AuditRow]) -> list[AuditRow]:
        found = [(row, self._bodies.get(row.id)) for row in rows]
        return [
            row if facts is None else with_bodies(row, facts) for row, facts in found
        ]

    def _tell(self) -> None:
        self._written.set()
        self._written = asyncio.Event()
