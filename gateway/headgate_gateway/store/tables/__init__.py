"""The tables, by subject."""

from headgate_gateway.store.tables.audit import (
    audit_logs,
    sessions,
)
from headgate_gateway.store.tables.columns import Json, metadata
from headgate_gateway.store.tables.policies import (
    approvals,
    policies,
    policy_counters,
    policy_versions,
)
from headgate_gateway.store.tables.runs import (
    idempotency,
    kept_answers,
    run_events,
    runs,
)
from headgate_gateway.store.tables.tenants import (
    credentials,
    instances,
    keys,
    projects,
    protocols,
    secrets,
    services,
)
from headgate_gateway.store.tables.usage import (
    in_flight,
    rate_buckets,
    reservations,
    spend,
    usage,
)
from headgate_gateway.store.tables.webhooks import (
    webhook_deliveries,
    webhooks,
)
from headgate_gateway.store.tables.workspaces import (
    workspace_events,
    workspace_messages,
    workspaces,
)

__all__ = [
    "Json",
    "approvals",
    "audit_logs",
    "credentials",
    "idempotency",
    "in_flight",
    "instances",
    "kept_answers",
    "keys",
    "metadata",
    "policies",
    "policy_counters",
    "policy_versions",
    "projects",
    "protocols",
    "rate_buckets",
    "reservations",
    "run_events",
    "runs",
    "secrets",
    "services",
    "sessions",
    "spend",
    "usage",
    "webhook_deliveries",
    "webhooks",
    "workspace_events",
    "workspace_messages",
    "workspaces",
]
