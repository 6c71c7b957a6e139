"""The processes that share a store, each alive as long as it renews its lease."""

import sqlalchemy as sa

from headgate_gateway.clock import now_ms
from headgate_gateway.store.database import Database
from headgate_gateway.store.tables import idempotency, instances
from headgate_gateway.store.upserts import insert_into


class InstanceStore:
    """Renews this process's lease and finds the processes that let theirs run out."""

    def __init__(self, database: Database, *, instance: str, lease_ms: int) -> None:
        self._database = database
        self._instance = instance
        self._lease_ms = lease_ms

    async def renew(self) -> None:
        """Say that this process lives."""
        until = now_ms() + self._lease_ms
        insert = insert_into(instances, self._database.dialect).values(
            id=self._instance, lease_until=until
        )
        upsert = insert.on_conflict_do_update(
            index_elements=[instances.c.id], set_={"lease_until": until}
        )
        async with self._database.writing() as connection:
            await connection.execute(upsert)

    async def retire(self) -> None:
        """Let the lease go: what this process left may be taken up at once."""
        mine = instances.c.id == self._instance
        async with self._database.writing() as connection:
            await connection.execute(
                instances.update().where(mine).values(lease_until=0)
            )

    async def dead(self) -> list[str]:
        """The processes that did not renew in time."""
        query = sa.select(instances.c.id).where(
            instances.c.lease_until < now_ms(), instances.c.id != self._instance
        )
        return [row["id"] for row in await self._database.rows(query)]

    async def bury(self, instance: str) -> None:
        """Forget a process and the unanswered idempotency keys that it held."""
        unanswered = sa.and_(
            idempotency.c.owner == instance,
            idempotency.c.run_id.is_(None),
            idempotency.c.status.is_(None),
        )
        async with self._database.writing() as connection:
            await connection.execute(idempotency.delete().where(unanswered))
            await connection.execute(
                instances.delete().where(instances.c.id == instance)
            )
