"""Many rows on PostgreSQL: by COPY, and one prepared statement for what is added up."""

from collections.abc import Sequence
from importlib import import_module
from typing import Any

import sqlalchemy as sa

from headgate_gateway.store.bulk import Insert, Part, refused, text_of

asyncpg: Any = import_module("asyncpg")
"""It tells no types."""


async def write(connection: Any, parts: Sequence[Part], dialect: sa.Dialect) -> None:
    """Write all or none in a transaction of the driver's own."""
    try:
        async with connection.transaction():
            for part in parts:
                match part.change:
                    case Insert() as insert:
                        await connection.copy_records_to_table(
                            insert.table.name,
                            records=part.rows,
                            columns=insert.columns,
                        )
                    case change:
                        await connection.executemany(
                            text_of(change, dialect), part.rows
                        )
    except (asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        is_known = isinstance(error, asyncpg.IntegrityConstraintViolationError)
        raise refused(error, is_known=is_known) from error
