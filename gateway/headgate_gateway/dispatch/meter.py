"""Keeps what was used, away from the path of requests."""

import asyncio
from contextlib import suppress

import structlog
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

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
        self._pending: list[UsageRow] = []
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
        _log.error("usage_lost", rows=len(self._pending))

    def record(self, row: UsageRow) -> None:
        """Have a row written soon."""
        self._pending.append(row)
        self._some.set()

    async def flush(self) -> bool:
        """Write what there is; what the store does not take is kept. True: all is."""
        if not self._pending and not self._writing.locked():
            return True
        # Whoever waits may leave in the middle; what is being written must not.
        return await asyncio.shield(self._flush())

    async def _flush_once(self) -> bool:
        """Write what there is now: what comes meanwhile is gathered for the next time.

        Else a store that is slow would be given rows one by one.
        """
        async with self._writing:
            return await self._write(len(self._pending))

    async def used_by(self, key_id: str) -> dict[str, float]:
        """What a key has used by now, what is not written yet included."""
        await self.flush()
        return await self._store.of_key(key_id)

    async def _flush(self) -> bool:
        async with self._writing:
            while self._pending:
                if not await self._write(len(self._pending)):
                    return False
        return True

    async def _write(self, rows: int) -> bool:
        """Whether the store took so many rows, the first ones."""
        while rows > 0:
            batch = self._pending[: min(rows, _BATCH)]
            try:
                await self._store.append(batch)
            except IntegrityError:
                _log.warning("usage_known", rows=len(batch))
            except (SQLAlchemyError, OSError) as error:
                _log.warning("usage_delayed", error=type(error).__name__)
                return False
            del self._pending[: len(batch)]
            rows -= len(batch)
        return True

    async def _write_forever(self) -> None:
        while True:
            await self._some.wait()
            self._some.clear()
            if not await asyncio.shield(self._flush_once()):
                self._some.set()
                await asyncio.sleep(_RETRY_DELAY)
            await asyncio.sleep(_PAUSE)
