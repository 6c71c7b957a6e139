"""Tool calls of runs that a person has to agree to."""

import asyncio
import hashlib
from dataclasses import dataclass

import sqlalchemy as sa

from headgate_gateway.approvals.desk import ApprovalDesk
from headgate_gateway.clock import now_ms
from headgate_gateway.errors import GatewayError
from headgate_gateway.ids import new_id
from headgate_gateway.json import JsonObject, dump_text, dumps
from headgate_gateway.policies.engine import PolicyEngine
from headgate_gateway.policies.verdict import Verdict, Wanted
from headgate_gateway.policies.view import View
from headgate_gateway.principals import Authenticator
from headgate_gateway.store.approvals import ApprovalStore
from headgate_gateway.webhooks.telling import Asker, Teller

_OPERATION = "runs.tool_call"
_PREVIEW = 2000
_POLL = 0.25
"""How often a decision is looked for that other processes may take, in seconds."""
_POLL_ALONE = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolUse:
    """A tool call that is about to be made, and whose it is."""

    run_id: str
    request_id: str
    project_id: str
    key_id: str | None
    scope: str
    step_index: int
    call: JsonObject
    effect_class: str

    @property
    def view(self) -> View:
        """The call as policies see it."""
        return View(
            operation=_OPERATION,
            project_id=self.project_id,
            path=f"/v1/runs/{self.run_id}",
            key_id=self.key_id,
            body=self.call["input"],
            body_size=len(dumps(self.call["input"])),
            tool={
                "name": self.call["name"],
                "effect_class": self.effect_class,
                "input": self.call["input"],
            },
        )

    @property
    def asker(self) -> Asker:
        """The call as webhooks are told of it."""
        return Asker(
            request_id=self.request_id,
            operation=_OPERATION,
            project_id=self.project_id,
            key_id=self.key_id,
            agent_name=None,
        )

    @property
    def digest(self) -> str:
        """Tells this call from all others, also in another process."""
        place = dumps([self.run_id, self.step_index, self.call["id"]])
        return f"tool:{hashlib.sha256(place).hexdigest()}"


class ToolApprovals:
    """Asks policies about tool calls, and people where policies want it."""

    def __init__(
        self,
        policies: PolicyEngine,
        desk: ApprovalDesk,
        store: ApprovalStore,
        authenticator: Authenticator,
        teller: Teller,
    ) -> None:
        self._policies = policies
        self._desk = desk
        self._store = store
        self._authenticator = authenticator
        self._teller = teller

    async def wanted(self, use: ToolUse) -> Wanted | None:
        """The approval that the call needs; GatewayError when it is refused."""
        view = use.view
        policies = await self._policies.of(view, "tool")
        if not policies:
            return None
        verdict, asker = Verdict(view.body), use.asker
        try:
            await self._policies.before(view, policies, verdict)
        except GatewayError as error:
            await self._teller.refused(asker, error)
            raise
        for rule in verdict.pointed_out:
            await self._teller.matched(asker, rule, rule["message"])
        return verdict.approval

    async def ask(self, use: ToolUse, wanted: Wanted) -> sa.RowMapping:
        """The approval that the call waits for; asking again finds it."""
        now = now_ms()
        call = use.call
        row, _ = await self._store.create(
            {
                "id": new_id("appr"),
                "kind": "run_tool",
                "scope": use.scope,
                "project_id": use.project_id,
                "key_id": use.key_id,
                "principal_kind": "key",
                "request_id": use.request_id,
                "status": "pending",
                "policy_id": wanted.policy.id,
                "policy_name": wanted.policy.name,
                "fallback": wanted.fallback,
                "timeout_s": wanted.timeout_s,
                "summary": {
                    "operation": _OPERATION,
                    "method": "POST",
                    "path": use.view.path,
                    "agent_name": None,
                    "body_preview": dump_text(call["input"])[:_PREVIEW],
                    "tool": {
                        "run_id": use.run_id,
                        "step_index": use.step_index,
                        "id": call["id"],
                        "name": call["name"],
                        "input": call["input"],
                    },
                },
                "sealed": b"",
                "idempotency_key": use.digest,
                "fingerprint": b"",
                "created_at": now,
                "expires_at": now + wanted.timeout_s * 1000,
            }
        )
        return row

    async def decided(self, approval_id: str) -> sa.RowMapping:
        """The approval when somebody has decided, or its time is over."""
        while True:
            changed = self._desk.changed(approval_id)
            row = await self._store.get(approval_id)
            if row is None:
                raise GatewayError("approval_rejected", "The approval is gone.")
            if row["status"] != "pending":
                return row
            await self._changed_or_late(changed, row)

    async def require_good_key(self, row: sa.RowMapping) -> None:
        """401 when the key that began the run may no longer be used."""
        await self._authenticator.principal_again(
            row["key_id"], kind=row["principal_kind"]
        )

    async def withdraw(self, approval_id: str) -> sa.RowMapping | None:
        """The approval, cancelled unless it was decided before."""
        await self._store.decide(approval_id, status="cancelled")
        return await self._store.get(approval_id)

    async def _changed_or_late(
        self, changed: asyncio.Event, row: sa.RowMapping
    ) -> None:
        left = (row["expires_at"] - now_ms()) / 1000
        poll = _POLL if self._store.shared else _POLL_ALONE
        try:
            async with asyncio.timeout(max(min(left, poll), 0)):
                await changed.wait()
        except TimeoutError:
            await self._store.expire()
