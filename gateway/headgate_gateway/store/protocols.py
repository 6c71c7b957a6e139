"""Manifests that operators set."""

from collections.abc import Sequence

import sqlalchemy as sa

from headgate_gateway.json import JsonObject
from headgate_gateway.store.database import Database
from headgate_gateway.store.tables import protocols


class ProtocolStore:
    """Reads and writes manifests."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def all(self) -> Sequence[sa.RowMapping]:
        """Every stored manifest, by provider."""
        query = sa.select(protocols).order_by(protocols.c.provider)
        async with self._database.reading() as connection:
            return (await connection.execute(query)).mappings().all()

    async def stamp(self) -> object:
        """A value that changes whenever a manifest is set or removed."""
        query = sa.select(
            sa.func.count(), sa.func.max(protocols.c.updated_at)
        ).select_from(protocols)
        return [tuple(row.values()) for row in await self._database.rows(query)]

    async def put(self, provider: str, manifest: JsonObject, *, at: int) -> None:
        """Set a provider's manifest; its time is later than that of every other."""
        async with self._database.writing() as connection:
            newest = sa.select(sa.func.max(protocols.c.updated_at))
            latest = (await connection.execute(newest)).scalar_one() or 0
            await connection.execute(
                protocols.delete().where(protocols.c.provider == provider)
            )
            await connection.execute(
                protocols.insert().values(
                    provider=provider,
                    manifest=manifest,
                    updated_at=max(at, latest + 1),
                )
            )

    async def delete(self, provider: str) -> bool:
        """Remove a provider's manifest; False when there is none."""
        query = protocols.delete().where(protocols.c.provider == provider)
        async with self._database.writing() as connection:
            return bool((await connection.execute(query)).rowcount)
