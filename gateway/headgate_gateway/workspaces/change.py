"""One change of a workspace: what is said and decided, and the events that tell of it.

All of it is one transaction, and the row of the workspace is held while it lasts: of
two changes at once the second sees what the first made.
"""

from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from headgate_gateway.clock import now_ms
from headgate_gateway.errors import GatewayError
from headgate_gateway.ids import new_id
from headgate_gateway.json import JsonObject
from headgate_gateway.store.happenings import approval_decided, approval_requested
from headgate_gateway.store.outbox import write_down
from headgate_gateway.store.tables import (
    approvals,
    workspace_events,
    workspace_messages,
    workspaces,
)
from headgate_gateway.workspaces.views import message_object, workspace_object

Row = dict[str, Any]
Verdict = Literal["approved", "rejected"]
NEVER = 253_402_300_799_000
"""The time until which a draft waits: the end of the year 9999."""

_PREVIEW = 2000
_OUTCOMES = {
    "approved": "approved",
    "edited": "approved",
    "rejected": "rejected",
    "withdrawn": "cancelled",
}
"""What an approval is by what became of its draft."""


class WorkspaceChange:
    """Writes to one workspace; ``finish`` keeps what changed about the workspace."""

    def __init__(self, connection: AsyncConnection, row: Row) -> None:
        self.row = row
        self._connection = connection

    async def begin(self) -> None:
        """Make the workspace."""
        await self._connection.execute(workspaces.insert().values(self.row))
        await self._tell(
            "workspace.snapshot", {"workspace": workspace_object(self.row)}
        )

    def require_active(self) -> None:
        """409 when the conversation is over."""
        if self.row["status"] != "active":
            raise GatewayError("workspace_ended", "The conversation has ended.")

    async def say(
        self, role: str, content: str, *, approval_id: str | None = None
    ) -> Row:
        """A message that everybody sees."""
        row = self._message(role, content, status="sent", approval_id=approval_id)
        await self._connection.execute(workspace_messages.insert().values(row))
        await self._tell("workspace.message.created", {"message": message_object(row)})
        return row

    async def answer(
        self, content: str, *, request_id: str, key_id: str | None
    ) -> Row | None:
        """The model's answer, as the mode has it by now; None if people took over.

        The request and its key are named in the approval of a draft.
        """
        match self.row["mode"]:
            case "ai":
                return await self.say("ai", content)
            case "shadow":
                draft = await self._draft(content)
                await self._ask(draft, request_id=request_id, key_id=key_id)
                return draft
            case _:
                return None

    async def decide(
        self,
        approval_id: str,
        verdict: Verdict,
        *,
        edited_content: str | None,
        reason: str | None,
        reviewed_by: str | None = None,
    ) -> Row:
        """The message that was sent in a draft's place, or the rejected draft."""
        draft = await self._decision(approval_id)
        if draft["status"] != "draft":
            raise GatewayError("already_decided", "The draft was decided about before.")
        self.require_active()
        await self._set_approval(
            approval_id, reviewed_by=reviewed_by, reviewed_at=now_ms()
        )
        if verdict == "rejected":
            return await self._put_aside(draft, "rejected", reason)
        # It is sent now: as a message of its own it stands where the client reads it.
        await self._connection.execute(
            workspace_messages.delete().where(workspace_messages.c.id == draft["id"])
        )
        content = draft["content"] if edited_content is None else edited_content
        sent = await self.say("ai", content, approval_id=draft["approval_id"])
        outcome = "approved" if content == draft["content"] else "edited"
        await self._resolved(draft, outcome, message_id=sent["id"], reason=reason)
        return sent

    async def alter(self, changes: JsonObject) -> None:
        """Take over new fields, the mode among them."""
        self.require_active()
        previous, mode = self.row["mode"], changes.get("mode", self.row["mode"])
        if mode != previous:
            if mode == "takeover":
                await self._withdraw("A person has taken over.")
            told = {"previous_mode": previous, "mode": mode}
            await self._tell("workspace.mode.changed", told)
        self.row |= {**changes, "updated_at": now_ms()}

    async def end(self, reason: str | None) -> None:
        """End the conversation; one that has ended stays as it is."""
        if self.row["status"] == "ended":
            return
        await self._withdraw("The conversation has ended.")
        now = now_ms()
        self.row |= {"status": "ended", "ended_at": now, "updated_at": now}
        await self._tell("workspace.ended", {"reason": reason})

    async def finish(self) -> None:
        """Keep the workspace as it is now."""
        await self._connection.execute(
            workspaces.update()
            .where(workspaces.c.id == self.row["id"])
            .values(self.row)
        )

    async def _decision(self, approval_id: str) -> Row:
        """The draft that a decision is about, or what became of it."""
        query = sa.select(workspace_messages).where(
            workspace_messages.c.approval_id == approval_id,
            workspace_messages.c.workspace_id == self.row["id"],
        )
        row = (await self._connection.execute(query)).mappings().one_or_none()
        if row is None:
            raise GatewayError("not_found", "There is no such draft.")
        return dict(row)

    async def _draft(self, content: str) -> Row:
        row = self._message("ai", content, status="draft", approval_id=new_id("appr"))
        await self._connection.execute(workspace_messages.insert().values(row))
        payload = {"draft": message_object(row), "approval_id": row["approval_id"]}
        await self._tell("workspace.draft.created", payload, to_client=False)
        return row

    async def _ask(self, draft: Row, *, request_id: str, key_id: str | None) -> None:
        """Let the draft wait among all that people decide about."""
        asked = await self._connection.execute(
            approvals.insert()
            .values(
                id=draft["approval_id"],
                kind="workspace_draft",
                scope=f"workspace:{self.row['id']}",
                project_id=self.row["project_id"],
                key_id=key_id,
                principal_kind="key",
                request_id=request_id,
                status="pending",
                policy_id="",
                policy_name="",
                fallback="deny",
                timeout_s=0,
                summary=_summary(draft),
                sealed=b"",
                fingerprint=b"",
                created_at=draft["created_at"],
                expires_at=NEVER,
            )
            .returning(approvals)
        )
        happening = approval_requested(asked.mappings().one())
        await write_down(self._connection, [happening])

    async def _set_approval(self, approval_id: str, **changes: Any) -> None:
        await self._connection.execute(
            approvals.update().where(approvals.c.id == approval_id).values(**changes)
        )

    async def _withdraw(self, reason: str) -> None:
        """Nobody will decide about the drafts that wait."""
        waiting = (
            sa.select(workspace_messages)
            .where(
                workspace_messages.c.workspace_id == self.row["id"],
                workspace_messages.c.status == "draft",
            )
            .order_by(workspace_messages.c.id)
        )
        for draft in (await self._connection.execute(waiting)).mappings().all():
            await self._put_aside(dict(draft), "withdrawn", reason)

    async def _put_aside(self, draft: Row, outcome: str, reason: str | None) -> Row:
        await self._connection.execute(
            workspace_messages.update()
            .where(workspace_messages.c.id == draft["id"])
            .values(status=outcome)
        )
        await self._resolved(draft, outcome, message_id=None, reason=reason)
        return {**draft, "status": outcome}

    async def _resolved(
        self, draft: Row, outcome: str, *, message_id: str | None, reason: str | None
    ) -> None:
        status = _OUTCOMES[outcome]
        await self._set_approval(draft["approval_id"], status=status, reason=reason)
        query = sa.select(approvals).where(approvals.c.id == draft["approval_id"])
        decided = (await self._connection.execute(query)).mappings()
        await write_down(self._connection, [approval_decided(row) for row in decided])
        payload = {
            "approval_id": draft["approval_id"],
            "decision": outcome,
            "message_id": message_id,
            "reason": reason,
        }
        await self._tell("workspace.draft.resolved", payload, to_client=False)

    def _message(
        self, role: str, content: str, *, status: str, approval_id: str | None
    ) -> Row:
        return {
            "id": new_id("wmsg"),
            "workspace_id": self.row["id"],
            "role": role,
            "content": content,
            "status": status,
            "approval_id": approval_id,
            "created_at": now_ms(),
        }

    async def _tell(
        self, kind: str, payload: JsonObject, *, to_client: bool = True
    ) -> None:
        """Append an event; each audience's are numbered without a gap."""
        self.row["last_sequence"] += 1
        if to_client:
            self.row["last_client_sequence"] += 1
        values = {
            "workspace_id": self.row["id"],
            "sequence": self.row["last_sequence"],
            "client_sequence": self.row["last_client_sequence"] if to_client else None,
            "type": kind,
            "created_at": now_ms(),
            "payload": payload,
        }
        await self._connection.execute(workspace_events.insert().values(values))


def _summary(draft: Row) -> JsonObject:
    return {
        "operation": "workspaces.send_message",
        "method": "POST",
        "path": f"/v1/workspaces/{draft['workspace_id']}/messages",
        "agent_name": None,
        "body_preview": draft["content"][:_PREVIEW],
        "draft": {
            "workspace_id": draft["workspace_id"],
            "message_id": draft["id"],
            "content": draft["content"],
        },
    }
