"""The audit log and its sessions, for the operator."""

from collections.abc import Mapping

import sqlalchemy as sa

from headgate_gateway.audit.follow import AuditFollower
from headgate_gateway.clock import parse_rfc3339, rfc3339
from headgate_gateway.errors import GatewayError
from headgate_gateway.http.answers import Answer, json_answer
from headgate_gateway.http.call import Call, Handler
from headgate_gateway.json import JsonObject
from headgate_gateway.routes.pages import list_answer, page_request
from headgate_gateway.store.audit import AuditFilter
from headgate_gateway.streaming import EventStream

_BODIES = ("request_body", "response_body")
_SESSION = (
    "id",
    "session_id",
    "project_id",
    "request_count",
    "error_count",
    "input_tokens",
    "output_tokens",
    "agent_name",
)


async def list_logs(call: Call) -> Answer:
    """One page of entries without their bodies."""
    where = AuditFilter.of(
        call.parameters,
        created_after=_milliseconds(call, "created_after"),
        created_before=_milliseconds(call, "created_before"),
    )
    page = await call.gateway.audit_store.page(page_request(call), where)
    return list_answer(page, _shown)


async def get_log(call: Call) -> Answer:
    """One entry with its bodies."""
    row = await call.gateway.audit_store.get(call.parameters["audit_id"])
    if row is None:
        raise GatewayError("not_found", "There is no such entry.")
    return json_answer({**_shown(row), **{name: row[name] for name in _BODIES}})


async def stream(call: Call) -> EventStream:
    """The entries behind a cursor, and those that are made from now on."""
    gateway = call.gateway
    gateway.drain.refuse_new_work()
    follower = AuditFollower(gateway.audit_store, gateway.audit, show=_shown)
    follows: bool = call.parameters["follow"]
    frames = follower.follow(
        call.parameters.get("after"),
        project_id=call.parameters.get("project_id"),
        ends_on=gateway.drain.begun,
        seconds=call.parameters.get("max_wait_s") if follows else 0,
    )
    return EventStream(
        frames,
        gateway.sending,
        ends_on=call.ends_late,
    )


async def list_sessions(call: Call) -> Answer:
    """One page of sessions."""
    page = await call.gateway.audit_store.session_page(
        page_request(call),
        project_id=call.parameters.get("project_id"),
        session_id=call.parameters.get("session_id"),
    )
    return list_answer(page, _session)


async def get_session(call: Call) -> Answer:
    """One session."""
    row_id: str = call.parameters["session_id"]
    row = await call.gateway.audit_store.get_session(row_id)
    if row is None:
        raise GatewayError("not_found", "There is no such session.")
    return json_answer(_session(row))


def _milliseconds(call: Call, name: str) -> int | None:
    text: str | None = call.parameters.get(name)
    return None if text is None else parse_rfc3339(text)


def _shown(row: sa.RowMapping) -> JsonObject:
    kept = {str(name): row[name] for name in row if name not in _BODIES}
    return {
        **kept,
        "object": "audit_log",
        "created_at": rfc3339(row["created_at"]),
    }


def _session(row: sa.RowMapping) -> JsonObject:
    return {
        **{name: row[name] for name in _SESSION},
        "object": "session",
        "created_at": rfc3339(row["created_at"]),
        "last_seen_at": rfc3339(row["last_seen_at"]),
    }


HANDLERS: Mapping[str, Handler] = {
    "admin.audit_logs.list": list_logs,
    "admin.audit_logs.get": get_log,
    "admin.audit_logs.stream": stream,
    "admin.sessions.list": list_sessions,
    "admin.sessions.get": get_session,
}
