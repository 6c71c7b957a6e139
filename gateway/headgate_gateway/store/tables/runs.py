"""What was answered: runs and their events, and answers that are given again."""

import sqlalchemy as sa

from headgate_gateway.store.tables.columns import (
    count,
    json,
    metadata,
    operation,
    own_id,
    reference,
    request_id,
    time,
)

runs = sa.Table(
    "runs",
    metadata,
    own_id(),
    reference("project_id"),
    reference("key_id", required=False),
    reference("owner"),
    request_id(),
    sa.Column("status", sa.String(24), nullable=False),
    json("model"),
    json("session_id", required=False),
    json("metadata"),
    json("request"),
    time("created_at"),
    time("started_at", required=False),
    time("taken_up_at", required=False),
    count("carried_ms"),
    time("completed_at", required=False),
    json("cancel_reason", required=False),
    sa.Column("stop_reason", sa.String(32)),
    json("error", required=False),
    json("usage"),
    sa.Column("turn_count", sa.Integer, nullable=False),
    sa.Column("tool_call_count", sa.Integer, nullable=False),
    json("result", required=False),
    count("last_sequence"),
    count("trimmed_through"),
    sa.Index("runs_by_project", "project_id", "id"),
    sa.Index("runs_by_owner", "owner", "status"),
)

run_events = sa.Table(
    "run_events",
    metadata,
    reference("run_id", primary_key=True),
    count("sequence", primary_key=True),
    reference("type"),
    sa.Column("data", sa.Text, nullable=False),
)

kept_answers = sa.Table(
    "kept_answers",
    metadata,
    sa.Column("scope", sa.String(80), primary_key=True),
    sa.Column("request", sa.LargeBinary(32), primary_key=True),
    reference("project_id"),
    json("headers"),
    sa.Column("body", sa.LargeBinary, nullable=False),
    sa.Column("size", sa.Integer, nullable=False),
    time("expires_at", index=True),
)

idempotency = sa.Table(
    "idempotency",
    metadata,
    sa.Column("scope", sa.String(80), primary_key=True),
    operation(primary_key=True),
    sa.Column("key", sa.String(255), primary_key=True),
    sa.Column("fingerprint", sa.LargeBinary(32), nullable=False),
    reference("owner"),
    reference("run_id", required=False),
    sa.Column("status", sa.Integer),
    sa.Column("body", sa.LargeBinary),
    time("created_at", index=True),
)
