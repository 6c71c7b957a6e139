"""Upstream credentials. The store sees secrets only sealed."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from headgate_gateway.errors import GatewayError
from headgate_gateway.store.database import Database
from headgate_gateway.store.paging import Page, PageRequest
from headgate_gateway.store.rows import (
    delete_row,
    page_of,
    project_exists,
    row_of,
)
from headgate_gateway.store.tables import credentials, keys, services


class CredentialStore:
    """Reads and writes credentials."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(self, values: dict[str, Any]) -> sa.RowMapping | None:
        """A new credential; None when its project does not exist."""
        async with self._database.writing() as connection:
            if not await project_exists(connection, values["project_id"]):
                return None
            await connection.execute(credentials.insert().values(values))
            return await row_of(connection, credentials, values["id"])

    async def get(self, credential_id: str) -> sa.RowMapping | None:
        """The credential, or None."""
        async with self._database.reading() as connection:
            return await row_of(connection, credentials, credential_id)

    async def page(
        self, page: PageRequest, *, project_id: str | None, provider: str | None
    ) -> Page:
        """One page of credentials, of one project or provider when asked."""
        return await page_of(
            self._database, credentials, page, project_id=project_id, provider=provider
        )

    async def update(
        self, credential_id: str, changes: dict[str, Any]
    ) -> sa.RowMapping | None:
        """The credential with ``changes`` made, or None when there is none."""
        async with self._database.writing() as connection:
            changed = await connection.execute(
                credentials.update()
                .where(credentials.c.id == credential_id)
                .values(**changes)
            )
            return (
                await row_of(connection, credentials, credential_id)
                if changed.rowcount
                else None
            )

    async def delete(self, credential_id: str) -> bool:
        """Whether there was one; 409 while something uses it."""
        async with self._database.writing() as connection:
            for table in (keys, services):
                used = sa.select(table.c.id).where(
                    table.c.credential_id == credential_id
                )
                if (await connection.execute(used.limit(1))).first() is not None:
                    raise GatewayError(
                        "resource_in_use", "A key or a service uses the credential."
                    )
            return await delete_row(connection, credentials, credential_id)

    async def for_provider(
        self, provider: str, *, project_id: str, key_id: str | None
    ) -> sa.RowMapping | None:
        """The credential that a caller uses at a provider.

        That of the key comes before those of the project, of which the newest counts.
        """
        of_key = sa.select(keys.c.credential_id).where(keys.c.id == key_id)
        query = (
            sa.select(credentials)
            .where(
                credentials.c.project_id == project_id,
                credentials.c.provider == provider,
            )
            .order_by(
                sa.case((credentials.c.id == of_key.scalar_subquery(), 0), else_=1),
                credentials.c.id.desc(),
            )
            .limit(1)
        )
        async with self._database.reading() as connection:
            return (await connection.execute(query)).mappings().one_or_none()

    async def sealed_otherwise(self, version: int) -> list[sa.RowMapping]:
        """Those that are not sealed under this version of the master key."""
        query = sa.select(credentials).where(credentials.c.kek_version != version)
        async with self._database.reading() as connection:
            return list((await connection.execute(query)).mappings())

    async def reseal(
        self, row: sa.RowMapping, *, sealed: bytes, version: int
    ) -> sa.RowMapping | None:
        """The credential with its secret sealed anew, unless it changed meanwhile."""
        same = sa.and_(
            credentials.c.id == row["id"], credentials.c.sealed == row["sealed"]
        )
        async with self._database.writing() as connection:
            await connection.execute(
                credentials.update()
                .where(same)
                .values(sealed=sealed, kek_version=version)
            )
            return await row_of(connection, credentials, row["id"])


async def require_credential(
    connection: AsyncConnection, credential_id: str | None, *, project_id: str
) -> None:
    """404 when a project is to use a credential that it has not."""
    if credential_id is None:
        return
    row = await row_of(connection, credentials, credential_id)
    if row is None or row["project_id"] != project_id:
        raise GatewayError(
            "not_found", "There is no such credential.", param="credential_id"
        )
