"""What was answered under an Idempotency-Key, or which run was started by it."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from headgate_gateway.clock import now_ms
from headgate_gateway.store.database import Database
from headgate_gateway.store.tables import idempotency
from headgate_gateway.store.upserts import insert_into


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One use of an Idempotency-Key: who used it where, and with what request."""

    scope: str
    operation: str
    key: str
    fingerprint: bytes

    @property
    def place(self) -> sa.ColumnElement[bool]:
        """The row that remembers this key."""
        return sa.and_(
            idempotency.c.scope == self.scope,
            idempotency.c.operation == self.operation,
            idempotency.c.key == self.key,
        )


@dataclass(frozen=True, slots=True)
class Earlier:
    """What the first use of a key led to; no status and no run: it is still at work."""

    fingerprint: bytes
    run_id: str | None
    status: int | None
    body: bytes | None


async def claim_key(
    connection: AsyncConnection,
    claim: Claim,
    *,
    owner: str,
    window_ms: int,
    run_id: str | None = None,
) -> Earlier | None:
    """None when the key is now ours, else what its first use led to."""
    now = now_ms()
    expired = sa.and_(claim.place, idempotency.c.created_at <= now - window_ms)
    await connection.execute(idempotency.delete().where(expired))
    values = {
        "scope": claim.scope,
        "operation": claim.operation,
        "key": claim.key,
        "fingerprint": claim.fingerprint,
        "owner": owner,
        "run_id": run_id,
        "created_at": now,
    }
    inserted = await connection.execute(_insert(connection).values(values))
    if inserted.rowcount:
        return None
    row = (
        (await connection.execute(sa.select(idempotency).where(claim.place)))
        .mappings()
        .one()
    )
    return Earlier(row["fingerprint"], row["run_id"], row["status"], row["body"])


def _insert(connection: AsyncConnection) -> Any:
    return insert_into(idempotency, connection.dialect.name).on_conflict_do_nothing()


class IdempotencyStore:
    """Claims keys for answers that are kept whole."""

    def __init__(self, database: Database, *, owner: str, window_ms: int) -> None:
        self._database = database
        self._owner = owner
        self._window_ms = window_ms

    async def claim(self, claim: Claim) -> Earlier | None:
        """None when the key is now ours, else what its first use led to."""
        async with self._database.writing() as connection:
            return await claim_key(
                connection, claim, owner=self._owner, window_ms=self._window_ms
            )

    async def keep(self, claim: Claim, *, status: int, body: bytes) -> None:
        """Remember the answer, unless the claim was lost meanwhile."""
        async with self._database.writing() as connection:
            await connection.execute(
                idempotency.update()
                .where(self._ours(claim))
                .values(status=status, body=body)
            )

    async def release(self, claim: Claim) -> None:
        """Forget the claim, so that the next attempt is carried out."""
        async with self._database.writing() as connection:
            await connection.execute(idempotency.delete().where(self._ours(claim)))

    async def forget_expired(self) -> None:
        """Delete what is older than the window."""
        async with self._database.writing() as connection:
            old = idempotency.c.created_at <= now_ms() - self._window_ms
            await connection.execute(idempotency.delete().where(old))

    def _ours(self, claim: Claim) -> sa.ColumnElement[bool]:
        """The claim's row, unless another process has it.

        One whose lease lapses loses its claims to whoever asks next.
        """
        return sa.and_(claim.place, idempotency.c.owner == self._owner)
