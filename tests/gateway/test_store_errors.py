"""What a store refused is logged without the values that it refused."""

from __future__ import annotations

import asyncio
import json
import traceback
from pathlib import Path

import pytest
import sqlalchemy as sa
import structlog

from headgate_gateway.logs import configure_logs
from headgate_gateway.store import schema
from headgate_gateway.store.database import Database
from headgate_gateway.store.tables import projects
from tests.gateway.conftest import fresh_postgres

NAME = "Alice of alice@example.org"
ROW = {"id": NAME, "name": "x", "metadata": {}, "created_at": 0, "updated_at": 0}


async def refused(url: str) -> sa.exc.DBAPIError:
    """The store's error of a row that is there already."""
    database = Database(url)
    await schema.migrate(database)
    try:
        async with database.writing() as connection:
            await connection.execute(projects.insert().values(ROW))
            await connection.execute(projects.insert().values(ROW))
    except sa.exc.DBAPIError as error:
        return error
    finally:
        await database.close()
    raise AssertionError("the store took it twice")


def test_what_was_to_be_stored_is_not_logged(
    store: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """What is wrong is, and the statement."""
    here = f"sqlite:///{tmp_path / 'store.sqlite3'}"
    error = asyncio.run(refused(here if store == "sqlite" else fresh_postgres()))
    before = structlog.get_config()
    configure_logs("warning")
    try:
        structlog.get_logger("test").error("store_failed", exc_info=error)
    finally:
        structlog.configure(**before)
    line = capfd.readouterr().err

    # SQLite names the column alone.
    quotes = NAME in "".join(traceback.format_exception(error))
    assert quotes == (store == "postgres")
    assert NAME not in line
    values = [each["exc_value"] for each in json.loads(line)["exception"]]
    assert any("unique constraint" in value.lower() for value in values)
    assert any("[SQL: INSERT INTO projects" in value for value in values)
