"""What is asked of requests: policies, and what waits for a person."""

import sqlalchemy as sa

from headgate_gateway.store.tables.columns import (
    count,
    json,
    made_and_changed,
    metadata,
    own_id,
    reference,
    request_id,
    sealed,
    time,
    word,
)

approvals = sa.Table(
    "approvals",
    metadata,
    own_id(),
    sa.Column("kind", sa.String(16), nullable=False, server_default="request"),
    sa.Column("scope", sa.String(80), nullable=False),
    reference("project_id"),
    reference("key_id", required=False),
    word("principal_kind"),
    request_id(),
    word("status"),
    reference("policy_id"),
    json("policy_name"),
    sa.Column("fallback", sa.String(8), nullable=False),
    sa.Column("timeout_s", sa.Integer, nullable=False),
    json("summary"),
    sealed(),
    sa.Column("idempotency_key", sa.String(255)),
    sa.Column("fingerprint", sa.LargeBinary, nullable=False),
    json("reason", required=False),
    json("reviewed_by", required=False),
    time("reviewed_at", required=False),
    reference("holder", required=False),
    reference("owner", required=False),
    sa.Column("response", sa.LargeBinary),
    time("created_at"),
    time("expires_at"),
    sa.Index("approvals_by_scope", "scope", "status"),
    sa.Index("approvals_by_status", "status", "expires_at"),
    sa.Index("approvals_by_request", "scope", "request_id"),
)

policies = sa.Table(
    "policies",
    metadata,
    own_id(),
    reference("project_id"),
    json("name"),
    word("mode"),
    word("phase"),
    json("scope"),
    json("rules"),
    sa.Column("version", sa.Integer, nullable=False),
    *made_and_changed(),
    sa.UniqueConstraint("project_id", "name", name="policies_by_name"),
)

policy_versions = sa.Table(
    "policy_versions",
    metadata,
    own_id(),
    reference("policy_id", index=True),
    sa.Column("version", sa.Integer, nullable=False),
    json("policy"),
    time("created_at"),
)

policy_counters = sa.Table(
    "policy_counters",
    metadata,
    reference("policy_id", primary_key=True),
    sa.Column("rule", sa.String(8), primary_key=True),
    sa.Column("subject", sa.String(250), primary_key=True),
    time("window_start", primary_key=True),
    count("requests"),
)
