"""Approvals in the store: every step is taken by one process, and once."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from headgate_gateway.clock import now_ms
from headgate_gateway.errors import GatewayError
from headgate_gateway.store.database import Database
from headgate_gateway.store.happenings import approval_decided, approval_requested
from headgate_gateway.store.outbox import write_down
from headgate_gateway.store.paging import Page, PageRequest, read_page
from headgate_gateway.store.tables import approvals, instances

_MOST_PENDING = 10
"""What may wait for one key at a time."""


class ApprovalStore:
    """Reads and writes approvals."""

    def __init__(self, database: Database, *, owner: str) -> None:
        self._database = database
        self._owner = owner

    @property
    def owner(self) -> str:
        """The process that these are the reads and writes of."""
        return self._owner

    @property
    def shared(self) -> bool:
        """Whether other processes may decide too."""
        return not self._database.is_sqlite

    async def create(self, values: dict[str, Any]) -> tuple[sa.RowMapping, bool]:
        """The approval, and whether it is new; the same idempotency key finds it.

        403 when too many requests of the key wait already.
        """
        async with self._database.writing() as connection:
            earlier = await _earlier(connection, values)
            if earlier is not None:
                if earlier["fingerprint"] != values["fingerprint"]:
                    raise GatewayError(
                        "idempotency_conflict",
                        "This Idempotency-Key was used for another request.",
                    )
                return earlier, False
            pending = await _pending(connection, values["scope"])
            if pending >= _MOST_PENDING:
                raise GatewayError(
                    "approval_cap_exceeded",
                    "Too many requests of this key wait for approval.",
                    details={"pending": pending, "max": _MOST_PENDING},
                )
            await connection.execute(approvals.insert().values(values))
            row = await _one(connection, values["id"])
            if row is None:
                raise LookupError(values["id"])
            await write_down(connection, [approval_requested(row)])
            return row, True

    async def get(
        self, approval_id: str, *, scope: str | None = None
    ) -> sa.RowMapping | None:
        """The approval, or None; of one caller when asked."""
        async with self._database.reading() as connection:
            row = await _one(connection, approval_id)
        return row if row is None or scope in (None, row["scope"]) else None

    async def find(self, name: str, *, scope: str) -> sa.RowMapping | None:
        """The caller's approval by its id, or the newest by its request's, or None."""
        row = await self.get(name, scope=scope)
        if row is not None:
            return row
        query = sa.select(approvals).where(
            approvals.c.scope == scope, approvals.c.request_id == name
        )
        newest = query.order_by(approvals.c.id.desc()).limit(1)
        return next(iter(await self._database.rows(newest)), None)

    async def page(self, page: PageRequest, *, where: dict[str, Any]) -> Page:
        """One page of approvals whose columns hold these values."""
        query = sa.select(approvals)
        for name, value in where.items():
            query = query.where(approvals.c[name] == value)
        async with self._database.reading() as connection:
            return await read_page(
                connection, query, id_column=approvals.c.id, page=page
            )

    async def decide(self, approval_id: str, **changes: Any) -> bool:
        """Whether it was still pending, and so is decided now."""
        pending = sa.and_(
            approvals.c.id == approval_id, approvals.c.status == "pending"
        )
        async with self._database.writing() as connection:
            changed = await connection.execute(
                approvals.update()
                .where(pending)
                .values(**changes, reviewed_at=now_ms())
                .returning(approvals)
            )
            decided = [approval_decided(row) for row in changed.mappings()]
            await write_down(connection, decided)
            return bool(decided)

    async def expire(self) -> None:
        """End what nobody decided in time, as its policy says."""
        late = sa.and_(
            approvals.c.status == "pending", approvals.c.expires_at <= now_ms()
        )
        # Nearly never is one late: to look needs no turn to write.
        if not await self._database.rows(
            sa.select(approvals.c.id).where(late).limit(1)
        ):
            return
        status = sa.case((approvals.c.fallback == "allow", "approved"), else_="expired")
        async with self._database.writing() as connection:
            ended = await connection.execute(
                approvals.update()
                .where(late)
                .values(status=status)
                .returning(approvals)
            )
            await write_down(
                connection, [approval_decided(row) for row in ended.mappings()]
            )

    async def unperformed(self) -> list[sa.RowMapping]:
        """What was agreed to and is in nobody's hands, or needs what we hold."""
        living = sa.select(instances.c.id).where(instances.c.lease_until >= now_ms())
        query = sa.select(approvals).where(
            approvals.c.kind == "request",
            approvals.c.status == "approved",
            approvals.c.response.is_(None),
            # What is in our own hands is not given up when our lease is renewed late.
            sa.or_(
                approvals.c.owner.is_(None),
                sa.and_(
                    approvals.c.owner != self._owner,
                    approvals.c.owner.not_in(living),
                ),
            ),
            # Only the process that holds its credential can perform a request; when
            # that is gone, any other may say so.
            sa.or_(
                approvals.c.holder.is_(None),
                approvals.c.holder == self._owner,
                approvals.c.holder.not_in(living),
            ),
        )
        return list(await self._database.rows(query))

    async def held(self) -> set[str]:
        """What may still need the credential that this process holds for it."""
        query = sa.select(approvals.c.id).where(
            approvals.c.status.in_(("pending", "approved")),
            approvals.c.response.is_(None),
            approvals.c.holder == self._owner,
        )
        return {row["id"] for row in await self._database.rows(query)}

    async def take(self, row: sa.RowMapping) -> bool:
        """Whether performing it is ours now: only one process gets it."""
        free = (
            approvals.c.owner.is_(None)
            if row["owner"] is None
            else approvals.c.owner == row["owner"]
        )
        same = sa.and_(
            approvals.c.id == row["id"], approvals.c.response.is_(None), free
        )
        async with self._database.writing() as connection:
            taken = await connection.execute(
                approvals.update().where(same).values(owner=self._owner)
            )
            return taken.rowcount > 0

    async def let_go(self, approval_id: str) -> None:
        """Leave what was not begun to whoever takes it next."""
        ours = sa.and_(
            approvals.c.id == approval_id,
            approvals.c.response.is_(None),
            approvals.c.owner == self._owner,
        )
        async with self._database.writing() as connection:
            await connection.execute(approvals.update().where(ours).values(owner=None))

    async def finish(self, approval_id: str, response: bytes) -> None:
        """Keep what came of it."""
        async with self._database.writing() as connection:
            await connection.execute(
                approvals.update()
                .where(approvals.c.id == approval_id)
                .values(response=response)
            )


async def _earlier(
    connection: AsyncConnection, values: dict[str, Any]
) -> sa.RowMapping | None:
    if values["idempotency_key"] is None:
        return None
    query = sa.select(approvals).where(
        approvals.c.scope == values["scope"],
        approvals.c.kind == values["kind"],
        approvals.c.idempotency_key == values["idempotency_key"],
    )
    return (await connection.execute(query.limit(1))).mappings().one_or_none()


async def _pending(connection: AsyncConnection, scope: str) -> int:
    query = sa.select(sa.func.count()).where(
        approvals.c.scope == scope, approvals.c.status == "pending"
    )
    counted: int = (await connection.execute(query)).scalar_one()
    return counted


async def _one(connection: AsyncConnection, approval_id: str) -> sa.RowMapping | None:
    query = sa.select(approvals).where(approvals.c.id == approval_id)
    return (await connection.execute(query)).mappings().one_or_none()
