"""Keeps what was used, away from the path of requests."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from operator import methodcaller

import structlog
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from headgate_gateway.dispatch.usage import Used
from headgate_gateway.rows import WaitingRows
from headgate_gateway.store.usage import UsageRow, UsageStore

_PAUSE = 0.2
"""How long rows are gathered before they are written together, in seconds."""
_BATCH = 1000
_RETRY_DELAY = 0.5
_LAST_TRIES = 10

_log = structlog.get_logger("headgate_gateway.usage")


class Meter:
    """Takes rows at once and writes them in batches; none is lost when it stops."""

    def __init__(self, store: UsageStore) -> None:
        self._store = store
        self._pending: WaitingRows[Used, UsageRow] = WaitingRows(methodcaller("row"))
        self._rows: list[UsageRow] = []
        """What is written next; what the store does not take keeps its ids here."""
        self._some = asyncio.Event()
        self._writing = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin writing."""
        self._task = asyncio.create_task(self._write_forever(), name="usage")

    async def stop(self) -> None:
        """Write what is left, as long as the store can be hoped for."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        for _ in range(_LAST_TRIES):
            if await self.flush():
                return
            await asyncio.sleep(_RETRY_DELAY)
        _log.error("usage_lost", rows=len(self._pending) + len(self._rows))

    def record(self, used: Used) -> None:
        """Have it written soon."""
        self._pending.add(used)
        self._some.set()

    async def flush(self) -> bool:
        """Write what there is; what the store does not take is kept. True: all is."""
        if not self._is_behind() and not self._writing.locked():
            return True
        # Whoever waits may leave in the middle; what is being written must not.
        return await asyncio.shield(self._flush())

    async def _flush_once(self) -> bool:
        """Write what there is now: what comes meanwhile is gathered for the next time.

        Else a store that is slow would be given rows one by one.
        """
        async with self._writing:
            return await self._write(len(self._pending) + len(self._rows))

    async def used_by(self, key_id: str) -> dict[str, float]:
        """What a key has used by now, what is not written yet included."""
        await self.flush()
        return await self._store.of_key(key_id)

    async def _flush(self) -> bool:
        async with self._writing:
            while self._is_behind():
                if not await self._write(1):
                    return False
        return True

    def _is_behind(self) -> bool:
        return bool(self._pending or self._rows)

    async def _write(self, least: int) -> bool:
        """Whether the store took at least so many, the first ones."""
        while least > 0 and self._is_behind():
            if not self._rows:
                self._rows = self._pending.first(_BATCH)
                self._pending.drop(len(self._rows))
            rows = self._rows
            try:
                await self._append(rows)
            except (SQLAlchemyError, OSError) as error:
                _log.warning("usage_delayed", error=type(error).__name__)
                return False
            self._rows = []
            least -= len(rows)
        return True

    async def _append(self, rows: Sequence[UsageRow]) -> None:
        """Write rows; one that no store can hold is told of and keeps none back."""
        try:
            await self._store.append(rows)
        except IntegrityError:
            _log.warning("usage_known", rows=len(rows))
        except (SQLAlchemyError, OSError):
            raise
        except Exception as error:  # noqa: BLE001 - whatever a driver thinks of a value
            if len(rows) == 1:
                _log.error("usage_refused", row=rows[0].id, error=type(error).__name__)
                return
            middle = len(rows) // 2
            await self._append(rows[:middle])
            await self._append(rows[middle:])

    async def _write_forever(self) -> None:
        while True:
            await self._some.wait()
            self._some.clear()
            if not await asyncio.shield(self._flush_once()):
                self._some.set()
                await asyncio.sleep(_RETRY_DELAY)
            await asyncio.sleep(_PAUSE)
