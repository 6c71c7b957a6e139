"""Runs whose process died: closed in the log, so that every reader sees an end."""

import sqlalchemy as sa

from headgate_gateway.clock import now_ms, rfc3339
from headgate_gateway.errors import GatewayError
from headgate_gateway.events import error_event
from headgate_gateway.json import JsonObject, dump_text
from headgate_gateway.store.instances import InstanceStore
from headgate_gateway.store.runs import Append, RunStore, StoredEvent


async def close_orphans(
    store: RunStore, instances: InstanceStore, *, dead: list[str]
) -> None:
    """End every run of the dead processes with an ``error`` event."""
    for instance in dead:
        for run in await store.live_of(instance):
            await store.append([_closing(run)])
        await instances.bury(instance)


def _closing(run: sa.RowMapping) -> Append:
    error = GatewayError(
        "internal_error", "The gateway process that carried out this run died."
    ).as_object(run["request_id"])
    events: list[JsonObject] = [error_event(error)]
    if not run["newest_sequence"]:
        events.insert(0, _start_of(run))
    first = run["newest_sequence"] + 1
    stored = tuple(
        _stored(run["id"], first + offset, event) for offset, event in enumerate(events)
    )
    changes = {
        "status": "failed",
        "error": error,
        "completed_at": now_ms(),
        "last_sequence": stored[-1].sequence,
    }
    return Append(run["id"], stored, changes)


def _start_of(run: sa.RowMapping) -> JsonObject:
    return {
        "type": "run_start",
        "request_id": run["request_id"],
        "model": run["model"],
        "protocol_version": "1",
        "resumed": False,
    }


def _stored(run_id: str, sequence: int, event: JsonObject) -> StoredEvent:
    numbered = {
        "type": event["type"],
        "run_id": run_id,
        "sequence_number": sequence,
        "created_at": rfc3339(now_ms()),
        **event,
    }
    return StoredEvent(sequence, event["type"], dump_text(numbered))
