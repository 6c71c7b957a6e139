"""Inserts that say what becomes of a row that is there already."""

from typing import TYPE_CHECKING

import sqlalchemy as sa

if TYPE_CHECKING:
    from sqlalchemy.dialects.postgresql import Insert as PostgreSQLInsert
    from sqlalchemy.dialects.sqlite import Insert as SQLiteInsert


def insert_into(table: sa.Table, dialect: str) -> "PostgreSQLInsert | SQLiteInsert":
    """An INSERT with ``on_conflict_do_…``, as the store's dialect has it.

    Only that dialect is loaded: a gateway has one store.
    """
    if dialect == "sqlite":
        from sqlalchemy.dialects import sqlite

        return sqlite.insert(table)
    from sqlalchemy.dialects import postgresql

    return postgresql.insert(table)
