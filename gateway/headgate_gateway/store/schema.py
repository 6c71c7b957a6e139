"""Brings a database to the schema that this version of the gateway expects."""

from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from headgate_gateway.store.database import Database

HEAD = "0011"
"""The newest migration under ``migrations/versions``."""

_MIGRATIONS = Path(__file__).parent / "migrations"
_LOCK = 0x48_47_01
"""Any constant: two replicas that start together must not migrate at once."""


async def migrate(database: Database) -> None:
    """Apply the migrations that the database has not seen."""
    async with database.writing() as connection:
        if not database.is_sqlite:
            await connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
        if await connection.run_sync(_current) != HEAD:
            await _upgrade(connection)


def _current(connection: sa.Connection) -> str | None:
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    row = connection.exec_driver_sql("SELECT version_num FROM alembic_version").first()
    return None if row is None else str(row[0])


async def _upgrade(connection: AsyncConnection) -> None:
    # Alembic costs 0.2 s to import, and a database that is up to date does not need it.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))

    def upgrade(bound: sa.Connection) -> None:
        config.attributes["connection"] = bound
        command.upgrade(config, "head")

    await connection.run_sync(upgrade)
