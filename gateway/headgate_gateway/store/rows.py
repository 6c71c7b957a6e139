"""What the stores of things that belong to projects have in common."""

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from headgate_gateway.errors import GatewayError
from headgate_gateway.store.database import Database
from headgate_gateway.store.paging import Page, PageRequest, read_page
from headgate_gateway.store.tables import projects


async def row_of(
    connection: AsyncConnection, table: sa.Table, row_id: str
) -> sa.RowMapping | None:
    """The row with an id, or None."""
    query = sa.select(table).where(table.c.id == row_id)
    return (await connection.execute(query)).mappings().one_or_none()


async def page_of(
    database: Database, table: sa.Table, page: PageRequest, **equal: str | None
) -> Page:
    """One page of a table's rows, of those with certain values where any are given."""
    query = sa.select(table)
    for name, value in equal.items():
        if value is not None:
            query = query.where(table.c[name] == value)
    async with database.reading() as connection:
        return await read_page(connection, query, id_column=table.c.id, page=page)


async def delete_row(connection: AsyncConnection, table: sa.Table, row_id: str) -> bool:
    """Whether there was one to delete."""
    deleted = await connection.execute(table.delete().where(table.c.id == row_id))
    return deleted.rowcount > 0


async def project_exists(connection: AsyncConnection, project_id: str) -> bool:
    """Whether something can be made in a project."""
    return await row_of(connection, projects, project_id) is not None


async def refuse_taken(
    connection: AsyncConnection,
    table: sa.Table,
    name: str | None,
    *,
    project_id: str,
    except_id: str,
) -> None:
    """409 when another row of the project's has the name."""
    taken = sa.select(table.c.id).where(
        table.c.project_id == project_id,
        table.c.name == name,
        table.c.id != except_id,
    )
    if (await connection.execute(taken)).first() is not None:
        raise GatewayError("name_taken", "The name is in use already.", param="name")
