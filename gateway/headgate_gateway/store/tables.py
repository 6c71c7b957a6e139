"""The tables. Times are milliseconds since the epoch; JSON is text."""

from typing import Any

import sqlalchemy as sa

from headgate_gateway.json import dump_text, loads


class Json(sa.types.TypeDecorator[Any]):
    """JSON as text: equal on every store, and a NUL in a string survives PostgreSQL."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: sa.Dialect) -> str | None:
        """The text to keep; None stays SQL NULL."""
        return None if value is None else dump_text(value)

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> Any:
        """The value back from its text."""
        return None if value is None else loads(value)


metadata = sa.MetaData()

instances = sa.Table(
    "instances",
    metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("lease_until", sa.BigInteger, nullable=False),
)

projects = sa.Table(
    "projects",
    metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("name", Json, nullable=False, unique=True),
    sa.Column("metadata", Json, nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("updated_at", sa.BigInteger, nullable=False),
)

keys = sa.Table(
    "keys",
    metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("project_id", sa.String(40), nullable=False, index=True),
    sa.Column("name", Json, nullable=False),
    sa.Column("prefix", sa.String(80), nullable=False),
    sa.Column("status", sa.String(16), nullable=False),
    sa.Column("allowed_models", Json),
    sa.Column("credential_id", sa.String(40), index=True),
    sa.Column("scopes", Json, nullable=False, server_default="[]"),
    sa.Column("upstream_url", sa.Text),
    sa.Column("log_level", sa.String(16), nullable=False, server_default="metadata"),
    sa.Column("allowed_services", Json),
    sa.Column("rate_limit", Json),
    sa.Column("max_concurrent", sa.Integer),
    sa.Column("spend_caps", Json, nullable=False, server_default="{}"),
    sa.Column("metadata", Json, nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("updated_at", sa.BigInteger, nullable=False),
    sa.Column("expires_at", sa.BigInteger),
    sa.Column("revoked_at", sa.BigInteger),
    sa.Column("last_used_at", sa.BigInteger),
)

secrets = sa.Table(
    "secrets",
    metadata,
    sa.Column("hash", sa.LargeBinary(32), primary_key=True),
    sa.Column("kind", sa.String(8), nullable=False),
    sa.Column("key_id", sa.String(40), index=True),
    sa.Column("valid_until", sa.BigInteger),
)

credentials = sa.Table(
    "credentials",
    metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("project_id", sa.String(40), nullable=False),
    sa.Column("name", Json, nullable=False),
    sa.Column("provider", sa.String(40)),
    sa.Column("host", sa.String(300)),
    sa.Column("injection", Json, nullable=False),
    sa.Column("sealed", sa.LargeBinary, nullable=False),
    sa.Column("kek_version", sa.BigInteger, nullable=False),
    sa.Column("last4", sa.String(4), nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("updated_at", sa.BigInteger, nullable=False),
    sa.Column("rotated_at", sa.BigInteger),
    sa.Index("credentials_by_project", "project_id", "provider"),
)

services = sa.Table(
    "services",
    metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("project_id", sa.String(40), nullable=False),
    sa.Column("name", sa.String(64), nullable=False),
    sa.Column("base_url", sa.Text, nullable=False),
    sa.Column("description", Json, nullable=False),
    sa.Column("service_type", sa.String(16), nullable=False),
    sa.Column("credential_id", sa.String(40), index=True),
    sa.Column("is_active", sa.Boolean, nullable=False),
    sa.Column("allowed_methods", Json),
    sa.Column("request_headers", Json, nullable=False),
    sa.Column("response_headers", Json, nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("updated_at", sa.BigInteger, nullable=False),
    sa.UniqueConstraint("project_id", "name", name="services_by_name"),
)

audit_logs = sa.Table(
    "audit_logs",
    metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("request_id", sa.String(200), nullable=False),
    sa.Column("project_id", sa.String(40), nullable=False),
    sa.Column("key_id", sa.String(40)),
    sa.Column("operation", sa.String(80), nullable=False),
    sa.Column("method", sa.String(16), nullable=False),
    sa.Column("path", Json, nullable=False),
    sa.Column("status", sa.Integer, nullable=False),
    sa.Column("error_code", sa.String(64)),
    sa.Column("upstream", sa.String(64)),
    sa.Column("model", Json),
    sa.Column("provider", Json),
    sa.Column("policy_result", sa.String(16), nullable=False),
    sa.Column("policy_id", sa.String(40)),
    sa.Column("shadow_violations", Json, nullable=False),
    sa.Column("approval_id", sa.String(40)),
    sa.Column("tags", Json, nullable=False),
    sa.Column("agent_name", Json),
    sa.Column("user_id", Json),
    sa.Column("tenant_id", Json),
    sa.Column("session_id", sa.String(200)),
    sa.Column("span_id", Json),
    sa.Column("parent_span_id", sa.String(200)),
    sa.Column("properties", Json, nullable=False),
    sa.Column("input_tokens", sa.BigInteger, nullable=False),
    sa.Column("output_tokens", sa.BigInteger, nullable=False),
    sa.Column("cost_usd", sa.Float),
    sa.Column("latency_ms", sa.Float, nullable=False),
    sa.Column("is_streaming", sa.Boolean, nullable=False),
    sa.Column("finish_reason", Json),
    sa.Column("tool_calls", Json, nullable=False),
    sa.Column("fields_redacted", Json, nullable=False),
    sa.Column("request_body", Json),
    sa.Column("response_body", Json),
    sa.Column("created_at", sa.BigInteger, nullable=False, index=True),
    sa.Index("audit_logs_by_project", "project_id", "id"),
    sa.Index("audit_logs_by_session", "session_id", "id"),
)

sessions = sa.Table(
    "sessions",
    metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("project_id", sa.String(40), nullable=False),
    sa.Column("session_id", sa.String(200), nullable=False),
    sa.Column("request_count", sa.BigInteger, nullable=False),
    sa.Column("error_count", sa.BigInteger, nullable=False),
    sa.Column("input_tokens", sa.BigInteger, nullable=False),
    sa.Column("output_tokens", sa.BigInteger, nullable=False),
    sa.Column("agent_name", Json),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("last_seen_at", sa.BigInteger, nullable=False, index=True),
    sa.UniqueConstraint("project_id", "session_id", name="sessions_by_name"),
)

approvals = sa.Table(
    "approvals",
    metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("kind", sa.String(16), nullable=False, server_default="request"),
    sa.Column("scope", sa.String(80), nullable=False),
    sa.Column("project_id", sa.String(40), nullable=False),
    sa.Column("key_id", sa.String(40)),
    sa.Column("principal_kind", sa.String(16), nullable=False),
    sa.Column("request_id", sa.String(200), nullable=False),
    sa.Column("status", sa.String(16), nullable=False),
    sa.Column("policy_id", sa.String(40), nullable=False),
    sa.Column("policy_name", Json, nullable=False),
    sa.Column("fallback", sa.String(8), nullable=False),
    sa.Column("timeout_s", sa.Integer, nullable=False),
    sa.Column("summary", Json, nullable=False),
    sa.Column("sealed", sa.LargeBinary, nullable=False),
    sa.Column("idempotency_key", sa.String(255)),
    sa.Column("fingerprint", sa.LargeBinary, nullable=False),
    sa.Column("reason", Json),
    sa.Column("reviewed_by", Json),
    sa.Column("reviewed_at", sa.BigInteger),
    sa.Column("owner", sa.String(40)),
    sa.Column("response", sa.LargeBinary),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("expires_at", sa.BigInteger, nullable=False),
    sa.Index("approvals_by_scope", "scope", "status"),
    sa.Index("approvals_by_status", "status", "expires_at"),
)

policies = sa.Table(
    "policies",
    metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("project_id", sa.String(40), nullable=False),
    sa.Column("name", Json, nullable=False),
    sa.Column("mode", sa.String(16), nullable=False),
    sa.Column("phase", sa.String(16), nullable=False),
    sa.Column("scope", Json, nullable=False),
    sa.Column("rules", Json, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("updated_at", sa.BigInteger, nullable=False),
    sa.UniqueConstraint("project_id", "name", name="policies_by_name"),
)

policy_versions = sa.Table(
    "policy_versions",
    metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("policy_id", sa.String(40), nullable=False, index=True),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("policy", Json, nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
)

policy_counters = sa.Table(
    "policy_counters",
    metadata,
    sa.Column("policy_id", sa.String(40), primary_key=True),
    sa.Column("rule", sa.String(8), primary_key=True),
    sa.Column("subject", sa.String(250), primary_key=True),
    sa.Column("window_start", sa.BigInteger, primary_key=True),
    sa.Column("requests", sa.BigInteger, nullable=False),
)

runs = sa.Table(
    "runs",
    metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("project_id", sa.String(40), nullable=False),
    sa.Column("key_id", sa.String(40)),
    sa.Column("owner", sa.String(40), nullable=False),
    sa.Column("request_id", sa.String(200), nullable=False),
    sa.Column("status", sa.String(24), nullable=False),
    sa.Column("model", Json, nullable=False),
    sa.Column("session_id", Json),
    sa.Column("metadata", Json, nullable=False),
    sa.Column("request", Json, nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("started_at", sa.BigInteger),
    sa.Column("taken_up_at", sa.BigInteger),
    sa.Column("carried_ms", sa.BigInteger, nullable=False),
    sa.Column("completed_at", sa.BigInteger),
    sa.Column("cancel_reason", Json),
    sa.Column("stop_reason", sa.String(32)),
    sa.Column("error", Json),
    sa.Column("usage", Json, nullable=False),
    sa.Column("turn_count", sa.Integer, nullable=False),
    sa.Column("tool_call_count", sa.Integer, nullable=False),
    sa.Column("result", Json),
    sa.Column("last_sequence", sa.BigInteger, nullable=False),
    sa.Column("trimmed_through", sa.BigInteger, nullable=False),
    sa.Index("runs_by_project", "project_id", "id"),
    sa.Index("runs_by_owner", "owner", "status"),
)

run_events = sa.Table(
    "run_events",
    metadata,
    sa.Column("run_id", sa.String(40), primary_key=True),
    sa.Column("sequence", sa.BigInteger, primary_key=True),
    sa.Column("type", sa.String(40), nullable=False),
    sa.Column("data", sa.Text, nullable=False),
)

usage = sa.Table(
    "usage",
    metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("project_id", sa.String(40), nullable=False),
    sa.Column("key_id", sa.String(40)),
    sa.Column("request_id", sa.String(200), nullable=False),
    sa.Column("operation", sa.String(80), nullable=False),
    sa.Column("provider", sa.String(80), nullable=False),
    sa.Column("model", Json, nullable=False),
    sa.Column("input_tokens", sa.BigInteger, nullable=False),
    sa.Column("output_tokens", sa.BigInteger, nullable=False),
    sa.Column("cache_read_tokens", sa.BigInteger, nullable=False),
    sa.Column("cost", sa.BigInteger),
    sa.Column("outcome", sa.String(16), nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Index("usage_by_project", "project_id", "created_at"),
    sa.Index("usage_by_key", "key_id", "created_at"),
)
"""One row a model's answer; ``cost`` is in millionths of a millionth of a dollar."""

