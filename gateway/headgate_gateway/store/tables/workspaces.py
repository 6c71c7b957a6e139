"""Conversations with their messages and events."""

import sqlalchemy as sa

from headgate_gateway.store.tables.columns import (
    count,
    json,
    made_and_changed,
    metadata,
    own_id,
    reference,
    time,
    word,
)

workspaces = sa.Table(
    "workspaces",
    metadata,
    own_id(),
    reference("project_id"),
    sa.Column("client_id", sa.String(200)),
    word("mode"),
    word("status"),
    json("model"),
    json("system_prompt", required=False),
    json("context"),
    json("metadata"),
    json("typing", required=False),
    count("typing_count"),
    count("last_sequence"),
    count("last_client_sequence"),
    sa.Column("trimmed", sa.Boolean, nullable=False),
    *made_and_changed(),
    time("ended_at", required=False),
    sa.Index("workspaces_by_project", "project_id", "id"),
    sa.Index("workspaces_by_client", "project_id", "client_id", "id"),
)

workspace_messages = sa.Table(
    "workspace_messages",
    metadata,
    own_id(),
    reference("workspace_id"),
    word("role"),
    json("content"),
    word("status"),
    reference("approval_id", required=False, unique=True),
    time("created_at"),
    sa.Index("workspace_messages_in_order", "workspace_id", "id"),
)

workspace_events = sa.Table(
    "workspace_events",
    metadata,
    reference("workspace_id", primary_key=True),
    count("sequence", primary_key=True),
    count("client_sequence", required=False),
    reference("type"),
    time("created_at"),
    json("payload"),
)
