"""Brings a database to the schema that this version of the gateway expects."""

from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from headgate_gateway.store.database import Database
from headgate_gateway.store.tables import metadata

HEAD = "0017"
"""The newest migration under ``migrations/versions``."""

_MIGRATIONS = Path(__file__).parent / "migrations"
_version = sa.Table(
    "alembic_version",
    sa.MetaData(),
    sa.Column("version_num", sa.String(32), primary_key=True),
)
"""Where Alembic notes how far a database has come."""

_LOCK = 0x48_47_01
"""Any constant: two replicas that start together must not migrate at once."""


async def migrate(database: Database) -> None:
    """Apply the migrations that the database has not seen."""
    async with database.writing() as connection:
        if not database.is_sqlite:
            await connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
        current = await connection.run_sync(_current)
        if current is None and await connection.run_sync(_is_empty):
            await connection.run_sync(_create)
        elif current != HEAD:
            await upgrade(connection)


def _is_empty(connection: sa.Connection) -> bool:
    return not sa.inspect(connection).get_table_names()


def _create(connection: sa.Connection) -> None:
    """The newest schema at once: a new database has nothing that could migrate."""
    metadata.create_all(connection)
    _version.create(connection)
    connection.execute(_version.insert().values(version_num=HEAD))


def _current(connection: sa.Connection) -> str | None:
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    row = connection.exec_driver_sql("SELECT version_num FROM alembic_version").first()
    return None if row is None else str(row[0])


async def upgrade(connection: AsyncConnection) -> None:
    """Apply the migrations one after the other."""
    # Alembic costs 0.2 s to import, and a database that is up to date does not need it.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))

    def upgrade(bound: sa.Connection) -> None:
        config.attributes["connection"] = bound
        command.upgrade(config, "head")

    await connection.run_sync(upgrade)
