"""Webhooks and their deliveries: each try is taken by one process."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from headgate_gateway.clock import now_ms
from headgate_gateway.ids import new_id
from headgate_gateway.store.database import Database
from headgate_gateway.store.outbox import Happening, delivery, write_down
from headgate_gateway.store.paging import Page, PageRequest, read_page
from headgate_gateway.store.rows import (
    delete_row,
    page_of,
    project_exists,
    row_of,
)
from headgate_gateway.store.tables import webhook_deliveries, webhooks

TEST = "webhook_test"
"""The event that is sent to webhooks that are not active too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """What came of sending a delivery once."""

    status: int | None
    """The status of the answer; None when none came."""
    error: str | None = None
    """Why it failed; None when the event was taken."""
    retry_at: int | None = None
    """When to try again; None when this was the last try."""
    gone: bool = False
    """Whether nobody listens there any more."""


class WebhookStore:
    """Reads and writes webhooks and what they are sent."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(self, values: dict[str, Any]) -> sa.RowMapping | None:
        """A new webhook; None when its project does not exist."""
        async with self._database.writing() as connection:
            if not await project_exists(connection, values["project_id"]):
                return None
            await connection.execute(webhooks.insert().values(values))
        return await self.get(values["id"])

    async def get(self, webhook_id: str) -> sa.RowMapping | None:
        """The webhook, or None."""
        async with self._database.reading() as connection:
            return await row_of(connection, webhooks, webhook_id)

    async def page(self, page: PageRequest, *, project_id: str | None) -> Page:
        """One page of webhooks, of one project when asked."""
        return await page_of(self._database, webhooks, page, project_id=project_id)

    async def update(
        self, webhook_id: str, changes: dict[str, Any]
    ) -> sa.RowMapping | None:
        """The webhook with ``changes`` made; None when there is none.

        One that is activated is sent what waits for it, from the first try on.
        """
        async with self._database.writing() as connection:
            await connection.execute(
                webhooks.update().where(webhooks.c.id == webhook_id).values(**changes)
            )
            if changes.get("is_active"):
                waiting = sa.and_(
                    webhook_deliveries.c.webhook_id == webhook_id,
                    webhook_deliveries.c.status == "pending",
                )
                await connection.execute(
                    webhook_deliveries.update().where(waiting).values(_at_once())
                )
        return await self.get(webhook_id)

    async def delete(self, webhook_id: str) -> bool:
        """Whether there was one to delete."""
        async with self._database.writing() as connection:
            await connection.execute(
                webhook_deliveries.delete().where(
                    webhook_deliveries.c.webhook_id == webhook_id
                )
            )
            return await delete_row(connection, webhooks, webhook_id)

    async def listens(self, project_id: str) -> bool:
        """Whether a project has a webhook at all."""
        query = sa.select(webhooks.c.id).where(
            webhooks.c.project_id == project_id, webhooks.c.is_active
        )
        return bool(await self._database.rows(query.limit(1)))

    async def tell(self, happening: Happening) -> None:
        """Write down what nothing else is written down for."""
        async with self._database.writing() as connection:
            await write_down(connection, [happening])

    async def test(self, row: sa.RowMapping) -> sa.RowMapping | None:
        """A trial that is about to be sent to one webhook."""
        event_id = new_id("evt")
        trial = Happening(
            type=TEST,
            project_id=row["project_id"],
            cause=event_id,
            data={"webhook_id": row["id"]},
        )
        values = delivery(trial, webhook_id=row["id"], event_id=event_id)
        async with self._database.writing() as connection:
            await connection.execute(webhook_deliveries.insert().values(values))
        return await self.delivery(row["id"], str(values["id"]))

    async def delivery(self, webhook_id: str, delivery_id: str) -> sa.RowMapping | None:
        """A delivery of a webhook, or None."""
        query = sa.select(webhook_deliveries).where(
            webhook_deliveries.c.webhook_id == webhook_id,
            webhook_deliveries.c.id == delivery_id,
        )
        async with self._database.reading() as connection:
            return (await connection.execute(query)).mappings().one_or_none()

    async def deliveries(
        self, page: PageRequest, *, webhook_id: str, status: str | None
    ) -> Page:
        """One page of what a webhook was sent, with one status when asked."""
        query = sa.select(webhook_deliveries).where(
            webhook_deliveries.c.webhook_id == webhook_id
        )
        if status is not None:
            query = query.where(webhook_deliveries.c.status == status)
        async with self._database.reading() as connection:
            return await read_page(
                connection, query, id_column=webhook_deliveries.c.id, page=page
            )

    async def send_again(
        self, webhook_id: str, delivery_id: str
    ) -> sa.RowMapping | None:
        """The delivery, about to be sent from the first try on; None if unknown."""
        same = sa.and_(
            webhook_deliveries.c.webhook_id == webhook_id,
            webhook_deliveries.c.id == delivery_id,
        )
        again = {**_at_once(), "status": "pending", "delivered_at": None}
        async with self._database.writing() as connection:
            await connection.execute(
                webhook_deliveries.update().where(same).values(again)
            )
        return await self.delivery(webhook_id, delivery_id)

    async def due(self) -> bool:
        """Whether anything is to be sent now."""
        query = sa.select(webhook_deliveries.c.id).where(_is_due(now_ms()))
        return bool(await self._database.rows(query.limit(1)))

    async def take(
        self, *, most: int, busy: Collection[str], held_until: int
    ) -> list[sa.RowMapping]:
        """Deliveries to try now, with their webhooks' ``url``, ``sealed`` and so on.

        They are nobody else's until ``held_until``; should this process die, another
        one takes them up then. Webhooks that are ``busy`` get no more for now.
        """
        found = (
            sa.select(webhook_deliveries.c.id)
            .join(webhooks, webhooks.c.id == webhook_deliveries.c.webhook_id)
            .where(_is_due(now_ms()), webhooks.c.id.not_in(busy), _is_wanted())
            .order_by(webhook_deliveries.c.next_attempt_at)
            .limit(most)
            .with_for_update(skip_locked=True, of=webhook_deliveries)
        )
        async with self._database.writing() as connection:
            ids = list((await connection.execute(found)).scalars())
            await connection.execute(
                webhook_deliveries.update()
                .where(webhook_deliveries.c.id.in_(ids))
                .values(
                    next_attempt_at=held_until,
                    attempts=webhook_deliveries.c.attempts + 1,
                )
            )
            taken = (
                sa.select(
                    webhook_deliveries,
                    *(
                        webhooks.c[name].label(f"webhook_{name}")
                        for name in _OF_WEBHOOK
                    ),
                )
                .join(webhooks, webhooks.c.id == webhook_deliveries.c.webhook_id)
                .where(webhook_deliveries.c.id.in_(ids))
            )
            return list((await connection.execute(taken)).mappings())

    async def tried(self, row: sa.RowMapping, attempt: Attempt) -> None:
        """Keep what came of a try, unless the delivery was begun anew meanwhile."""
        now = now_ms()
        same = sa.and_(
            webhook_deliveries.c.id == row["id"],
            webhook_deliveries.c.attempts == row["attempts"],
            webhook_deliveries.c.status == "pending",
        )
        taken = attempt.error is None
        over = "delivered" if taken else "failed"
        changes = {
            "status": "pending" if attempt.retry_at is not None else over,
            "response_status": attempt.status,
            "error": attempt.error,
            "next_attempt_at": attempt.retry_at,
            "delivered_at": now if taken else None,
        }
        async with self._database.writing() as connection:
            await connection.execute(
                webhook_deliveries.update().where(same).values(changes)
            )
            webhook = webhooks.c.id == row["webhook_id"]
            if taken:
                await connection.execute(
                    webhooks.update().where(webhook).values(last_delivered_at=now)
                )
            elif attempt.retry_at is None and row["event_type"] != TEST:
                await connection.execute(
                    webhooks.update()
                    .where(webhook, _takes_nothing(row, attempt))
                    .values(
                        is_active=False,
                        disabled_reason="gone" if attempt.gone else "failing",
                        updated_at=now,
                    )
                )

    async def sealed_otherwise(self, version: int) -> list[sa.RowMapping]:
        """Webhooks whose secrets are not under this version of the master key."""
        query = sa.select(webhooks).where(webhooks.c.kek_version != version)
        async with self._database.reading() as connection:
            return list((await connection.execute(query)).mappings())

    async def reseal(self, row: sa.RowMapping, *, sealed: bytes, version: int) -> None:
        """Keep the secrets sealed anew, unless they changed meanwhile."""
        same = sa.and_(webhooks.c.id == row["id"], webhooks.c.sealed == row["sealed"])
        async with self._database.writing() as connection:
            await connection.execute(
                webhooks.update().where(same).values(sealed=sealed, kek_version=version)
            )

    async def trim(self, *, created_before: int) -> None:
        """Forget what was sent, or waited for an inactive webhook, before a time."""
        old = webhook_deliveries.c.created_at < created_before
        async with self._database.writing() as connection:
            await connection.execute(webhook_deliveries.delete().where(old))


_OF_WEBHOOK = ("url", "sealed", "kek_version", "previous_secret_until")


def _at_once() -> dict[str, Any]:
    return {"attempts": 0, "next_attempt_at": now_ms()}


def _is_due(now: int) -> sa.ColumnElement[bool]:
    return sa.and_(
        webhook_deliveries.c.status == "pending",
        webhook_deliveries.c.next_attempt_at <= now,
    )


def _is_wanted() -> sa.ColumnElement[bool]:
    return sa.or_(webhooks.c.is_active, webhook_deliveries.c.event_type == TEST)


def _takes_nothing(row: sa.RowMapping, attempt: Attempt) -> sa.ColumnElement[bool]:
    """Whether a webhook is to be given up with a delivery that is."""
    if attempt.gone:
        return sa.true()
    return sa.or_(
        webhooks.c.last_delivered_at.is_(None),
        webhooks.c.last_delivered_at < row["created_at"],
    )
