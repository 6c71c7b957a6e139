"""Drafts of workspaces that wait for a person, as approvals."""

from collections.abc import Mapping
from typing import Any, Literal

from headgate_gateway.store.workspaces import WorkspaceStore
from headgate_gateway.workspaces.change import Row
from headgate_gateway.workspaces.follow import WorkspaceFollowers


async def decide_draft(
    workspaces: WorkspaceStore,
    followers: WorkspaceFollowers,
    decision: Mapping[str, Any],
    *,
    workspace_id: str,
    project_id: str,
    approval_id: str,
) -> Row:
    """The message that was sent in the draft's place, or the draft that was rejected.

    ``decision`` is a ``DraftDecisionRequest`` or an ``ApprovalDecisionRequest``.
    """
    verdict: Literal["approved", "rejected"] = decision["decision"]
    async with workspaces.changing(workspace_id, project_id=project_id) as change:
        decided = await change.decide(
            approval_id,
            verdict,
            edited_content=decision.get("edited_content"),
            reason=decision.get("reason"),
            reviewed_by=decision.get("reviewed_by"),
        )
    followers.wake(workspace_id)
    return decided
