"""Many rows on SQLite, by a thread with a connection of its own.

A transaction is one hop to it: each makes the loop and the thread wait for each
other.
"""

import asyncio
import sqlite3
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import sqlalchemy as sa

from headgate_gateway.store.bulk import Insert, Part, Row, refused, text_of
from headgate_gateway.store.inserts import MOST_TOGETHER, Inserts

_KEPT = 32
"""Statements that are kept; one of many rows takes some 100 KB."""


def prepare(connection: Any) -> None:
    """Set a new connection up, of whatever driver: every commit is on the disk."""
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA busy_timeout=5000")
    cursor.close()


class SqliteWriter:
    """Writes the parts of a transaction; who calls has the turn to write."""

    def __init__(self, dialect: sa.Dialect, url: sa.URL) -> None:
        self._dialect = dialect
        self._url = url
        self._thread = ThreadPoolExecutor(1, "rows")
        self._inserts = Inserts()
        self._opened: sqlite3.Connection | None = None

    async def write(self, parts: Sequence[Part]) -> None:
        """Write all or none."""
        loop = asyncio.get_running_loop()
        try:
            await loop.run_in_executor(self._thread, self._write, parts)
        except sqlite3.Error as error:
            is_known = isinstance(error, sqlite3.IntegrityError)
            raise refused(error, is_known=is_known) from error

    async def close(self) -> None:
        """Close the connection and end the thread."""
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._thread, self._close)
        self._thread.shutdown(wait=False)

    def _write(self, parts: Sequence[Part]) -> None:
        connection = self._connection()
        with connection:
            connection.execute("BEGIN IMMEDIATE")
            for part in parts:
                match part.change:
                    case Insert() as insert:
                        for some in _shares(part.rows):
                            # A statement for each row would hand the interpreter
                            # from thread to thread as often.
                            text, values = self._inserts.statement(insert, some)
                            connection.execute(text, values)
                    case change:
                        text = text_of(change, self._dialect)
                        connection.executemany(text, part.rows)

    def _connection(self) -> sqlite3.Connection:
        if self._opened is None:
            (file,), found = self._dialect.create_connect_args(self._url)
            options: Any = {"cached_statements": _KEPT, **found}
            self._opened = sqlite3.connect(file, **options)
            self._opened.isolation_level = None
            prepare(self._opened)
        return self._opened

    def _close(self) -> None:
        if self._opened is not None:
            self._opened.close()
            self._opened = None


def _shares(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    """The rows in shares of few sizes: each makes a statement that SQLite keeps."""
    start = 0
    while left := len(rows) - start:
        share = min(1 << (left.bit_length() - 1), MOST_TOGETHER)
        yield rows[start : start + share]
        start += share