spend = sa.Table(
    "spend",
    metadata,
    sa.Column("key_id", sa.String(40), primary_key=True),
    sa.Column("time", sa.String(16), primary_key=True),
    sa.Column("amount", sa.BigInteger, nullable=False),
)
"""What was spent with a key in a day, in a month and ever, added up."""

reservations = sa.Table(
    "reservations",
    metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("key_id", sa.String(40), nullable=False, index=True),
    sa.Column("amount", sa.BigInteger, nullable=False),
    sa.Column("expires_at", sa.BigInteger, nullable=False),
)
"""What calls in flight will spend at least, for keys with caps."""

rate_buckets = sa.Table(
    "rate_buckets",
    metadata,
    sa.Column("key_id", sa.String(40), primary_key=True),
    sa.Column("level", sa.BigInteger, nullable=False),
    sa.Column("filled_at", sa.BigInteger, nullable=False),
)

in_flight = sa.Table(
    "in_flight",
    metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("key_id", sa.String(40), nullable=False, index=True),
    sa.Column("instance", sa.String(40), nullable=False),
)

kept_answers = sa.Table(
    "kept_answers",
    metadata,
    sa.Column("scope", sa.String(80), primary_key=True),
    sa.Column("request", sa.LargeBinary(32), primary_key=True),
    sa.Column("project_id", sa.String(40), nullable=False),
    sa.Column("headers", Json, nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=False),
    sa.Column("size", sa.Integer, nullable=False),
    sa.Column("expires_at", sa.BigInteger, nullable=False, index=True),
)

