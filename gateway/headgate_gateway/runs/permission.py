"""Before a tool of a run is called: what policies say, and whom they want asked."""

from dataclasses import dataclass

from headgate_gateway.approvals.tools import ToolApprovals, ToolUse
from headgate_gateway.clock import rfc3339
from headgate_gateway.errors import GatewayError
from headgate_gateway.json import JsonObject
from headgate_gateway.runs.log import EventLog, LiveRun
from headgate_gateway.runs.recovery import AskedApproval, OpenStep
from headgate_gateway.runs.worktime import WorkTime


@dataclass(frozen=True, slots=True)
class _Open:
    step_index: int
    approval_id: str


class Permissions:
    """Asks about the tool calls of one run, and waits for what people say."""

    def __init__(
        self,
        approvals: ToolApprovals | None,
        *,
        log: EventLog,
        live: LiveRun,
        time: WorkTime,
        left: OpenStep | None,
    ) -> None:
        self._approvals = approvals
        self._log = log
        self._live = live
        self._time = time
        self._open: dict[str, _Open] = {}
        """What people are asked about, by call."""
        if left is not None:
            for call_id, asked in left.asked.items():
                if asked.decision is None:
                    self._open[call_id] = _Open(left.index, asked.approval_id)

    async def require(self, use: ToolUse, asked: AskedApproval | None) -> bool:
        """Whether a person agreed just now; GatewayError when the call may not be made.

        ``asked``: what an earlier process has asked people already.
        """
        if self._approvals is None:
            return False
        if asked is None:
            asked = await self._asked(self._approvals, use)
        if asked is None:
            return False
        is_new = asked.decision is None
        if is_new:
            asked = await self._decision(self._approvals, use, asked)
        _require_approved(asked)
        return is_new

    async def withdrawn(self) -> list[JsonObject]:
        """Withdraw what waits, and give the events that tell of it."""
        events: list[JsonObject] = []
        while self._approvals is not None and self._open:
            call_id, waiting = self._open.popitem()
            row = await self._approvals.withdraw(waiting.approval_id)
            events.append(
                _decided(
                    waiting.step_index,
                    call_id,
                    waiting.approval_id,
                    decision="cancelled" if row is None else row["status"],
                    reason=None if row is None else row["reason"],
                )
            )
        return events

    async def _asked(
        self, approvals: ToolApprovals, use: ToolUse
    ) -> AskedApproval | None:
        wanted = await approvals.wanted(use)
        if wanted is None:
            return None
        row = await approvals.ask(use, wanted)
        call_id: str = use.call["id"]
        self._open[call_id] = _Open(use.step_index, row["id"])
        event: JsonObject = {
            "type": "approval_requested",
            "step_index": use.step_index,
            "id": call_id,
            "name": use.call["name"],
            "approval_id": row["id"],
            "policy_name": row["policy_name"],
            "expires_at": rfc3339(row["expires_at"]),
        }
        waiting = {"status": "waiting_for_approval"}
        await self._log.append(self._live, event, changes=waiting)
        return AskedApproval(row["id"])

    async def _decision(
        self, approvals: ToolApprovals, use: ToolUse, asked: AskedApproval
    ) -> AskedApproval:
        with self._time.held():
            row = await approvals.decided(asked.approval_id)
        decision, reason = row["status"], row["reason"]
        self._open.pop(use.call["id"], None)
        event = _decided(
            use.step_index,
            use.call["id"],
            asked.approval_id,
            decision=decision,
            reason=reason,
        )
        goes_on = {} if self._open else {"status": "running"}
        await self._log.append(self._live, event, changes=goes_on)
        if decision == "approved":
            await approvals.require_good_key(row)
        return AskedApproval(asked.approval_id, decision, reason, row["timeout_s"])


def _decided(
    step_index: int,
    call_id: str,
    approval_id: str,
    *,
    decision: str,
    reason: str | None,
) -> JsonObject:
    return {
        "type": "approval_decided",
        "step_index": step_index,
        "id": call_id,
        "approval_id": approval_id,
        "decision": decision,
        "reason": reason,
    }


def _require_approved(asked: AskedApproval) -> None:
    details: JsonObject = {"approval_id": asked.approval_id}
    match asked.decision:
        case "approved":
            return
        case "expired":
            if asked.timeout_s is not None:
                details["timeout"] = asked.timeout_s
            raise GatewayError(
                "approval_timeout", "Nobody decided in time.", details=details
            )
        case "cancelled":
            reason = asked.reason or "The call was withdrawn."
        case _:
            reason = asked.reason or "The call was not agreed to."
    raise GatewayError(
        "approval_rejected", reason, details={**details, "reason": reason}
    )
