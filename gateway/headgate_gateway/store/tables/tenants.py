"""Projects with their keys, credentials and services; providers and processes."""

import sqlalchemy as sa

from headgate_gateway.store.tables.columns import (
    Json,
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

instances = sa.Table(
    "instances",
    metadata,
    own_id(),
    time("lease_until"),
)

projects = sa.Table(
    "projects",
    metadata,
    own_id(),
    json("name", unique=True),
    json("metadata"),
    *made_and_changed(),
)

keys = sa.Table(
    "keys",
    metadata,
    own_id(),
    reference("project_id", index=True),
    json("name"),
    sa.Column("prefix", sa.String(80), nullable=False),
    word("status"),
    json("allowed_models", required=False),
    reference("credential_id", required=False, index=True),
    sa.Column("scopes", Json, nullable=False, server_default="[]"),
    sa.Column("upstream_url", sa.Text),
    sa.Column("log_level", sa.String(16), nullable=False, server_default="metadata"),
    json("allowed_services", required=False),
    json("rate_limit", required=False),
    sa.Column("max_concurrent", sa.Integer),
    json("circuit_breaker", required=False),
    sa.Column("spend_caps", Json, nullable=False, server_default="{}"),
    sa.Column("tags", Json, nullable=False, server_default="{}"),
    json("metadata"),
    *made_and_changed(),
    time("expires_at", required=False),
    time("revoked_at", required=False),
    time("last_used_at", required=False),
)

secrets = sa.Table(
    "secrets",
    metadata,
    sa.Column("hash", sa.LargeBinary(32), primary_key=True),
    sa.Column("kind", sa.String(8), nullable=False),
    reference("key_id", required=False, index=True),
    time("valid_until", required=False),
)

credentials = sa.Table(
    "credentials",
    metadata,
    own_id(),
    reference("project_id"),
    json("name"),
    reference("provider", required=False),
    sa.Column("host", sa.String(300)),
    json("injection"),
    sealed(),
    count("kek_version"),
    sa.Column("last4", sa.String(4), nullable=False),
    *made_and_changed(),
    time("rotated_at", required=False),
    sa.Index("credentials_by_project", "project_id", "provider"),
)

services = sa.Table(
    "services",
    metadata,
    own_id(),
    reference("project_id"),
    sa.Column("name", sa.String(64), nullable=False),
    sa.Column("base_url", sa.Text, nullable=False),
    json("description"),
    word("service_type"),
    reference("credential_id", required=False, index=True),
    sa.Column("is_active", sa.Boolean, nullable=False),
    json("allowed_methods", required=False),
    json("request_headers"),
    json("response_headers"),
    *made_and_changed(),
    sa.UniqueConstraint("project_id", "name", name="services_by_name"),
)

protocols = sa.Table(
    "protocols",
    metadata,
    sa.Column("provider", sa.String(64), primary_key=True),
    json("manifest"),
    time("updated_at"),
)