workspaces = sa.Table(
    "workspaces",
    metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("project_id", sa.String(40), nullable=False),
    sa.Column("client_id", sa.String(200)),
    sa.Column("mode", sa.String(16), nullable=False),
    sa.Column("status", sa.String(16), nullable=False),
    sa.Column("model", Json, nullable=False),
    sa.Column("system_prompt", Json),
    sa.Column("context", Json, nullable=False),
    sa.Column("metadata", Json, nullable=False),
    sa.Column("typing", Json),
    sa.Column("typing_count", sa.BigInteger, nullable=False),
    sa.Column("last_sequence", sa.BigInteger, nullable=False),
    sa.Column("last_client_sequence", sa.BigInteger, nullable=False),
    sa.Column("trimmed", sa.Boolean, nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("updated_at", sa.BigInteger, nullable=False),
    sa.Column("ended_at", sa.BigInteger),
    sa.Index("workspaces_by_project", "project_id", "id"),
    sa.Index("workspaces_by_client", "project_id", "client_id", "id"),
)

workspace_messages = sa.Table(
    "workspace_messages",
    metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("workspace_id", sa.String(40), nullable=False),
    sa.Column("role", sa.String(16), nullable=False),
    sa.Column("content", Json, nullable=False),
    sa.Column("status", sa.String(16), nullable=False),
    sa.Column("approval_id", sa.String(40), unique=True),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Index("workspace_messages_in_order", "workspace_id", "id"),
)

workspace_events = sa.Table(
    "workspace_events",
    metadata,
    sa.Column("workspace_id", sa.String(40), primary_key=True),
    sa.Column("sequence", sa.BigInteger, primary_key=True),
    sa.Column("client_sequence", sa.BigInteger),
    sa.Column("type", sa.String(40), nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("payload", Json, nullable=False),
)

webhooks = sa.Table(
    "webhooks",
    metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("project_id", sa.String(40), nullable=False, index=True),
    sa.Column("url", sa.Text, nullable=False),
    sa.Column("description", Json, nullable=False),
    sa.Column("events", Json, nullable=False),
    sa.Column("is_active", sa.Boolean, nullable=False),
    sa.Column("disabled_reason", sa.String(16)),
    sa.Column("sealed", sa.LargeBinary, nullable=False),
    sa.Column("kek_version", sa.BigInteger, nullable=False),
    sa.Column("previous_secret_until", sa.BigInteger),
    sa.Column("last_delivered_at", sa.BigInteger),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("updated_at", sa.BigInteger, nullable=False),
)

webhook_deliveries = sa.Table(
    "webhook_deliveries",
    metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("webhook_id", sa.String(40), nullable=False),
    sa.Column("project_id", sa.String(40), nullable=False, index=True),
    sa.Column("event_id", sa.String(40), nullable=False),
    sa.Column("event_type", sa.String(40), nullable=False),
    sa.Column("cause", sa.String(200), nullable=False),
    sa.Column("payload", Json, nullable=False),
    sa.Column("status", sa.String(16), nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("response_status", sa.Integer),
    sa.Column("error", sa.Text),
    sa.Column("next_attempt_at", sa.BigInteger),
    sa.Column("created_at", sa.BigInteger, nullable=False, index=True),
    sa.Column("delivered_at", sa.BigInteger),
    sa.UniqueConstraint("webhook_id", "cause", name="webhook_deliveries_by_cause"),
    sa.Index("webhook_deliveries_by_webhook", "webhook_id", "id"),
    sa.Index("webhook_deliveries_due", "status", "next_attempt_at"),
)

protocols = sa.Table(
    "protocols",
    metadata,
    sa.Column("provider", sa.String(64), primary_key=True),
    sa.Column("manifest", Json, nullable=False),
    sa.Column("updated_at", sa.BigInteger, nullable=False),
)

idempotency = sa.Table(
    "idempotency",
    metadata,
    sa.Column("scope", sa.String(80), primary_key=True),
    sa.Column("operation", sa.String(80), primary_key=True),
    sa.Column("key", sa.String(255), primary_key=True),
    sa.Column("fingerprint", sa.LargeBinary(32), nullable=False),
    sa.Column("owner", sa.String(40), nullable=False),
    sa.Column("run_id", sa.String(40)),
    sa.Column("status", sa.Integer),
    sa.Column("body", sa.LargeBinary),
    sa.Column("created_at", sa.BigInteger, nullable=False, index=True),
)
