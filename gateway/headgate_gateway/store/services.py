"""Services: REST APIs that the keys of a project call by name."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from headgate_gateway.store.credentials import require_credential
from headgate_gateway.store.database import Database
from headgate_gateway.store.paging import Page, PageRequest, read_page
from headgate_gateway.store.rows import (
    delete_row,
    page_of,
    project_exists,
    refuse_taken,
    row_of,
)
from headgate_gateway.store.tables import services


class ServiceStore:
    """Reads and writes services."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(self, values: dict[str, Any]) -> sa.RowMapping | None:
        """A new service; None without its project, 409 when the name is taken."""
        async with self._database.writing() as connection:
            project_id: str = values["project_id"]
            if not await project_exists(connection, project_id):
                return None
            await _check(connection, values, project_id=project_id, except_id="")
            await connection.execute(services.insert().values(values))
            return await row_of(connection, services, values["id"])

    async def get(self, service_id: str) -> sa.RowMapping | None:
        """The service, or None."""
        async with self._database.reading() as connection:
            return await row_of(connection, services, service_id)

    async def named(self, name: str, *, project_id: str) -> sa.RowMapping | None:
        """The service of a project with this name."""
        query = sa.select(services).where(
            services.c.project_id == project_id, services.c.name == name
        )
        async with self._database.reading() as connection:
            return (await connection.execute(query)).mappings().one_or_none()

    async def page(self, page: PageRequest, *, project_id: str | None) -> Page:
        """One page of services, of one project when asked."""
        return await page_of(self._database, services, page, project_id=project_id)

    async def callable_page(
        self, page: PageRequest, *, project_id: str, names: Sequence[str] | None
    ) -> Page:
        """One page of a project's active services, of those named if any are."""
        query = sa.select(services).where(
            services.c.project_id == project_id, services.c.is_active
        )
        if names is not None:
            query = query.where(services.c.name.in_(names))
        async with self._database.reading() as connection:
            return await read_page(
                connection, query, id_column=services.c.id, page=page
            )

    async def update(
        self, service_id: str, changes: dict[str, Any]
    ) -> sa.RowMapping | None:
        """The service with ``changes`` made, or None when there is none."""
        async with self._database.writing() as connection:
            row = await row_of(connection, services, service_id)
            if row is None:
                return None
            await _check(
                connection, changes, project_id=row["project_id"], except_id=service_id
            )
            await connection.execute(
                services.update().where(services.c.id == service_id).values(**changes)
            )
            return await row_of(connection, services, service_id)

    async def delete(self, service_id: str) -> bool:
        """Whether there was one to delete."""
        async with self._database.writing() as connection:
            return await delete_row(connection, services, service_id)


async def _check(
    connection: AsyncConnection,
    values: dict[str, Any],
    *,
    project_id: str,
    except_id: str,
) -> None:
    """404 for a credential that the project has not, 409 for a name that is taken."""
    await require_credential(
        connection, values.get("credential_id"), project_id=project_id
    )
    await refuse_taken(
        connection,
        services,
        values.get("name"),
        project_id=project_id,
        except_id=except_id,
    )
