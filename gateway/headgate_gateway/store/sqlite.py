"""Many rows on SQLite, by a thread with a connection of its own.

A transaction is one hop to it: each makes the loop and the thread wait for each
other.
"""

import asyncio
import sqlite3
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import chain
from typing import Any

import sqlalchemy as sa

from headgate_gateway.store.bulk import Insert, Part, Row, refused, text_of

_MOST_TOGETHER = 256
"""Rows of a statement; SQLite takes 32,766 parameters in one."""


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
                            values = list(chain.from_iterable(some))
                            connection.execute(_text(insert, len(some)), values)
                    case change:
                        text = text_of(change, self._dialect)
                        connection.executemany(text, part.rows)

    def _connection(self) -> sqlite3.Connection:
        if self._opened is None:
            (file,), found = self._dialect.create_connect_args(self._url)
            options: dict[str, Any] = {**found, "isolation_level": None}
            self._opened = sqlite3.connect(file, **options)
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
        share = min(1 << (left.bit_length() - 1), _MOST_TOGETHER)
        yield rows[start : start + share]
        start += share


@cache
def _text(insert: Insert, rows: int) -> str:
    row = f"({', '.join('?' * len(insert.columns))})"
    return f"{insert.text} VALUES {', '.join([row] * rows)}"
