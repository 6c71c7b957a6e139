"""The migrations build what the code expects."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from headgate_gateway.store import schema
from headgate_gateway.store.database import Database
from headgate_gateway.store.tables import metadata


def test_the_newest_migration_is_the_one_expected():
    """HEAD names the last of the versions."""
    folder = Path(schema.__file__).parent / "migrations"

    assert ScriptDirectory(folder).get_current_head() == schema.HEAD


async def test_migrations_make_the_tables_that_the_code_knows(tmp_path: Path):
    """A migrated database differs in nothing from the tables' definition."""
    database = Database(f"sqlite:///{tmp_path / 'migrated.sqlite3'}")
    async with database.writing() as connection:
        await schema.upgrade(connection)
    await schema.migrate(database)
    async with database.reading() as connection:
        differences = await connection.run_sync(compare)
    await database.close()

    assert differences == []


async def test_a_new_database_is_like_one_that_was_migrated(tmp_path: Path):
    """Made at once or step by step: the same tables, and the same version noted."""
    made = Database(f"sqlite:///{tmp_path / 'made.sqlite3'}")
    migrated = Database(f"sqlite:///{tmp_path / 'migrated.sqlite3'}")
    await schema.migrate(made)
    async with migrated.writing() as connection:
        await schema.upgrade(connection)
    found = [await described(database) for database in (made, migrated)]
    await made.close()
    await migrated.close()

    assert found[0] == found[1]


async def described(database: Database) -> tuple[object, ...]:
    """Columns, keys and indexes of all tables, and the version."""

    def describe(connection: sa.Connection) -> dict[str, object]:
        inspector = sa.inspect(connection)
        return {
            name: (
                {
                    str(c["name"]): (str(c["type"]), c["nullable"])
                    for c in inspector.get_columns(name)
                },
                inspector.get_pk_constraint(name)["constrained_columns"],
                sorted(str(i["name"]) for i in inspector.get_indexes(name)),
                sorted(
                    str((u["constrained_columns"], u["referred_table"], u["options"]))
                    for u in inspector.get_foreign_keys(name)
                ),
                sorted(
                    str(u["column_names"])
                    for u in inspector.get_unique_constraints(name)
                ),
            )
            for name in inspector.get_table_names()
        }

    async with database.reading() as connection:
        tables = await connection.run_sync(describe)
        version = await connection.exec_driver_sql("SELECT * FROM alembic_version")
        return tables, version.scalar_one()


def compare(connection: sa.Connection) -> list[object]:
    return compare_metadata(MigrationContext.configure(connection), metadata)


async def test_sqlite_is_as_safe_as_it_can_be(tmp_path: Path):
    """Write-ahead log, and every commit on the disk before it is acknowledged."""
    database = Database(f"sqlite:///{tmp_path / 'safe.sqlite3'}")
    async with database.writing() as connection:
        answers = [
            (await connection.exec_driver_sql(f"PRAGMA {name}")).scalar_one()
            for name in ("journal_mode", "synchronous")
        ]
    await database.close()

    assert answers == ["wal", 2]
