"""Projects: the tenants."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from headgate_gateway.clock import now_ms
from headgate_gateway.errors import GatewayError
from headgate_gateway.ids import new_id
from headgate_gateway.json import JsonObject
from headgate_gateway.store.database import Database
from headgate_gateway.store.erasing import erase_content, erase_traces, holds_something
from headgate_gateway.store.paging import Page, PageRequest, read_page
from headgate_gateway.store.rows import project_exists
from headgate_gateway.store.tables import projects

DEFAULT_PROJECT = "default"
"""The name of the project that callers without a key act in."""


class ProjectStore:
    """Reads and writes projects."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(self, *, name: str, metadata: JsonObject) -> sa.RowMapping:
        """A new project; 409 when the name is taken."""
        now = now_ms()
        values: dict[str, Any] = {
            "id": new_id("proj"),
            "name": name,
            "metadata": metadata,
            "created_at": now,
            "updated_at": now,
        }
        async with self._database.writing() as connection:
            await _refuse_taken(connection, name, except_id="")
            await connection.execute(projects.insert().values(values))
            return await _one(connection, values["id"])

    async def ensure_default(self) -> str:
        """The id of the default project, made on the first call."""
        async with self._database.reading() as connection:
            query = sa.select(projects.c.id).where(projects.c.name == DEFAULT_PROJECT)
            found = (await connection.execute(query)).scalar_one_or_none()
        if found is not None:
            return str(found)
        row = await self.create(name=DEFAULT_PROJECT, metadata={})
        return str(row["id"])

    async def get(self, project_id: str) -> sa.RowMapping | None:
        """The project, or None."""
        async with self._database.reading() as connection:
            query = sa.select(projects).where(projects.c.id == project_id)
            return (await connection.execute(query)).mappings().one_or_none()

    async def page(self, page: PageRequest) -> Page:
        """One page of all projects."""
        async with self._database.reading() as connection:
            return await read_page(
                connection, sa.select(projects), id_column=projects.c.id, page=page
            )

    async def update(
        self, project_id: str, changes: dict[str, Any]
    ) -> sa.RowMapping | None:
        """The project with ``changes`` made, or None when there is none."""
        async with self._database.writing() as connection:
            if "name" in changes:
                await _refuse_taken(connection, changes["name"], except_id=project_id)
            changed = await connection.execute(
                projects.update()
                .where(projects.c.id == project_id)
                .values(**changes, updated_at=now_ms())
            )
            return await _one(connection, project_id) if changed.rowcount else None

    async def delete(self, project_id: str, *, force: bool) -> bool:
        """Whether there was one; 409 when it holds something and not ``force``."""
        async with self._database.writing() as connection:
            if force:
                await erase_content(connection, project_id)
            elif await holds_something(connection, project_id):
                raise GatewayError(
                    "resource_in_use",
                    "The project holds something; force=true deletes that too.",
                )
            deleted = await connection.execute(
                projects.delete().where(projects.c.id == project_id)
            )
            return deleted.rowcount > 0

    async def purge(self, project_id: str) -> Mapping[str, int] | None:
        """How much was erased of what was kept of requests; None without a project."""
        async with self._database.writing() as connection:
            if not await project_exists(connection, project_id):
                return None
            return await erase_traces(connection, project_id)


async def _one(connection: AsyncConnection, project_id: str) -> sa.RowMapping:
    query = sa.select(projects).where(projects.c.id == project_id)
    return (await connection.execute(query)).mappings().one()


async def _refuse_taken(
    connection: AsyncConnection, name: str, *, except_id: str
) -> None:
    query = sa.select(projects.c.id).where(
        projects.c.name == name, projects.c.id != except_id
    )
    if (await connection.execute(query)).first() is not None:
        raise GatewayError("name_taken", "Another project has this name.", param="name")
