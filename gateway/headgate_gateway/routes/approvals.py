"""Approvals, for those who wait and for those who decide."""

import base64
from collections.abc import Mapping

import sqlalchemy as sa

from headgate_gateway.approvals.drafts import decide_draft
from headgate_gateway.clock import rfc3339, rfc3339_or_none
from headgate_gateway.errors import GatewayError
from headgate_gateway.http.answers import Answer, json_answer
from headgate_gateway.http.call import Call, Handler
from headgate_gateway.http.disconnect import while_waited_for
from headgate_gateway.json import (
    JSONDecodeError,
    JsonObject,
    is_list,
    is_object,
    loads,
)
from headgate_gateway.routes.pages import list_answer, page_request

_FILTERS = ("status", "kind", "project_id", "key_id")


async def get(call: Call) -> Answer:
    """An approval of the caller's own, when it is over if so asked."""
    store, name = call.gateway.approval_store, call.parameters["approval_id"]
    row = _found(await store.find(name, scope=call.caller.scope))
    waiting = call.gateway.approvals.until_over(row, seconds=call.parameters["wait"])
    row = await while_waited_for(call.request.receive, waiting, unless=call.ends)
    return json_answer(_shown(call, row))


async def cancel(call: Call) -> Answer:
    """Withdraw a request that still waits."""
    row = await _own(call)
    if row["status"] != "cancelled" and not await call.gateway.approval_store.decide(
        row["id"], status="cancelled"
    ):
        raise _already_decided()
    await call.gateway.approvals.decided(row["id"])
    return json_answer(_shown(call, await _own(call)))


async def list_approvals(call: Call) -> Answer:
    """One page of approvals."""
    where = {
        name: call.parameters[name] for name in _FILTERS if name in call.parameters
    }
    page = await call.gateway.approval_store.page(page_request(call), where=where)
    return list_answer(page, lambda row: _shown(call, row))


async def decide(call: Call) -> Answer:
    """The approval, decided; what was agreed to begins at once."""
    store, approval_id = call.gateway.approval_store, call.parameters["approval_id"]
    row = _found(await store.get(approval_id))
    if row["kind"] == "workspace_draft":
        await decide_draft(
            call.gateway.workspaces,
            call.gateway.workspace_followers,
            call.body,
            workspace_id=row["summary"]["draft"]["workspace_id"],
            project_id=row["project_id"],
            approval_id=approval_id,
        )
    else:
        await _decide(call, approval_id)
    return json_answer(_shown(call, _found(await store.get(approval_id))))


async def _decide(call: Call, approval_id: str) -> None:
    """Decide about a request, or a tool call."""
    if "edited_content" in call.body:
        raise GatewayError("conflict", "Only drafts can be edited.")
    is_decided = await call.gateway.approval_store.decide(
        approval_id,
        status=call.body["decision"],
        reason=call.body.get("reason"),
        reviewed_by=call.body.get("reviewed_by"),
    )
    if not is_decided:
        raise _already_decided()
    await call.gateway.approvals.decided(approval_id)


async def _own(call: Call) -> sa.RowMapping:
    approval_id: str = call.parameters["approval_id"]
    return _found(
        await call.gateway.approval_store.get(approval_id, scope=call.caller.scope)
    )


def _found(row: sa.RowMapping | None) -> sa.RowMapping:
    if row is None:
        raise GatewayError("not_found", "There is no such approval.")
    return row


def _already_decided() -> GatewayError:
    return GatewayError("already_decided", "The approval is decided already.")


def _shown(call: Call, row: sa.RowMapping) -> JsonObject:
    summary = dict(row["summary"])
    tool, draft = summary.pop("tool", None), summary.pop("draft", None)
    is_draft = row["kind"] == "workspace_draft"
    return {
        "id": row["id"],
        "object": "approval",
        "kind": row["kind"],
        "request_id": row["request_id"],
        "status": row["status"],
        "approved": row["status"] == "approved",
        "project_id": row["project_id"],
        "key_id": row["key_id"],
        "policy_id": row["policy_id"] or None,
        "policy_name": row["policy_name"] or None,
        "request_summary": summary,
        "tool": tool,
        "draft": draft,
        "reason": row["reason"],
        "reviewed_by": row["reviewed_by"],
        "response": _response(call.gateway.approvals.response(row)),
        "created_at": rfc3339(row["created_at"]),
        "expires_at": None if is_draft else rfc3339(row["expires_at"]),
        "reviewed_at": rfc3339_or_none(row["reviewed_at"]),
    }


def _response(answer: JsonObject | None) -> JsonObject | None:
    if answer is None:
        return None
    return {
        "status_code": answer["status"],
        "headers": answer["headers"],
        **_body(answer["body"].encode("latin-1")),
    }


def _body(content: bytes) -> JsonObject:
    """The body of an answer such that its reader can have what was sent again."""
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return {"body": base64.b64encode(content).decode(), "encoding": "base64"}
    try:
        value = loads(text)
    except JSONDecodeError:
        return {"body": text or None}
    return {"body": value if is_object(value) or is_list(value) else text}


HANDLERS: Mapping[str, Handler] = {
    "approvals.get": get,
    "approvals.cancel": cancel,
    "admin.approvals.list": list_approvals,
    "admin.approvals.decide": decide,
}
