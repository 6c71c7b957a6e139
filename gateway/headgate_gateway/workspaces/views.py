"""Workspaces as the wire shows them."""

from collections.abc import Mapping
from typing import Any

from headgate_gateway.clock import rfc3339, rfc3339_or_none
from headgate_gateway.json import JsonObject


def workspace_object(row: Mapping[Any, Any]) -> JsonObject:
    """The ``Workspace``."""
    return {
        "id": row["id"],
        "object": "workspace",
        "mode": row["mode"],
        "status": row["status"],
        "client_id": row["client_id"],
        "model": row["model"],
        "system_prompt": row["system_prompt"],
        "context": row["context"],
        "metadata": row["metadata"],
        "created_at": rfc3339(row["created_at"]),
        "updated_at": rfc3339(row["updated_at"]),
        "ended_at": rfc3339_or_none(row["ended_at"]),
    }


def message_object(row: Mapping[Any, Any]) -> JsonObject:
    """The ``WorkspaceMessage``."""
    return {
        "id": row["id"],
        "object": "workspace.message",
        "workspace_id": row["workspace_id"],
        "role": row["role"],
        "content": row["content"],
        "status": row["status"],
        "approval_id": row["approval_id"],
        "created_at": rfc3339(row["created_at"]),
    }
