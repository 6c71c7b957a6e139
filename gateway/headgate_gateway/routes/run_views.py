"""Runs as the wire shows them."""

import sqlalchemy as sa

from headgate_gateway.clock import rfc3339, rfc3339_or_none
from headgate_gateway.errors import GatewayError
from headgate_gateway.json import JsonObject


def run_object(row: sa.RowMapping) -> JsonObject:
    """The ``Run``."""
    return {
        "id": row["id"],
        "object": "run",
        "status": row["status"],
        "model": row["model"],
        "created_at": rfc3339(row["created_at"]),
        "started_at": rfc3339_or_none(row["started_at"]),
        "completed_at": rfc3339_or_none(row["completed_at"]),
        "stop_reason": row["stop_reason"],
        "error": row["error"],
        "usage": row["usage"],
        "turn_count": row["turn_count"],
        "tool_call_count": row["tool_call_count"],
        "last_sequence_number": row["newest_sequence"],
        "session_id": row["session_id"],
        "metadata": row["metadata"],
    }


def run_envelope(row: sa.RowMapping) -> JsonObject:
    """The ``RunResultEnvelope``."""
    return {"run": run_object(row), "result": row["result"]}


def error_of(row: sa.RowMapping) -> GatewayError:
    """What made a run fail, to be answered to whoever waited for it."""
    error: JsonObject = row["error"]
    return GatewayError(
        error["code"],
        error["message"],
        param=error["param"],
        retry_after=error.get("retry_after"),
        details={**error.get("details", {}), "run_id": row["id"]},
    )
