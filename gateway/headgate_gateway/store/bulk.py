"""Inserts of many rows at once, which every request has a part in."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from headgate_gateway.json import dump_text
from headgate_gateway.store.tables.columns import Json

Convert = Callable[[Any], Any]
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Plan:
    """A statement, and how its parameters are made, in the order of its columns."""

    text: str
    """All but its rows."""
    places: str
    """The places of a row's values."""
    values: Callable[[Row], tuple[Any, ...]]
    converted: tuple[tuple[int, Convert], ...]
    """The columns whose values are stored as something else, by their place."""

    def statement(self, rows: int) -> str:
        return f"{self.text} VALUES {', '.join([self.places] * rows)}"

    def parameters(self, rows: Sequence[Row]) -> tuple[Any, ...]:
        found: list[Any] = []
        for values in rows:
            row = list(self.values(values))
            for place, convert in self.converted:
                row[place] = convert(row[place])
            found += row
        return tuple(found)


_MOST_TOGETHER = 256
"""Rows of a statement; SQLite takes 32,766 parameters in one."""

_plans: dict[tuple[str, tuple[str, ...]], _Plan] = {}


async def insert_all(
    connection: AsyncConnection, table: sa.Table, rows: Sequence[Row]
) -> None:
    """Insert rows that all have the same columns.

    On SQLite by one statement of many rows: what SQLAlchemy looks up for each row anew
    takes longer than the store takes to write it, and a statement for each row would
    hand the interpreter from thread to thread as often.
    """
    if connection.dialect.name != "sqlite":
        await connection.execute(table.insert(), [dict(row) for row in rows])
        return
    names = tuple(rows[0])
    plan = _plans.get((table.name, names))
    if plan is None:
        plan = _plans[table.name, names] = _planned(table, names, connection.dialect)
    for some in _shares(rows):
        await connection.exec_driver_sql(
            plan.statement(len(some)), plan.parameters(some)
        )


def _shares(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    """The rows in shares of few sizes: each makes a statement that SQLite keeps."""
    start = 0
    while left := len(rows) - start:
        share = min(1 << (left.bit_length() - 1), _MOST_TOGETHER)
        yield rows[start : start + share]
        start += share


def _planned(table: sa.Table, names: Sequence[str], dialect: sa.Dialect) -> _Plan:
    found = [_converter(table.c[name].type, dialect) for name in names]
    return _Plan(
        # Names of our own tables and columns, which need no quotes.
        f"INSERT INTO {table.name} ({', '.join(names)})",
        f"({', '.join('?' * len(names))})",
        _values_of(names),
        tuple((place, each) for place, each in enumerate(found) if each is not None),
    )


def _converter(kind: sa.types.TypeEngine[Any], dialect: sa.Dialect) -> Convert | None:
    if isinstance(kind, Json):
        return _json
    if isinstance(kind, sa.types.TypeDecorator):
        return kind.bind_processor(dialect)
    return kind.dialect_impl(dialect).bind_processor(dialect)


def _values_of(names: Sequence[str]) -> Callable[[Row], tuple[Any, ...]]:
    if len(names) == 1:
        return lambda values: (values[names[0]],)
    return itemgetter(*names)


def _json(value: Any) -> str | None:
    if value is None:
        return None
    if value or not isinstance(value, list | dict):
        return dump_text(value)
    # Most lists and objects of an entry are empty.
    return "[]" if isinstance(value, list) else "{}"
