"""Many rows at once, which every request has a part in, and how they are written.

They go to the driver as tuples of what the store keeps, JSON as text: what SQLAlchemy
looks up for each row anew takes longer than the store takes to write it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeAlias

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from headgate_gateway.store.upserts import insert_into

Row: TypeAlias = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Insert:
    """New rows of a table; ``columns`` says what their values are."""

    table: sa.Table
    columns: tuple[str, ...]

    @property
    def text(self) -> str:
        """The statement without its rows; our own names need no quotes."""
        return f"INSERT INTO {self.table.name} ({', '.join(self.columns)})"


@dataclass(frozen=True, slots=True)
class AddUp:
    """Rows that are new, or add to those that have the same ``key``."""

    table: sa.Table
    columns: tuple[str, ...]
    key: tuple[str, ...]
    sums: tuple[str, ...]
    """The columns that are added to."""
    latest: tuple[str, ...] = ()
    """The columns that are replaced."""

    def text(self, dialect: sa.Dialect) -> str:
        """The statement for one row."""
        insert = insert_into(self.table, dialect.name).values(
            {name: sa.bindparam(name) for name in self.columns}
        )
        new = insert.excluded
        statement = insert.on_conflict_do_update(
            index_elements=[self.table.c[name] for name in self.key],
            set_={
                **{name: self.table.c[name] + new[name] for name in self.sums},
                **{name: new[name] for name in self.latest},
            },
        )
        return _positional(statement, self.columns, dialect)


@dataclass(frozen=True, slots=True)
class Delete:
    """The ids of rows that go."""

    table: sa.Table

    def text(self, dialect: sa.Dialect) -> str:
        """The statement for one row."""
        gone = self.table.c.id == sa.bindparam("gone", type_=self.table.c.id.type)
        return _positional(self.table.delete().where(gone), ("gone",), dialect)


@dataclass(frozen=True, slots=True)
class Part:
    """Rows of one transaction, and what becomes of them."""

    change: Insert | AddUp | Delete
    rows: Sequence[Row]


@cache
def text_of(change: AddUp | Delete, dialect: sa.Dialect) -> str:
    """The statement of a change, made once."""
    return change.text(dialect)


def refused(error: Exception, *, is_known: bool) -> DBAPIError:
    """A driver's error as SQLAlchemy's; ``is_known`` where a row was there already."""
    kind = IntegrityError if is_known else OperationalError
    return kind("many rows", None, error)


def _positional(
    statement: sa.Insert | sa.Delete, names: tuple[str, ...], dialect: sa.Dialect
) -> str:
    compiled = statement.compile(dialect=dialect)
    assert tuple(compiled.positiontup or ()) == names, compiled.positiontup
    return str(compiled)
