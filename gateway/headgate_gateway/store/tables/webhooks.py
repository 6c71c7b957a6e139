"""Who is told of what happens, and what they are sent."""

import sqlalchemy as sa

from headgate_gateway.store.tables.columns import (
    count,
    json,
    made_and_changed,
    metadata,
    own_id,
    reference,
    sealed,
    time,
    word,
)

webhooks = sa.Table(
    "webhooks",
    metadata,
    own_id(),
    reference("project_id", index=True),
    sa.Column("url", sa.Text, nullable=False),
    json("description"),
    json("events"),
    sa.Column("is_active", sa.Boolean, nullable=False),
    word("disabled_reason", required=False),
    sealed(),
    count("kek_version"),
    time("previous_secret_until", required=False),
    time("last_delivered_at", required=False),
    *made_and_changed(),
)

webhook_deliveries = sa.Table(
    "webhook_deliveries",
    metadata,
    own_id(),
    reference("webhook_id"),
    reference("project_id", index=True),
    reference("event_id"),
    reference("event_type"),
    sa.Column("cause", sa.String(200), nullable=False),
    json("payload"),
    word("status"),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("response_status", sa.Integer),
    sa.Column("error", sa.Text),
    time("next_attempt_at", required=False),
    time("created_at", index=True),
    time("delivered_at", required=False),
    sa.UniqueConstraint("webhook_id", "cause", name="webhook_deliveries_by_cause"),
    sa.Index("webhook_deliveries_by_webhook", "webhook_id", "id"),
    sa.Index("webhook_deliveries_due", "status", "next_attempt_at"),
)
