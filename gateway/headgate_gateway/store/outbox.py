"""What happens in a project, written down for its webhooks.

The deliveries are rows of the same transaction as their cause: there is none without
it, and none is lost with the process.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from headgate_gateway.clock import now_ms, rfc3339
from headgate_gateway.ids import new_id
from headgate_gateway.json import JsonObject
from headgate_gateway.store.tables import webhook_deliveries, webhooks
from headgate_gateway.store.upserts import insert_into


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """Something that webhooks may be told."""

    type: str
    project_id: str
    cause: str
    """What it happened to, such as a run's id: each webhook is told once of it."""
    data: JsonObject


async def write_down(
    connection: AsyncConnection, happenings: Sequence[Happening]
) -> None:
    """Have the webhooks that asked for it told; doing so twice changes nothing."""
    if not happenings:
        return
    projects = {each.project_id for each in happenings}
    query = sa.select(webhooks.c.id, webhooks.c.project_id, webhooks.c.events).where(
        webhooks.c.project_id.in_(projects), webhooks.c.is_active
    )
    listeners = (await connection.execute(query)).all()
    rows = [
        delivery(happening, webhook_id=listener.id, event_id=event_id)
        for happening in happenings
        for event_id in [new_id("evt")]
        for listener in listeners
        if listener.project_id == happening.project_id
        and (not listener.events or happening.type in listener.events)
    ]
    if rows:
        insert = insert_into(
            webhook_deliveries, connection.dialect.name
        ).on_conflict_do_nothing(index_elements=["webhook_id", "cause"])
        await connection.execute(insert, rows)


def delivery(
    happening: Happening, *, webhook_id: str, event_id: str
) -> dict[str, object]:
    """The row of a delivery that is to be sent at once."""
    now = now_ms()
    return {
        "id": new_id("whd"),
        "webhook_id": webhook_id,
        "project_id": happening.project_id,
        "event_id": event_id,
        "event_type": happening.type,
        "cause": happening.cause,
        "payload": {
            "id": event_id,
            "type": happening.type,
            "created_at": rfc3339(now),
            "project_id": happening.project_id,
            "data": happening.data,
        },
        "status": "pending",
        "attempts": 0,
        "next_attempt_at": now,
        "created_at": now,
    }
