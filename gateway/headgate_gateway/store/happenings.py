"""What webhooks are told of, as the events of the specification."""

from collections.abc import Mapping
from typing import Any

from headgate_gateway.clock import rfc3339
from headgate_gateway.store.outbox import Happening

Row = Mapping[Any, Any]


def approval_requested(row: Row) -> Happening:
    """A request waits for a person."""
    summary = row["summary"]
    return Happening(
        type="approval_requested",
        project_id=row["project_id"],
        cause=f"{row['id']} requested",
        data={
            "approval_id": row["id"],
            "kind": row["kind"],
            "request_id": row["request_id"],
            "key_id": row["key_id"],
            "policy_id": row["policy_id"] or None,
            "policy_name": row["policy_name"] or None,
            "operation": summary["operation"],
            "method": summary["method"],
            "path": summary["path"],
            "agent_name": summary["agent_name"],
            "expires_at": rfc3339(row["expires_at"]),
        },
    )


def approval_decided(row: Row) -> Happening:
    """A request waits no more."""
    return Happening(
        type="approval_decided",
        project_id=row["project_id"],
        cause=f"{row['id']} decided",
        data={
            "approval_id": row["id"],
            "kind": row["kind"],
            "request_id": row["request_id"],
            "key_id": row["key_id"],
            "status": row["status"],
            "reason": row["reason"],
            "reviewed_by": row["reviewed_by"],
        },
    )


def run_ended(row: Row) -> Happening:
    """A run is over, with a result or an error."""
    known = {"run_id": row["id"], "key_id": row["key_id"]}
    if row["status"] == "failed":
        kind, data = "run_failed", {**known, "error": row["error"]}
    else:
        ending = {"status": row["status"], "stop_reason": row["stop_reason"]}
        kind, data = "run_completed", {**known, **ending}
    return Happening(
        type=kind, project_id=row["project_id"], cause=f"{row['id']} ended", data=data
    )


def spend_cap_exceeded(
    *, project_id: str, key_id: str, period: str, time: str, limit: float, spent: float
) -> Happening:
    """A key reached a cap, told once for each day, month or life."""
    return Happening(
        type="spend_cap_exceeded",
        project_id=project_id,
        cause=f"{key_id} {period} {time} {limit}",
        data={
            "key_id": key_id,
            "period": period,
            "limit_usd": limit,
            "current_usd": spent,
        },
    )
