"""A request that a person has to agree to: put aside, and answered for now."""

from dataclasses import replace

import sqlalchemy as sa

from headgate_gateway.approvals.desk import is_over
from headgate_gateway.approvals.request import APPROVED, PutAside
from headgate_gateway.audit.attribution import agent_name
from headgate_gateway.clock import rfc3339
from headgate_gateway.errors import GatewayError
from headgate_gateway.http.answers import Answer, json_answer
from headgate_gateway.http.call import Call
from headgate_gateway.http.disconnect import while_waited_for
from headgate_gateway.http.idempotency import REPLAYED
from headgate_gateway.http.preferences import preferred_wait
from headgate_gateway.json import canonical, dumps
from headgate_gateway.policies.verdict import Wanted

PENDING = "X-Headgate-Approval"
"""Tells the answer for now from an upstream's own 202."""
_LONGEST_WAIT = 300
_NOT_AGAIN = frozenset({"content-length", "connection", "x-request-id", "x-span-id"})


def is_approved(call: Call) -> bool:
    """Whether a person agreed to this very request already."""
    return APPROVED in call.request.scope


async def ask(call: Call, wanted: Wanted) -> Answer:
    """202 with the approval, or, where the caller waits, what came of it."""
    body = content = call.content
    if body is None or content is None:
        body = dumps(call.body) if call.body is not None else b""
        content = canonical(call.body)
    desk = call.gateway.approvals
    request = PutAside.of(call.request.scope, call.request.headers, body)
    row, is_new = await desk.ask(
        request,
        wanted,
        content=content,
        caller=call.caller,
        operation=call.operation.id,
        request_id=call.request_id,
        agent_name=agent_name(call.request.headers),
    )
    call.facts.approval_id, call.facts.policy_id = row["id"], row["policy_id"]
    call.facts.policy_result = "pending"
    wait = preferred_wait(call.request.headers.getlist("prefer"))
    if wait is not None:
        waiting = desk.until_over(row, seconds=min(wait, _LONGEST_WAIT))
        row = await while_waited_for(call.request.receive, waiting, unless=call.ends)
    answer = _outcome(call, row) if is_over(row) else _pending(row)
    return answer if is_new else replace(answer, headers=answer.headers | REPLAYED)


def _outcome(call: Call, row: sa.RowMapping) -> Answer:
    details = {"approval_id": row["id"]}
    answer = call.gateway.approvals.response(row)
    if answer is not None:
        call.facts.policy_result = "approved"
        headers: dict[str, str] = answer["headers"]
        kept = {name: text for name, text in headers.items() if name not in _NOT_AGAIN}
        return Answer(answer["status"], answer["body"].encode("latin-1"), kept)
    if row["status"] == "expired":
        call.facts.policy_result = "timeout"
        raise GatewayError(
            "approval_timeout",
            "Nobody decided in time.",
            details={**details, "timeout": row["timeout_s"]},
        )
    call.facts.policy_result = "rejected"
    reason = row["reason"] or "The request was not agreed to."
    raise GatewayError(
        "approval_rejected", reason, details={**details, "reason": reason}
    )


def _pending(row: sa.RowMapping) -> Answer:
    place = f"/v1/approvals/{row['id']}"
    return json_answer(
        {
            "object": "approval.pending",
            "approval_id": row["id"],
            "request_id": row["request_id"],
            "status": "pending",
            "expires_at": rfc3339(row["expires_at"]),
            "poll_url": place,
        },
        status=202,
        headers={PENDING: row["id"], "Location": place},
    )
