"""Services: REST APIs that the keys of a project call by name."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from headgate_gateway.errors import GatewayError
from headgate_gateway.store.credentials import require_credential
from headgate_gateway.store.database import Database
from headgate_gateway.store.paging import Page, PageRequest, read_page
from headgate_gateway.store.tables import projects, services


class ServiceStore:
    """Reads and writes services."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(self, values: dict[str, Any]) -> sa.RowMapping | None:
        """A new service; None without its project, 409 when the name is taken."""
        async with self._database.writing() as connection:
            project_id: str = values["project_id"]
            project = sa.select(projects.c.id).where(projects.c.id == project_id)
            if (await connection.execute(project)).first() is None:
                return None
            await _check(connection, values, project_id=project_id, except_id="")
            await connection.execute(services.insert().values(values))
            return await _one(connection, values["id"])

    async def get(self, service_id: str) -> sa.RowMapping | None:
        """The service, or None."""
        async with self._database.reading() as connection:
            return await _one(connection, service_id)

    async def named(self, name: str, *, project_id: str) -> sa.RowMapping | None:
        """The service of a project with this name."""
        query = sa.select(services).where(
            services.c.project_id == project_id, services.c.name == name
        )
        async with self._database.reading() as connection:
            return (await connection.execute(query)).mappings().one_or_none()

    async def page(self, page: PageRequest, *, project_id: str | None) -> Page:
        """One page of services, of one project when asked."""
        query = sa.select(services)
        if project_id is not None:
            query = query.where(services.c.project_id == project_id)
        async with self._database.reading() as connection:
            return await read_page(
                connection, query, id_column=services.c.id, page=page
            )

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
            row = await _one(connection, service_id)
            if row is None:
                return None
            await _check(
                connection, changes, project_id=row["project_id"], except_id=service_id
            )
            await connection.execute(
                services.update().where(services.c.id == service_id).values(**changes)
            )
            return await _one(connection, service_id)

    async def delete(self, service_id: str) -> bool:
        """Whether there was one to delete."""
        async with self._database.writing() as connection:
            deleted = await connection.execute(
                services.delete().where(services.c.id == service_id)
            )
            return deleted.rowcount > 0


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
    taken = sa.select(services.c.id).where(
        services.c.project_id == project_id,
        services.c.name == values.get("name"),
        services.c.id != except_id,
    )
    if (await connection.execute(taken)).first() is not None:
        raise GatewayError("name_taken", "Another service has this name.", param="name")


async def _one(connection: AsyncConnection, service_id: str) -> sa.RowMapping | None:
    query = sa.select(services).where(services.c.id == service_id)
    return (await connection.execute(query)).mappings().one_or_none()
