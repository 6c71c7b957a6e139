"""Reading the audit log from any entry on, while requests come to their end."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable

import sqlalchemy as sa

from headgate_gateway.audit.trail import AuditTrail
from headgate_gateway.clock import now_ms
from headgate_gateway.ids import id_at
from headgate_gateway.json import JsonObject
from headgate_gateway.store.audit import AuditStore
from headgate_gateway.streaming import message_frame

_BATCH = 64
_POLL = 0.25
"""How often a log is looked at that other processes write to, in seconds."""
_POLL_ALONE = 5.0
_SETTLED_MS = 2000
"""Other processes have written their entries by then, and none comes in between."""


class AuditFollower:
    """Gives a reader every entry once, in the order of their ids."""

    def __init__(
        self,
        store: AuditStore,
        trail: AuditTrail,
        *,
        show: Callable[[sa.RowMapping], JsonObject],
    ) -> None:
        self._store = store
        self._trail = trail
        self._show = show

    async def follow(
        self,
        after: str | None,
        *,
        project_id: str | None,
        ends_on: asyncio.Event,
        seconds: float | None,
    ) -> AsyncGenerator[bytes, None]:
        """The frames of the entries behind ``after``, without it of those to come.

        After ``seconds`` it ends, without them when ``ends_on`` is set.
        """
        last = after or await self._store.newest_id(before=self._settled())
        yield message_frame({"type": "audit_log.opened", "after": last})
        deadline = None if seconds is None else time.monotonic() + seconds
        while True:
            written = self._trail.written
            rows = await self._store.behind(last, before=self._settled(), limit=_BATCH)
            if rows:
                last = rows[-1]["id"]
                entries = [
                    message_frame({"type": "audit_log.created", "entry": entry})
                    for entry in map(self._show, rows)
                    if project_id in (None, entry["project_id"])
                ]
                if entries:
                    yield b"".join(entries)
                continue
            left = None if deadline is None else deadline - time.monotonic()
            if ends_on.is_set() or (left is not None and left <= 0):
                break
            await self._more(written, ends_on, left)
        reason = "draining" if ends_on.is_set() else "time_over"
        if seconds == 0:
            reason = "caught_up"
        closed = {"type": "audit_log.closed", "reason": reason, "last_id": last}
        yield message_frame(closed)

    def _settled(self) -> str | None:
        """The id that bounds what nobody can get in front of any more."""
        return id_at("aud", now_ms() - _SETTLED_MS) if self._store.shared else None

    async def _more(
        self, written: asyncio.Event, ends_on: asyncio.Event, left: float | None
    ) -> None:
        """Return when there may be more, or it is time to end."""
        poll = _POLL if self._store.shared else _POLL_ALONE
        waits = {
            asyncio.ensure_future(written.wait()),
            asyncio.ensure_future(ends_on.wait()),
        }
        try:
            await asyncio.wait(
                waits,
                timeout=poll if left is None else min(poll, left),
                return_when=asyncio.FIRST_COMPLETED,
            )
        finally:
            for task in waits:
                task.cancel()
