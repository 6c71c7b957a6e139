"""What was asked: entries of the audit log, and sessions."""

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
    word,
)

_HAS_SESSION = sa.text("session_id IS NOT NULL")

audit_logs = sa.Table(
    "audit_logs",
    metadata,
    own_id(),
    request_id(),
    reference("project_id"),
    reference("key_id", required=False),
    operation(),
    word("method"),
    json("path"),
    sa.Column("status", sa.Integer, nullable=False),
    sa.Column("error_code", sa.String(64)),
    sa.Column("upstream", sa.String(64)),
    json("model", required=False),
    json("provider", required=False),
    word("policy_result"),
    reference("policy_id", required=False),
    json("shadow_violations"),
    reference("approval_id", required=False),
    json("tags"),
    json("agent_name", required=False),
    json("user_id", required=False),
    json("tenant_id", required=False),
    sa.Column("session_id", sa.String(200)),
    json("span_id", required=False),
    sa.Column("parent_span_id", sa.String(200)),
    json("properties"),
    count("input_tokens"),
    count("output_tokens"),
    sa.Column("cost_usd", sa.Float),
    sa.Column("latency_ms", sa.Float, nullable=False),
    sa.Column("is_streaming", sa.Boolean, nullable=False),
    json("finish_reason", required=False),
    json("tool_calls"),
    json("fields_redacted"),
    json("request_body", required=False),
    json("response_body", required=False),
    time("created_at"),
    sa.Index("audit_logs_by_project", "project_id", "id"),
    sa.Index(
        "audit_logs_by_session",
        "session_id",
        "id",
        sqlite_where=_HAS_SESSION,
        postgresql_where=_HAS_SESSION,
    ),
)
"""Every request writes a row, and each index costs it a seventh; ids sort by age."""

sessions = sa.Table(
    "sessions",
    metadata,
    own_id(),
    reference("project_id"),
    sa.Column("session_id", sa.String(200), nullable=False),
    count("request_count"),
    count("error_count"),
    count("input_tokens"),
    count("output_tokens"),
    json("agent_name", required=False),
    time("created_at"),
    time("last_seen_at", index=True),
    sa.UniqueConstraint("project_id", "session_id", name="sessions_by_name"),
)
