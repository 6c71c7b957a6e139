"""Connections: one writer and several readers on SQLite, one pool on PostgreSQL."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool

from headgate_gateway.json import dump_text
from headgate_gateway.settings import SettingsError
from headgate_gateway.store import sqlite
from headgate_gateway.store.bulk import Part

_SQLITE = "sqlite+aiosqlite"
_POSTGRES = "postgresql+asyncpg"
_DRIVERS = {
    "sqlite": _SQLITE,
    "postgres": _POSTGRES,
    "postgresql": _POSTGRES,
}
_READERS = 4
_ALONE = "headgate_alone"
"""Marks an engine whose every query is a transaction by itself.

To say where one begins takes SQLite's thread as long as the query.
"""


def database_url(text: str) -> sa.URL:
    """The URL with the asynchronous driver that the gateway uses for its kind."""
    try:
        url = sa.make_url(text)
    except ArgumentError:
        raise SettingsError("database_url is not a URL") from None
    name = url.drivername.partition("+")[0]
    if name not in _DRIVERS:
        raise SettingsError(f"database_url is sqlite or postgresql, not {name!r}")
    return url.set(drivername=_DRIVERS[name])


class Database:
    """Transactions for reading and for writing; knows which store it talks to."""

    def __init__(self, url: str) -> None:
        self.url = database_url(url)
        self.is_sqlite = self.url.drivername == _SQLITE
        if self.is_sqlite:
            self._writer = _sqlite(self.url, begin="BEGIN IMMEDIATE", size=1)
            self._reader = _sqlite(self.url, begin="BEGIN", size=_READERS)
            self._rows = sqlite.SqliteWriter(self._writer.dialect, self.url)
        else:
            self._writer = _postgres(self.url)
            self._reader = self._writer
        self._alone = self._reader.execution_options(**{_ALONE: True})

    @property
    def file(self) -> Path | None:
        """The SQLite file; None on PostgreSQL."""
        return Path(self.url.database or "") if self.is_sqlite else None

    @property
    def dialect(self) -> str:
        """The store's kind: ``sqlite`` or ``postgresql``."""
        return self._writer.dialect.name

    @asynccontextmanager
    async def reading(self) -> AsyncGenerator[AsyncConnection, None]:
        """A connection whose reads see one state."""
        async with self._reader.begin() as connection:
            yield connection

    async def rows(self, query: sa.Executable) -> Sequence[sa.RowMapping]:
        """The rows of one query, which sees one state by itself."""
        async with self._alone.connect() as connection:
            rows: Sequence[sa.RowMapping] = (
                (await connection.execute(query)).mappings().all()
            )
        return rows

    @asynccontextmanager
    async def writing(self) -> AsyncGenerator[AsyncConnection, None]:
        """A transaction, committed when the block ends and undone when it raises."""
        async with self._writer.begin() as connection:
            yield connection

    async def write_rows(self, *parts: Part) -> None:
        """Write many rows in one transaction, all or none."""
        # On SQLite the one connection of the pool is the turn to write.
        async with self._writer.connect() as turn:
            if self.is_sqlite:
                await self._rows.write(parts)
                return
            from headgate_gateway.store import postgres

            raw: Any = (await turn.get_raw_connection()).driver_connection
            await postgres.write(raw, parts, self._writer.dialect)

    async def close(self) -> None:
        """Close every connection."""
        if self.is_sqlite:
            await self._rows.close()
        await self._writer.dispose()
        if self._reader is not self._writer:
            await self._reader.dispose()


def _json_text(value: object) -> str:
    return dump_text(value)


def _postgres(url: sa.URL) -> AsyncEngine:
    return create_async_engine(
        url,
        pool_size=10,
        max_overflow=10,
        pool_pre_ping=True,
        json_serializer=_json_text,
        hide_parameters=True,
    )


def _sqlite(url: sa.URL, *, begin: str, size: int) -> AsyncEngine:
    """An engine in WAL mode whose transactions start with ``begin``.

    The single writer waits its turn in the pool's queue, not in SQLite's busy loop, and
    takes the write lock at once: a read that turned into a write could not wait for it.
    """
    engine = create_async_engine(
        url,
        poolclass=AsyncAdaptedQueuePool,
        pool_size=size,
        max_overflow=0,
        hide_parameters=True,
    )

    def connected(connection: Any, _record: object) -> None:
        connection.isolation_level = None
        sqlite.prepare(connection)

    def begun(connection: sa.Connection) -> None:
        if not connection.get_execution_options().get(_ALONE):
            connection.exec_driver_sql(begin)

    event.listen(engine.sync_engine, "connect", connected)
    event.listen(engine.sync_engine, "begin", begun)
    return engine
